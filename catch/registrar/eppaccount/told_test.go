package eppaccount

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/epp/epptest"
	"github.com/lapse-dev/lapse/catch/registrar/account"
)

// told is an account at a server that answers as the test says.
func told(t *testing.T, s *epptest.Server) *Account {
	t.Helper()
	return toldOf(t, s, "test")
}

// toldOf is told for the names of a zone.
func toldOf(t *testing.T, s *epptest.Server, zone string) *Account {
	t.Helper()
	a, err := New(Options{Config: account.Config{
		Account: "mine", User: "someone", Secret: catch.NewSecret("secret-password"), TLDs: []string{zone}, Policy: "sandbox",
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

// TestPriceThatChangesBetweenCheckAndCreate answers a create with 2004: the fee
// that was sent along is no longer the right one, and the order is refused.
func TestPriceThatChangesBetweenCheckAndCreate(t *testing.T) {
	sent := ""
	a := told(t, &epptest.Server{Extensions: []string{epp.NSFee10}, Answer: func(frame string) (int, string) {
		switch {
		case strings.Contains(frame, "<check>"):
			return 1000, checked("free.test", true) + `<extension><fee:chkData xmlns:fee="` + epp.NSFee10 + `"><fee:currency>USD</fee:currency><fee:cd avail="1"><fee:objID>free.test</fee:objID><fee:command name="create"><fee:period unit="y">1</fee:period><fee:fee>10.00</fee:fee></fee:command></fee:cd></fee:chkData></extension>`
		case strings.Contains(frame, "<create>"):
			sent = frame
			return 2004, ""
		}
		return -1, ""
	}})
	_, err := a.Place(t.Context(), catch.Request{Key: "order-1", Name: "free.test", Years: 1, Contact: "jo-1", Price: usd("10"), Cap: usd("20")})
	if catch.KindOf(err) != catch.PriceMismatch || !strings.Contains(sent, ">10.00<") {
		t.Errorf("%v\n%s", err, sent)
	}
}

// TestAccountWithoutContact creates at a registry that wants a registrant, which
// the account does not have: the preflight says so before, the refusal after.
func TestAccountWithoutContact(t *testing.T) {
	a := told(t, &epptest.Server{Answer: func(frame string) (int, string) {
		switch {
		case strings.Contains(frame, "<check>"):
			return 1000, checked("free.test", true)
		case strings.Contains(frame, "<create>"):
			return 2003, ""
		}
		return -1, ""
	}})
	req := catch.Request{Key: "order-1", Name: "free.test", Years: 1, Price: usd("10"), Cap: usd("20")}
	said := false
	for _, l := range a.Preflight(t.Context(), req, time.Time{}) {
		said = said || l.What == "contact" && l.Light != catch.Green
	}
	if !said {
		t.Error("the preflight does not say that there is no contact")
	}
	if _, err := a.Place(t.Context(), req); catch.KindOf(err) != catch.InvalidContact || !strings.Contains(err.Error(), "set the account's contact") {
		t.Errorf("%v", err)
	}
}

// TestExpiredCertificate looks ahead with a client certificate that has ended,
// and with one that ends before the drop.
func TestExpiredCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for ends, want := range map[time.Duration]catch.Light{-time.Hour: catch.Red, time.Hour: catch.Red, 7 * 24 * time.Hour: catch.Yellow, 90 * 24 * time.Hour: catch.Green} {
		tpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-1000 * time.Hour), NotAfter: time.Now().Add(ends)}
		der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		a := told(t, &epptest.Server{})
		a.cfg.Cert = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
		got := catch.Light("")
		for _, l := range a.Preflight(t.Context(), catch.Request{Name: "free.test", Price: usd("10"), Cap: usd("20")}, time.Now().Add(2*time.Hour)) {
			if l.What == "certificate" {
				got = l.Light
			}
		}
		if got != want {
			t.Errorf("ends in %s: %s, want %s", ends, got, want)
		}
	}
}

// TestBurstUnderTwoPolicies arms names of one account and window that fall under
// two policies: the first fires, and the other waits for a burst of its own.
func TestBurstUnderTwoPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		created := map[string]bool{}
		s := &epptest.Server{Answer: func(frame string) (int, string) {
			switch {
			case strings.Contains(frame, "<create>"):
				mu.Lock()
				defer mu.Unlock()
				created["first.be"] = created["first.be"] || strings.Contains(frame, "first.be")
				created["second.brussels"] = created["second.brussels"] || strings.Contains(frame, "second.brussels")
				return 1000, ""
			case strings.Contains(frame, "<check>"):
				return 1000, ""
			}
			return -1, ""
		}}
		a, err := New(Options{
			Config: account.Config{
				Account: "mine", User: "someone", Secret: catch.NewSecret("secret-password"), TLDs: []string{"be", "brussels"}, Contact: "none",
				URL: epptest.Host + ":700", Dial: s.Dial, TLS: &tls.Config{RootCAs: s.Roots(), MinVersion: tls.VersionTLS12},
			},
			Wait: func(at time.Time) { time.Sleep(time.Until(at)) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		at := time.Now().Add(time.Minute)
		b, err := a.Arm(t.Context(), []catch.Request{
			{Name: "first.be", Years: 1, Price: usd("10"), Cap: usd("20"), At: at, Until: at},
			{Name: "second.brussels", Years: 1, Price: usd("10"), Cap: usd("20"), At: at, Until: at},
		}, at, at)
		if err != nil {
			t.Fatal(err)
		}
		reps, err := b.Fire(t.Context())
		if err != nil || reps["first.be"].State != catch.Won {
			t.Errorf("%+v, %v", reps["first.be"], err)
		}
		if r := reps["second.brussels"]; r.State != catch.Planned || !strings.Contains(r.Words, "policy belgian-gtlds") || !created["first.be"] || created["second.brussels"] {
			t.Errorf("%+v, created %v", r, created)
		}
		// Where the first is refused, the other has the account.
		at = time.Now().Add(time.Minute)
		b, err = a.Arm(t.Context(), []catch.Request{
			{Name: "dear.be", Years: 1, Price: usd("30"), Cap: usd("20"), At: at, Until: at},
			{Name: "second.brussels", Years: 1, Price: usd("10"), Cap: usd("20"), At: at, Until: at},
		}, at, at)
		if err != nil {
			t.Fatal(err)
		}
		if reps, err := b.Fire(t.Context()); err != nil || reps["dear.be"].State != catch.RefusedOrder || reps["second.brussels"].State != catch.Won {
			t.Errorf("%+v, %v", reps, err)
		}
	})
}
