package sandbox_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

// refused expects a code.
func refused(t *testing.T, s *epp.Session, c epp.Command, want epp.Code) {
	t.Helper()
	_, err := s.Do(t.Context(), c)
	var re *epp.ResultError
	if !errors.As(err, &re) || re.Code != want {
		t.Errorf("%s: %v, want %d", c.Op(), err, int(want))
	}
}

func taken(t *testing.T, s *epp.Session, c epp.Command) *epp.Response {
	t.Helper()
	r, err := s.Do(t.Context(), c)
	if err != nil {
		t.Errorf("%v", err)
		return &epp.Response{}
	}
	return r
}

// TestUpdateObjects changes hosts and contacts in every way that there is.
func TestUpdateObjects(t *testing.T) {
	_, c := start(t, sandbox.Options{TLDs: []sandbox.TLD{gtld("com")}, Accounts: []sandbox.Account{{User: "anna-1", Password: "anna-secret"}, {User: "bert-1", Password: "bert-secret"}}})
	anna, bert := session(t, c, 0), session(t, c, 1)

	pw := catch.NewSecret("2fooBAR-long")
	taken(t, anna, epp.ContactCreate{
		ID: "sh8013", Postal: []epp.Postal{{Name: "John Doe", Org: "Old Org", Street: []string{"1 Street"}, City: "Town", Country: "US"}, {Type: "loc", Name: "Jürgen", City: "Köln", Country: "DE"}},
		Voice: "+1.7035555555x12", Fax: "+1.7035555556", Email: "j@example.com", AuthInfo: pw, Disclose: &epp.Disclose{Voice: true, Addr: true},
	})
	read := func() epp.ContactData {
		k, ok := epp.ReadContact(taken(t, anna, epp.ContactInfo{ID: "sh8013"}))
		if !ok {
			t.Fatal("no contact")
		}
		return k
	}
	if k := read(); len(k.Postal) != 2 || k.Postal[1].City != "Köln" || k.Voice != "+1.7035555555x12" || !k.Disclose.Voice || k.Disclose.Show || k.AuthInfo.Reveal() != "2fooBAR-long" {
		t.Errorf("created as %+v", k)
	}
	taken(t, anna, epp.ContactUpdate{
		ID: "sh8013", Add: []string{"clientDeleteProhibited", "clientUpdateProhibited"}, Postal: []epp.Postal{{Org: "New Org"}, {Type: "loc", Name: "Jörg", City: "Bonn", Country: "DE"}},
		Voice: "+1.7030000000", Email: "new@example.com", AuthInfo: catch.NewSecret("another-secret"), Disclose: &epp.Disclose{Show: true, Email: true},
	})
	k := read()
	if k.Postal[0].Name != "John Doe" || k.Postal[0].Org != "New Org" || k.Postal[0].City != "Town" || k.Postal[1].Name != "Jörg" || k.Voice != "+1.7030000000" || k.Fax != "+1.7035555556" ||
		k.Email != "new@example.com" || k.Disclose.Voice || !k.Disclose.Show || !k.Disclose.Email || k.Updated.IsZero() || !slices.Equal(k.Statuses, []string{"clientDeleteProhibited", "clientUpdateProhibited"}) || k.AuthInfo.Reveal() != "another-secret" {
		t.Errorf("updated to %+v", k)
	}
	refused(t, anna, epp.ContactUpdate{ID: "sh8013", Email: "x@example.com"}, epp.StatusForbids)
	refused(t, anna, epp.ContactDelete{ID: "sh8013"}, epp.StatusForbids)
	refused(t, anna, epp.ContactUpdate{ID: "sh8013", Rem: []string{"clientUpdateProhibited"}, Add: []string{"serverDeleteProhibited"}}, epp.PolicyValue)
	refused(t, bert, epp.ContactUpdate{ID: "sh8013", Email: "x@example.com"}, epp.NotAllowed)
	refused(t, anna, epp.ContactUpdate{ID: "sh8014", Email: "x@example.com"}, epp.DoesNotExist)
	taken(t, anna, epp.ContactUpdate{ID: "sh8013", Rem: []string{"clientUpdateProhibited", "clientDeleteProhibited"}})
	refused(t, anna, epp.ContactUpdate{ID: "sh8013", Email: "nowhere"}, epp.ParamSyntax)
	refused(t, anna, epp.ContactTransfer{Do: epp.Query, ID: "sh8013"}, epp.NoTransfer)

	taken(t, anna, epp.DomainCreate{Name: "life.com", Years: 1, Registrant: "sh8013"})
	taken(t, anna, epp.HostCreate{Name: "ns1.life.com", Addrs: []string{"192.0.2.1", "2001:db8::1"}})
	taken(t, anna, epp.DomainUpdate{Name: "life.com", Add: epp.DomainSet{NS: []string{"ns1.life.com"}}})
	taken(t, anna, epp.HostUpdate{Name: "ns1.life.com", AddAddrs: []string{"192.0.2.2"}, RemAddrs: []string{"192.0.2.1"}, AddStatus: []string{"clientDeleteProhibited"}, NewName: "ns2.life.com"})
	h, ok := epp.ReadHost(taken(t, anna, epp.HostInfo{Name: "ns2.life.com"}))
	if !ok || !slices.Equal(h.Addrs, []string{"2001:db8::1", "192.0.2.2"}) || !slices.Equal(h.Statuses, []string{"clientDeleteProhibited", "linked"}) || h.Updated.IsZero() {
		t.Errorf("host updated to %+v", h)
	}
	if d, err := anna.Info(t.Context(), "life.com"); err != nil || !slices.Equal(d.NS, []string{"ns2.life.com"}) || !slices.Equal(d.Hosts, []string{"ns2.life.com"}) {
		t.Errorf("the name follows its host: %+v %v", d, err)
	}
	refused(t, anna, epp.HostInfo{Name: "ns1.life.com"}, epp.DoesNotExist)
	refused(t, anna, epp.HostDelete{Name: "ns2.life.com"}, epp.Associated)
	refused(t, bert, epp.HostUpdate{Name: "ns2.life.com", AddAddrs: []string{"192.0.2.9"}}, epp.NotAllowed)
	refused(t, anna, epp.HostUpdate{Name: "ns2.life.com", NewName: "ns1.gone.com"}, epp.DoesNotExist)
	refused(t, anna, epp.HostUpdate{Name: "ns2.life.com", RemAddrs: []string{"2001:db8::1", "192.0.2.2"}}, epp.MissingParam)
	refused(t, anna, epp.HostUpdate{Name: "ns2.life.com", NewName: "ns1.example-hosting.test"}, epp.Exists)
	taken(t, anna, epp.DomainUpdate{Name: "life.com", Rem: epp.DomainSet{NS: []string{"ns2.life.com"}}})
	refused(t, anna, epp.HostDelete{Name: "ns2.life.com"}, epp.StatusForbids)
	taken(t, anna, epp.HostUpdate{Name: "ns2.life.com", RemStatuses: []string{"clientDeleteProhibited"}})
	taken(t, anna, epp.HostDelete{Name: "ns2.life.com"})
}

// TestTransfer moves a name between two registrars in each of the ways that
// such a thing ends.
func TestTransfer(t *testing.T) {
	clk := &clock{t: time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)}
	_, c := start(t, sandbox.Options{
		Now: clk.Now, TLDs: []sandbox.TLD{gtld("com")},
		Accounts: []sandbox.Account{{User: "anna-1", Password: "anna-secret", Balance: "500.00"}, {User: "bert-1", Password: "bert-secret", Balance: "500.00"}},
	})
	anna, bert := session(t, c, 0), session(t, c, 1)
	pw := catch.NewSecret("2fooBAR-long")
	taken(t, anna, epp.DomainCreate{Name: "moves.com", Years: 1, AuthInfo: pw})
	ask := epp.DomainTransfer{Do: epp.Request, Name: "moves.com", Years: 1, AuthInfo: pw}
	do := func(d epp.Do) epp.DomainTransfer { return epp.DomainTransfer{Do: d, Name: "moves.com"} }

	refused(t, bert, do(epp.Query), epp.NoTransfer)
	refused(t, bert, do(epp.Request), epp.MissingParam)
	refused(t, bert, epp.DomainTransfer{Do: epp.Request, Name: "moves.com", AuthInfo: catch.NewSecret("wrong-one")}, epp.BadAuthInfo)
	refused(t, anna, ask, epp.NotTransferable)
	taken(t, anna, epp.DomainUpdate{Name: "moves.com", Add: epp.DomainSet{Statuses: []string{"clientTransferProhibited"}}})
	refused(t, bert, ask, epp.StatusForbids)
	taken(t, anna, epp.DomainUpdate{Name: "moves.com", Rem: epp.DomainSet{Statuses: []string{"clientTransferProhibited"}}})

	for _, end := range []struct {
		who    *epp.Session
		do     epp.Do
		status string
	}{{bert, epp.Cancel, "clientCancelled"}, {anna, epp.Reject, "clientRejected"}} {
		for p, _ := anna.Poll(t.Context()); !p.Empty; p, _ = anna.Poll(t.Context()) {
			taken(t, anna, epp.Poll{Ack: p.ID})
		}
		if r := epp.ReadTransform(taken(t, bert, ask)); !r.Pending || r.Status != "pending" || r.Requester != "bert-1" || r.Actor != "anna-1" {
			t.Errorf("requested: %+v", r)
		}
		refused(t, bert, ask, epp.PendingTransfer)
		refused(t, anna, epp.DomainDelete{Name: "moves.com"}, epp.PendingTransfer)
		if p, err := anna.Poll(t.Context()); err != nil || p.Transfer.Status != "pending" || p.Object != "moves.com" {
			t.Errorf("the loser is told: %+v %v", p, err)
		}
		if r := epp.ReadTransform(taken(t, end.who, do(end.do))); r.Status != end.status {
			t.Errorf("%s: %+v", end.do, r)
		}
	}
	taken(t, bert, ask)
	refused(t, bert, do(epp.Approve), epp.NotAllowed)
	clk.Add(6 * 24 * time.Hour) // nobody answers
	d, err := bert.Info(t.Context(), "moves.com")
	if err != nil || d.Sponsor != "bert-1" || d.Transferred.IsZero() || d.Expires.Year() != 2028 || !d.AuthInfo.IsZero() {
		t.Errorf("moved: %+v %v", d, err)
	}
	if r := epp.ReadTransform(taken(t, anna, do(epp.Query))); r.Status != "serverApproved" {
		t.Errorf("asked afterwards: %+v", r)
	}
}

// TestSecureAuthInfo keeps to RFC 9154: nothing to steal but for the time of a
// transfer.
func TestSecureAuthInfo(t *testing.T) {
	_, c := start(t, sandbox.Options{
		SecureAuthInfo: true, TLDs: []sandbox.TLD{gtld("com")},
		Accounts: []sandbox.Account{{User: "anna-1", Password: "anna-secret"}, {User: "bert-1", Password: "bert-secret"}},
	})
	anna, bert := session(t, c, 0), session(t, c, 1)
	if !anna.Services().Has(epp.NSSecureAuth) {
		t.Fatal("it is not offered")
	}
	pw := catch.NewSecret(strings.Repeat("Aa1!", 6))
	refused(t, anna, epp.DomainCreate{Name: "safe.com", AuthInfo: pw}, epp.PolicyValue)
	taken(t, anna, epp.DomainCreate{Name: "safe.com"})
	ask := epp.DomainTransfer{Do: epp.Request, Name: "safe.com", AuthInfo: pw}
	refused(t, bert, ask, epp.BadAuthInfo) // there is none
	refused(t, anna, epp.DomainUpdate{Name: "safe.com", AuthInfo: catch.NewSecret("short-one")}, epp.PolicyValue)
	taken(t, anna, epp.DomainUpdate{Name: "safe.com", AuthInfo: pw})
	if d, err := anna.Info(t.Context(), "safe.com"); err != nil || !d.AuthInfo.IsZero() {
		t.Errorf("it is shown: %v", err)
	}
	taken(t, bert, epp.DomainInfo{Name: "safe.com", AuthInfo: pw})
	refused(t, bert, epp.DomainInfo{Name: "safe.com", AuthInfo: catch.NewSecret(strings.Repeat("Bb2!", 6))}, epp.BadAuthInfo)
	taken(t, anna, epp.DomainUpdate{Name: "safe.com", ClearAuthInfo: true})
	refused(t, bert, epp.DomainInfo{Name: "safe.com", AuthInfo: pw}, epp.BadAuthInfo)
	taken(t, anna, epp.DomainUpdate{Name: "safe.com", AuthInfo: pw})
	if r := epp.ReadTransform(taken(t, bert, ask)); r.Pending || r.Status != "serverApproved" {
		t.Errorf("transferred: %+v", r)
	}
	refused(t, anna, epp.DomainInfo{Name: "safe.com", AuthInfo: pw}, epp.BadAuthInfo) // it served once
	if p, err := anna.Poll(t.Context()); err != nil || p.Transfer.Status != "serverApproved" {
		t.Errorf("the loser is told: %+v %v", p, err)
	}
}

// TestChangePoll tells a sponsor what the registry did to its name.
func TestChangePoll(t *testing.T) {
	clk := &clock{t: time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)}
	r, c := start(t, sandbox.Options{Now: clk.Now, TLDs: []sandbox.TLD{gtld("com")}})
	s := session(t, c, 0)
	for _, n := range []string{"locked.com", "lapses.com"} {
		taken(t, s, epp.DomainCreate{Name: n})
	}
	if err := r.Lock("locked.com", sandbox.Change{Who: "URS Admin", Case: "urs", CaseID: "urs123", Reason: "URS Lock"}); err != nil {
		t.Fatal(err)
	}
	p, err := s.Poll(t.Context())
	if err != nil || p.Change != "update" || p.Who != "URS Admin" || p.Case != "urs" || p.CaseID != "urs123" || p.Why != "URS Lock" || !p.After || p.Object != "locked.com" || len(p.Unhandled) > 0 {
		t.Errorf("a lock: %+v %v", p, err)
	}
	taken(t, s, epp.Poll{Ack: p.ID})
	refused(t, s, epp.DomainUpdate{Name: "locked.com", Add: epp.DomainSet{Statuses: []string{"clientHold"}}}, epp.StatusForbids)
	refused(t, s, epp.DomainDelete{Name: "locked.com"}, epp.StatusForbids)
	if err := r.Lock("nowhere.com", sandbox.Change{}); err == nil {
		t.Error("a name that is not there was locked")
	}

	clk.Add(30 * 24 * time.Hour) // past the add grace period
	taken(t, s, epp.DomainDelete{Name: "lapses.com"})
	clk.Add(3 * time.Hour)
	if p, err = s.Poll(t.Context()); err != nil || p.Change != "autoPurge" || p.After || p.Object != "lapses.com" {
		t.Errorf("a purge: %+v %v", p, err)
	}
}
