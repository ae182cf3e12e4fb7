package epp

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

func usd(units int64) catch.Money { return catch.Money{Units: units * 10000, Currency: "USD"} }

// frames is every frame that the client can send, each with all its parts and
// with as few as it can have.
func frames() map[string]struct {
	c   Command
	svc Services
} {
	pw := catch.NewSecret("a<b>&\"c\"-passw0rd")
	at := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	fee := &Fee{Price: usd(11)}
	parts := &Fee{Price: usd(111), Items: []FeeItem{{Amount: usd(11)}, {Amount: usd(100), Description: "Early Access Period"}}}
	ds := SecDNS{MaxSigLife: 604800, DS: []DS{{12345, 13, 2, "49fd46e6c4b45c55d4ac49fd46e6c4b45c55d4ac49fd46e6c4b45c55d4ac1234", nil}}}
	key := SecDNS{Keys: []Key{{257, 3, 13, "AQPJ////4Q=="}}}
	phase := Phase{Phase: "claims"}
	app := &LaunchID{Phase{"custom", "landrush2"}, "abc123"}
	notice := &Notice{"370d0b7c9223372036854775807", "tmch", at.AddDate(0, 0, 2), at}
	all := map[string]Command{
		"hello":              Hello{},
		"login":              Login{ClientID: "testclient", Password: catch.NewSecret("passw0rd")},
		"login-new":          Login{ClientID: "testclient", Password: catch.NewSecret("passw0rd"), NewPassword: catch.NewSecret("passw0rd2"), Agent: "lapse 1.0"},
		"login-long":         Login{ClientID: "testclient", Password: pw, NewPassword: catch.NewSecret(strings.Repeat("long", 40)), Agent: "lapse 1.0"},
		"logout":             Logout{},
		"poll":               Poll{},
		"poll-ack":           Poll{Ack: "1234<5"},
		"domain-check":       DomainCheck{Names: []string{"example.com", "xn--bcher-kva.com"}},
		"domain-check-all":   DomainCheck{Names: []string{"example.com"}, Fee: &FeeCheck{Currency: "USD", Years: 1}, Launch: &LaunchCheck{Phase: phase}, Token: "abc123"},
		"claims-check":       DomainCheck{Names: []string{"example.com"}, Launch: &LaunchCheck{Phase: phase, Claims: true}},
		"fee-check":          DomainCheck{Names: []string{"example.com", "example.net"}, Fee: &FeeCheck{Commands: []string{"create", "renew", "restore", "transfer"}, Years: 2}},
		"domain-info":        DomainInfo{Name: "example.com"},
		"domain-info-all":    DomainInfo{Name: "example.com", Hosts: "none", AuthInfo: pw, Launch: &LaunchInfo{Phase: phase, Application: "abc", IncludeMark: true}, Token: true},
		"domain-create":      DomainCreate{Name: "example.com"},
		"domain-create-all":  DomainCreate{Name: "example.com", Years: 2, NS: []string{"ns1.example.net", "ns2.example.net"}, Registrant: "jd1234", Contacts: []Contact{{"admin", "sh8013"}, {"tech", "sh8013"}, {"billing", "sh8013"}}, AuthInfo: pw, Fee: fee, SecDNS: &ds, Launch: &LaunchCreate{Phase: phase, Notice: notice}, Token: "abc"},
		"domain-create-attr": DomainCreate{Name: "example.com", Years: 1, Hosts: []Host{{Name: "ns1.example.com", Addrs: []string{"192.0.2.1", "2001:db8::1"}}, {Name: "ns2.example.net"}}, SecDNS: &key, Fee: parts},
		"domain-create-code": DomainCreate{Name: "example.com", Launch: &LaunchCreate{Phase: Phase{Phase: "sunrise"}, Application: true, Codes: []CodeMark{{"49FD46E6C4B45C55D4AC", "sample"}, {"x", ""}}}},
		"domain-create-smd":  DomainCreate{Name: "example.com", Launch: &LaunchCreate{Phase: Phase{Phase: "sunrise"}, SignedMarks: []string{"PD94bWwgdmVyc2lvbj0iMS4wIj8+"}}},
		"domain-update":      DomainUpdate{Name: "example.com", Add: DomainSet{NS: []string{"ns1.example.net"}, Contacts: []Contact{{"tech", "mak21"}}, Statuses: []string{"clientHold"}}, Rem: DomainSet{Hosts: []Host{{Name: "ns9.example.com"}}, Statuses: []string{"clientTransferProhibited"}}, Registrant: "sh8013", AuthInfo: pw, Fee: fee, Token: "x"},
		"domain-update-null": DomainUpdate{Name: "example.com", ClearAuthInfo: true, Launch: app},
		"domain-secdns":      DomainUpdate{Name: "example.com", SecDNS: &SecDNSUpdate{RemAll: true, Add: ds, MaxSigLife: 3600, Urgent: true}},
		"domain-secdns-rem":  DomainUpdate{Name: "example.com", SecDNS: &SecDNSUpdate{Rem: SecDNS{DS: ds.DS}, Add: SecDNS{DS: ds.DS}}},
		"restore":            DomainUpdate{Name: "example.com", Restore: &Restore{}, Fee: fee},
		"restore-report":     DomainUpdate{Name: "example.com", Restore: &Restore{Report: &RestoreReport{Before: "pre", After: "post", Deleted: at, Restored: at, Reason: "Registrant error.", Statements: []string{"one", "two"}, Other: "more"}}},
		"domain-info-roid":   DomainInfo{Name: "example.com", AuthInfo: pw, ROID: "SH8013-REP"},
		"domain-create-key":  DomainCreate{Name: "example.com", SecDNS: &SecDNS{DS: []DS{{12345, 13, 2, ds.DS[0].Digest, &key.Keys[0]}}}},
		"domain-no-holder":   DomainUpdate{Name: "example.com", ClearRegistrant: true},
		"fee-check-phase":    DomainCheck{Names: []string{"example.com"}, Fee: &FeeCheck{Years: 1, Phase: "custom", Subphase: "landrush2"}},
		"domain-transfer-of": DomainTransfer{Do: Request, Name: "example.com", AuthInfo: pw, ROID: "SH8013-REP"},
		"domain-approve":     DomainTransfer{Do: Approve, Name: "example.com"},
		"domain-reject":      DomainTransfer{Do: Reject, Name: "example.com"},
		"domain-cancel":      DomainTransfer{Do: Cancel, Name: "example.com"},
		"contact-query":      ContactTransfer{Do: Query, ID: "sh8013"},
		"contact-roid":       ContactInfo{ID: "sh8013", AuthInfo: pw, ROID: "SH8013-REP"},
		"host-create-min":    HostCreate{Name: "ns1.example.com"},
		"domain-renew":       DomainRenew{Name: "example.com", Expires: at, Years: 1, Fee: fee, Token: "x"},
		"domain-delete":      DomainDelete{Name: "example.com"},
		"application-delete": DomainDelete{Name: "example.com", Launch: app},
		"domain-transfer":    DomainTransfer{Do: Request, Name: "example.com", Years: 1, AuthInfo: pw, Fee: fee, Token: "x"},
		"domain-query":       DomainTransfer{Do: Query, Name: "example.com"},
		"contact-check":      ContactCheck{IDs: []string{"sh8013", "sah8013"}},
		"contact-info":       ContactInfo{ID: "sh8013", AuthInfo: pw},
		"contact-create": ContactCreate{ID: "sh8013", Postal: []Postal{
			{Name: "John Doe", Org: "Example Inc.", Street: []string{"123 Example Dr.", "Suite 100"}, City: "Dulles", State: "VA", Code: "20166-6503", Country: "US"},
			{Type: "loc", Name: "Jürgen Döe", City: "Köln", Country: "DE"},
		}, Voice: "+1.7035555555x1234", Fax: "+1.7035555556", Email: "jdoe@example.com", AuthInfo: pw, Disclose: &Disclose{Name: true, Org: true, Addr: true, Voice: true, Fax: true, Email: true}},
		"contact-create-min": ContactCreate{ID: "sh8013", Postal: []Postal{{Name: "J", City: "D", Country: "US"}}, Email: "j@example.com", Disclose: &Disclose{Show: true, Voice: true}},
		"contact-update":     ContactUpdate{ID: "sh8013", Add: []string{"clientDeleteProhibited"}, Rem: []string{"clientUpdateProhibited"}, Postal: []Postal{{Org: "New Org"}}, Voice: "+1.7034444444", Email: "x@example.com", AuthInfo: pw, Disclose: &Disclose{Email: true}},
		"contact-delete":     ContactDelete{ID: "sh8013"},
		"contact-transfer":   ContactTransfer{Do: Request, ID: "sh8013", AuthInfo: pw},
		"host-check":         HostCheck{Names: []string{"ns1.example.com", "ns2.example.com"}},
		"host-info":          HostInfo{Name: "ns1.example.com"},
		"host-create":        HostCreate{Name: "ns1.example.com", Addrs: []string{"192.0.2.2", "2001:db8::2"}},
		"host-update":        HostUpdate{Name: "ns1.example.com", AddAddrs: []string{"192.0.2.22"}, AddStatus: []string{"clientUpdateProhibited"}, RemAddrs: []string{"2001:db8::2"}, NewName: "ns2.example.com"},
		"host-delete":        HostDelete{Name: "ns1.example.com"},
	}
	out := map[string]struct {
		c   Command
		svc Services
	}{}
	for name, c := range all {
		out[name] = struct {
			c   Command
			svc Services
		}{c, Everything()}
		for _, v := range feeVersions[1:] {
			svc := Everything()
			svc.Fee, svc.Extensions[0] = v, v
			out[name+"@"+v[strings.LastIndex(v, ":")+1:]] = struct {
				c   Command
				svc Services
			}{c, svc}
		}
	}
	return out
}

// TestFramesValidate checks every frame, and what Print shows of it, against
// the schemas in the folder that LAPSE_EPP_XSD names.
func TestFramesValidate(t *testing.T) {
	written := map[string][]byte{}
	for name, f := range frames() {
		for how, show := range map[string]func(Command, Services, string) ([]byte, error){"": Encode, " printed": Print} {
			b, err := show(f.c, f.svc, "lapse-0001")
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			written[name+how] = b
		}
	}
	validate(t, written)
}

// validate holds frames against the schemas.
func validate(t *testing.T, frames map[string][]byte) {
	t.Helper()
	dir := os.Getenv("LAPSE_EPP_XSD")
	if dir == "" {
		t.Skip("LAPSE_EPP_XSD names no folder with all.xsd")
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	tmp := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", filepath.Join(dir, "all.xsd")}
	names := map[string]string{}
	for name, b := range frames {
		file := filepath.Join(tmp, fmt.Sprintf("%05d.xml", len(names)))
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		names[file] = name
		args = append(args, file)
	}
	out, err := exec.CommandContext(t.Context(), "xmllint", args...).CombinedOutput()
	if got := bytes.Count(out, []byte(" validates\n")); err != nil || got != len(frames) {
		var bad []string
		for l := range strings.Lines(string(out)) {
			if !strings.HasSuffix(l, " validates\n") {
				file, what, _ := strings.Cut(l, ":")
				bad = append(bad, names[file]+":"+what)
			}
		}
		slices.Sort(bad)
		t.Fatalf("%d of %d frames validate (%v):\n%s", got, len(frames), err, strings.Join(bad[:min(len(bad), 20)], ""))
	}
	t.Logf("%d frames validate", len(frames))
}

func TestFramesAreDeterministic(t *testing.T) {
	for name, f := range frames() {
		a, err := Encode(f.c, f.svc, "lapse-0001")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, _ := Encode(f.c, f.svc, "lapse-0001")
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two encodings differ", name)
		}
		if _, err := parse(a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	none := Services{Objects: []string{NSDomain}}
	for name, c := range map[string]struct {
		c    Command
		svc  Services
		want string
	}{
		"control character":  {DomainInfo{Name: "a\x00.com"}, none, "cannot be sent as a name"},
		"u-label":            {DomainInfo{Name: "bücher.com"}, none, "A-label"},
		"short contact":      {DomainCreate{Name: "a.com", Registrant: "ab"}, none, "3 to 16"},
		"fee not offered":    {DomainCreate{Name: "a.com", Fee: &Fee{Price: usd(1)}}, none, "offers no fee"},
		"no currency":        {DomainCreate{Name: "a.com", Fee: &Fee{}}, Everything(), "no currency"},
		"parts do not sum":   {DomainCreate{Name: "a.com", Fee: &Fee{Price: usd(3), Items: []FeeItem{{Amount: usd(1)}, {Amount: usd(1)}}}}, Everything(), "sum"},
		"two forms of hosts": {DomainCreate{Name: "a.com", NS: []string{"a.b"}, Hosts: []Host{{Name: "c.d"}}}, none, "either"},
		"period":             {DomainCreate{Name: "a.com", Years: 100}, none, "1 to 99"},
		"claims not read":    {DomainCreate{Name: "a.com", Launch: &LaunchCreate{Phase: Phase{Phase: "claims"}, Notice: &Notice{ID: "x"}}}, Everything(), "not been accepted"},
		"no password":        {Login{ClientID: "testclient"}, none, "no password"},
		"bad glue":           {HostCreate{Name: "ns.a.com", Addrs: []string{"1.2.3"}}, none, "no IP address"},
		"renew without date": {DomainRenew{Name: "a.com"}, none, "expiry date"},
	} {
		if _, err := Encode(c.c, c.svc, "test-0001"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
	if _, err := Encode(Logout{}, none, "a<b"); err == nil {
		t.Error("a clTRID that needs escaping was taken")
	}
}
