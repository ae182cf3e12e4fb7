package eppaccount

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/epp/epptest"
	"github.com/lapse-dev/lapse/catch/registrar/account"
)

// told is an account at a server that answers as the test says.
func told(t *testing.T, s *epptest.Server) *Account {
	t.Helper()
	a, err := New(Options{Config: account.Config{
		Account: "mine", User: "someone", Secret: catch.NewSecret("secret-password"), TLDs: []string{"test"}, Policy: "sandbox",
		URL: epptest.Host + ":700", Dial: s.Dial, TLS: &tls.Config{RootCAs: s.Roots(), MinVersion: tls.VersionTLS12},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// checked is the answer to a check of one name.
func checked(name string, free bool) string {
	return fmt.Sprintf(`<resData><domain:chkData xmlns:domain="%s"><domain:cd><domain:name avail="%t">%s</domain:name></domain:cd></domain:chkData></resData>`, epp.NSDomain, free, name)
}

// TestAvailabilityWithoutFees asks a registry without the fee extension: it has
// no price, and still says whether the name is free.
func TestAvailabilityWithoutFees(t *testing.T) {
	a := told(t, &epptest.Server{Answer: func(frame string) (int, string) {
		if !strings.Contains(frame, "<check>") {
			return -1, ""
		}
		if strings.Contains(frame, "free.test") {
			return 1000, checked("free.test", true)
		}
		return 1000, checked("taken.test", false)
	}})
	for name, free := range map[string]bool{"free.test": true, "taken.test": false} {
		q, err := a.Quote(t.Context(), name, 1)
		if catch.KindOf(err) != catch.Guard || q.Free == nil || *q.Free != free || !q.Price.IsZero() {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
}

// TestFindWhereNamesAreShownToTheirSponsorAlone looks an order up at a registry
// that answers 2201 to others: the doubt ends, the name is somebody else's.
func TestFindWhereNamesAreShownToTheirSponsorAlone(t *testing.T) {
	a := told(t, &epptest.Server{Answer: func(frame string) (int, string) {
		if strings.Contains(frame, "<info>") {
			return 2201, ""
		}
		return -1, ""
	}})
	if _, err := a.Find(t.Context(), catch.Order{Name: "taken.test"}); catch.KindOf(err) != catch.NotFound {
		t.Errorf("%v", err)
	}
}
