package sandbox

import (
	"strings"
	"testing"
	"time"
)

// TestPhases goes through prices, access periods, launch phases, gates and
// pending creates.
func TestPhases(t *testing.T) {
	eap := generic("xap")
	eap.EAP = []EAP{{For: 10 * time.Second, Fee: "1000.00"}, {For: 10 * time.Second, Fee: "10.00"}}
	claims := generic("claims")
	claims.Phase, claims.Claims = "claims", map[string]string{"brand.claims": "2013041500/2/6/9/rJ1NrDO92vDsAzf7EQzgjX4R0000000001"}
	sunrise := generic("rise")
	sunrise.Phase = "sunrise"
	rush := generic("rush")
	rush.Phase = "landrush"
	early := generic("early")
	early.EAPFrom, early.EAP = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), []EAP{{For: time.Hour, Fee: "100.00"}}
	gated := generic("info")
	gated.Gate, gated.GateFor = "dropzone", 5*time.Second
	pending := generic("slow")
	pending.Pending = 3 * time.Second
	uk := generic("uk")
	uk.DropReason = true
	thick := generic("thick")
	thick.Thin = false
	o := Options{
		TLDs: []TLD{generic("com"), eap, claims, sunrise, rush, early, gated, pending, uk, thick}, Tokens: map[string]string{"open-sesame": "kept.com"},
		Accounts: []Account{{User: "anna-1", Password: "sandbox-secret", Balance: "100.00", Registrar: "Anna", Expires: time.Date(2000, 1, 20, 0, 0, 0, 0, time.UTC)}},
		Names: []Name{
			{Name: "old.xap", Stage: "pending delete"},
			{Name: "old.info", Stage: "pending delete"},
			{Name: "old.uk", Stage: "redemption"},
			{Name: "kept.com", Reserved: "spec 5"},
			{Name: "mine.com"},
		},
	}
	fee := func(cur, amount string) string {
		return `<extension><fee:create xmlns:fee="` + nsFee + `"><fee:currency>` + cur + `</fee:currency><fee:fee>` + amount + `</fee:fee></fee:create></extension>`
	}
	token := func(s string) string {
		return `<extension><allocationToken:allocationToken xmlns:allocationToken="` + nsToken + `">` + s + `</allocationToken:allocationToken></extension>`
	}
	launch := func(phase, rest string) string {
		return `<extension><launch:create xmlns:launch="` + nsLaunch + `" type="registration"><launch:phase>` + phase + `</launch:phase>` + rest + `</launch:create></extension>`
	}
	apply := strings.Replace(launch("landrush", ""), `"registration"`, `"application"`, 1)
	notice := `<launch:notice><launch:noticeID validatorID="tmch">370d0b7c9223372036854775807</launch:noticeID><launch:notAfter>2030-08-16T09:00:00.0Z</launch:notAfter><launch:acceptedDate>2029-06-21T11:00:00.0Z</launch:acceptedDate></launch:notice>`
	feeCheck := `<extension><fee:check xmlns:fee="` + nsFee + `"><fee:command name="create"/><fee:command name="restore"/></fee:check></extension>`
	simulate(t, o, func(t *testing.T, r *Registry, dial func() *peer) {
		p := in(t, r, dial)
		for _, tt := range []struct {
			after            time.Duration
			name, body, want string
			has              string
		}{
			{0, "drop time is not told before the last stage where the holder can restore", checkXML("old.uk"), "1000", "In use"},
			{0, "reserved", checkXML("kept.com"), "1000", "Reserved"},
			{0, "reserved, with a token", checkXML("kept.com") + token("open-sesame"), "1000", `avail="1"`},
			{0, "create with a wrong token", createXML("kept.com", "") + token("abracadabra"), "2308", ""},
			{0, "create with the token", createXML("kept.com", "") + token("open-sesame"), "1000", ""},
			{0, "claims: check", checkXML("brand.claims") + `<extension><launch:check xmlns:launch="` + nsLaunch + `" type="claims"><launch:phase>claims</launch:phase></launch:check></extension>`, "1000", "claimKey"},
			{0, "claims: without the notice", createXML("brand.claims", ""), "2003", ""},
			{0, "claims: with it", createXML("brand.claims", "") + launch("claims", notice), "1000", ""},
			{0, "claims: no claim", createXML("nobrand.claims", ""), "1000", ""},
			{0, "sunrise: without a phase", createXML("a.rise", ""), "2306", ""},
			{0, "sunrise: without a mark", createXML("a.rise", "") + launch("sunrise", ""), "2003", ""},
			{0, "landrush: without a phase", createXML("a.rush", ""), "2306", ""},
			{0, "landrush: an application", createXML("a.rush", "") + apply, "1001", "<launch:applicationID>"},
			{0, "landrush: a second one", createXML("a.rush", "") + apply, "1001", "<launch:applicationID>"},
			{0, "landrush: info of one that nobody made", infoXML("a.rush") + `<extension><launch:info xmlns:launch="` + nsLaunch + `" includeMark="false"><launch:phase>landrush</launch:phase><launch:applicationID>A999</launch:applicationID></launch:info></extension>`, "2303", ""},
			{0, "early access: without the fee", createXML("a.early", ""), "2003", "110.00"},
			{0, "thick: without a registrant", createXML("a.thick", ""), "2003", ""},
			{0, "pending", createXML("a.slow", ""), "1001", "creData"},
			{0, "pending: info", infoXML("a.slow"), "1000", "pendingCreate"},
			{0, "poll: nothing yet", `<poll op="req"/>`, "1300", ""},
			{0, "wrong currency", createXML("b.com", "") + fee("EUR", "10.00"), "2004", ""},
			{0, "fee too low", createXML("b.com", "") + fee("USD", "9.99"), "2004", ""},
			{2100 * time.Millisecond, "gated", checkXML("old.info"), "1000", "dropzone"},
			{0, "gated: create", createXML("old.info", ""), "2304", ""},
			{0, "access period: check", checkXML("old.xap") + feeCheck, "1000", "Expiry Access Period, fee expires:"},
			{0, "access period: without the fee", createXML("old.xap", ""), "2003", ""},
			{0, "access period: the balance is too low", createXML("old.xap", "") + fee("USD", "1010.00"), "2104", ""},
			{time.Second, "uk: the second of the drop", checkXML("old.uk"), "1000", "Drop 2000-01-01T00:00:05Z"},
			{0, "poll: it is done", `<poll op="req"/>`, "1301", `paResult="1">a.slow`},
			{5 * time.Second, "the gate is open", createXML("old.info", ""), "1000", ""},
			{5 * time.Second, "access period: next tier", createXML("old.xap", "") + fee("USD", "20.00"), "1000", "<fee:balance>"},
			{0, "renew with a wrong date", `<renew><domain:renew xmlns:domain="` + nsDomain + `"><domain:name>old.xap</domain:name><domain:curExpDate>2000-01-01</domain:curExpDate></domain:renew></renew>`, "2004", ""},
			{0, "renew", `<renew><domain:renew xmlns:domain="` + nsDomain + `"><domain:name>old.xap</domain:name><domain:curExpDate>2000-12-31</domain:curExpDate><domain:period unit="y">1</domain:period></domain:renew></renew>`, "1000", "renData"},
			{0, "transfer", `<transfer op="query"><domain:transfer xmlns:domain="` + nsDomain + `"><domain:name>old.xap</domain:name></domain:transfer></transfer>`, "2301", ""},
			{0, "hosts below a name of the registry need an address", `<create><host:create xmlns:host="` + nsHost + `"><host:name>ns1.old.xap</host:name></host:create></create>`, "2003", ""},
			{0, "host", `<create><host:create xmlns:host="` + nsHost + `"><host:name>ns1.old.xap</host:name><host:addr ip="v6">2001:db8::1</host:addr></host:create></create>`, "1000", ""},
			{0, "host info", `<info><host:info xmlns:host="` + nsHost + `"><host:name>ns1.old.xap</host:name></host:info></info>`, "1000", "2001:db8::1"},
		} {
			time.Sleep(tt.after)
			if got := p.do(tt.body); code(got) != tt.want || !strings.Contains(got, tt.has) {
				t.Errorf("%s: want %s with %q, got\n%s", tt.name, tt.want, tt.has, got)
			}
		}
		validate(t, p.seen)
	})
}

// TestLogin goes through passwords and certificates.
func TestLogin(t *testing.T) {
	o := Options{Accounts: []Account{
		{User: "plain", Password: "sandbox-secret"},
		{User: "cert", Password: "sandbox-secret", NeedsCert: true},
		{User: "late", Password: "sandbox-secret", Expires: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)},
		{User: "soon", Password: "a password of more than sixteen characters", Expires: time.Date(2000, 1, 20, 0, 0, 0, 0, time.UTC)},
	}}
	simulate(t, o, func(t *testing.T, r *Registry, dial func() *peer) {
		as := r.Config().Accounts
		newPW := strings.Replace(loginXML(as[2]), "<options>", "<newPW>another-secret</newPW><options>", 1)
		sec := strings.Replace(loginXML(as[3]), as[3].Password, "[LOGIN-SECURITY]", 1) +
			`<extension><loginSec:loginSec xmlns:loginSec="` + nsLoginSec + `"><loginSec:userAgent><loginSec:app>x</loginSec:app></loginSec:userAgent><loginSec:pw>` + as[3].Password + `</loginSec:pw></loginSec:loginSec></extension>`
		for _, tt := range []struct{ name, body, want, has string }{
			{"plain", loginXML(as[0]), "1000", ""},
			{"no certificate", loginXML(as[1]), "2200", "certificate"},
			{"expired", loginXML(as[2]), "2200", "expired"},
			{"expired, changed", newPW, "1000", ""},
			{"long, expiring", sec, "1000", `type="password"`},
			{"unoffered object", strings.Replace(loginXML(as[0]), nsHost, "urn:nobody", 1), "2307", ""},
			{"unoffered extension", strings.Replace(loginXML(as[0]), nsRGP, "urn:nobody", 1), "2103", ""},
			{"language", strings.Replace(loginXML(as[0]), ">en<", ">fr<", 1), "2102", ""},
			{"nobody", loginXML(Account{User: "nobody", Password: "sandbox-secret"}), "2200", ""},
			{"before the login", checkXML("a.com"), "2002", ""},
			{"short id", loginXML(Account{User: "ab", Password: "sandbox-secret"}), "2001", ""},
		} {
			p := dial()
			p.recv()
			if got := p.do(tt.body); code(got) != tt.want || !strings.Contains(got, tt.has) {
				t.Errorf("%s: want %s with %q, got\n%s", tt.name, tt.want, tt.has, got)
			}
			validate(t, p.seen)
			_ = p.c.Close()
		}
	})
}

// TestFeeDrafts holds the answers of every fee version against the schemas.
func TestFeeDrafts(t *testing.T) {
	for v, ns := range feeVersions {
		o := Options{Fee: v, Names: []Name{{Name: "gold.com", Stage: "free", Premium: "1200.00"}}}
		simulate(t, o, func(t *testing.T, r *Registry, dial func() *peer) {
			p := dial()
			p.recv()
			if got := code(p.do(strings.ReplaceAll(loginXML(r.Config().Accounts[0]), nsFee, ns))); got != "1000" {
				t.Fatalf("login: %s", got)
			}
			command := map[string]string{
				nsFee12: `<fee:currency>USD</fee:currency><fee:command name="create"><fee:period unit="y">2</fee:period></fee:command><fee:command name="restore"/>`,
				nsFee11: `<fee:command>create</fee:command><fee:currency>USD</fee:currency><fee:period unit="y">2</fee:period>`,
				nsFee06: `<fee:domain><fee:name>gold.com</fee:name><fee:currency>USD</fee:currency><fee:command>create</fee:command><fee:period unit="y">2</fee:period></fee:domain>`,
				nsFee:   `<fee:currency>USD</fee:currency><fee:command name="create"><fee:period unit="y">2</fee:period></fee:command>`,
			}[ns]
			for _, name := range []string{"gold.com", "gold.org"} {
				body := checkXML(name) + `<extension><fee:check xmlns:fee="` + ns + `">` + strings.ReplaceAll(command, "gold.com", name) + `</fee:check></extension>`
				if got := p.do(body); code(got) != "1000" || name == "gold.com" && !strings.Contains(got, "2400.00") {
					t.Errorf("%s %s: %s", v, name, got)
				}
			}
			fee := `<extension><fee:create xmlns:fee="` + ns + `"><fee:currency>USD</fee:currency><fee:fee>1200.00</fee:fee></fee:create></extension>`
			if got := p.do(createXML("gold.com", "") + fee); code(got) != "1000" {
				t.Errorf("%s: %s", v, got)
			}
			validate(t, p.seen)
		})
	}
}
