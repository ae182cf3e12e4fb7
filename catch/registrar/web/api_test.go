package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
)

// TestWordings finds words where a word begins, and not inside others.
func TestWordings(t *testing.T) {
	ws := Wordings{
		{"rate limit", catch.RateLimited},
		{"ip address", catch.IPNotAllowed},
		{"contact", catch.InvalidContact},
		{"premium", catch.PremiumRefused},
	}
	for said, want := range map[string]catch.ErrorKind{
		"Rate limit exceeded":                     catch.RateLimited,
		"(rate limits apply)":                     catch.RateLimited,
		"separate limits apply to the corporate":  "",
		"your IP address is not on the list":      catch.IPNotAllowed,
		"the membership address is missing":       "",
		"Contacts are incomplete":                 catch.InvalidContact,
		"errcode=contact":                         catch.InvalidContact,
		"noncontact":                              "",
		"noncontact, but the contact is bad":      catch.InvalidContact,
		"Ünpremium ist nichts, überpremium auch":  "",
		"Domain is premium; rate limit not asked": catch.RateLimited,
		"": "",
	} {
		if got := ws.Kind(said); got != want {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
}

// TestJudge types failures by sure codes, then words, then vague codes.
func TestJudge(t *testing.T) {
	type failure struct{ Code, Message string }
	a := &API{Client: New("Test", "", account.Config{Service: "x"}), Facts: Facts{
		Read:  ByStatus(func(f failure) string { return f.Message }),
		Codes: map[string]catch.ErrorKind{"418": catch.Busy}, Words: Wordings{{"taken", catch.Taken}, {"perhaps", catch.OutcomeUnknown}},
		Vague: HTTP,
	}}
	for _, c := range []struct {
		status int
		body   string
		paid   bool
		want   catch.ErrorKind
	}{
		{200, `{}`, true, ""},
		{418, `{"Message":"taken"}`, true, catch.Busy},
		{404, `{"Message":"taken"}`, true, catch.Taken},
		{404, `{"Message":"nothing here"}`, true, catch.NotFound},
		{400, `{"Message":"unheard of"}`, true, catch.Busy},
		{400, `{"Message":"perhaps"}`, true, catch.OutcomeUnknown},
		{400, `{"Message":"perhaps"}`, false, catch.UpstreamDown},
		{400, `<html>`, true, catch.OutcomeUnknown},
		{502, `{"Message":"taken"}`, true, catch.OutcomeUnknown},
		{405, ``, true, catch.RateLimited},
	} {
		err := a.Judge(Request{Paid: c.paid}, &Response{Status: c.status, Body: []byte(c.body), Header: http.Header{}})
		if got := catch.KindOf(err); got != c.want {
			t.Errorf("%d %s (paid %t) is %q (%v), want %q", c.status, c.body, c.paid, got, err, c.want)
		}
	}
}

// TestClockThatIsOff says so where a login is refused: a signature or a token
// made by a wrong clock is a likelier cause than a wrong key.
func TestClockThatIsOff(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer srv.Close()
	for off, want := range map[time.Duration]bool{0: false, -90 * time.Second: false, 7 * time.Minute: true, -26 * time.Hour: true} {
		c := New("Test", "", account.Config{Service: "x", URL: srv.URL, Now: func() time.Time { return time.Now().Add(off) }})
		r := Request{Op: "test", Method: http.MethodGet, Path: "/"}
		resp, err := c.Do(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Status(r, resp); catch.KindOf(err) != catch.Auth || strings.Contains(err.Error(), "clock is") != want {
			t.Errorf("%s off: %v", off, err)
		}
	}
}
