package sandbox

import (
	"strings"
	"testing"
)

// TestOnlyWhatTheLoginListed leaves out what a session did not log in with, or
// sends it the way of RFC 9038 where the session asked for that.
func TestOnlyWhatTheLoginListed(t *testing.T) {
	var seen []string
	simulate(t, Options{TLDs: []TLD{generic("com")}, Accounts: []Account{{User: "anna-1", Password: "anna-secret"}}}, func(t *testing.T, r *Registry, dial func() *peer) {
		enter := func(objects, exts []string) *peer {
			p := dial()
			p.recv()
			uris := func(tag string, list []string) (s string) {
				for _, u := range list {
					s += "<" + tag + ">" + u + "</" + tag + ">"
				}
				return s
			}
			svcs := uris("objURI", objects)
			if len(exts) > 0 {
				svcs += "<svcExtension>" + uris("extURI", exts) + "</svcExtension>"
			}
			if x := p.do(`<login><clID>anna-1</clID><pw>anna-secret</pw><options><version>1.0</version><lang>en</lang></options><svcs>` + svcs + `</svcs></login>`); code(x) != "1000" {
				t.Fatalf("login: %s", x)
			}
			return p
		}
		all := enter([]string{nsDomain, nsHost, nsContact}, []string{nsRGP, nsChangePoll})
		for _, x := range []string{
			`<info><host:info xmlns:host="` + nsHost + `"><host:name>ns1.example-hosting.test</host:name></host:info></info>`,
			`<info><contact:info xmlns:contact="` + nsContact + `"><contact:id>me-anna-1</contact:id></contact:info></info>`,
		} {
			if x := all.do(x); code(x) != "1000" {
				t.Fatal(x)
			}
		}
		if x := all.do(createXML("a.com", "")); code(x) != "1000" {
			t.Fatal(x)
		}
		if err := r.Lock("a.com", Change{Case: "urs", CaseID: "1"}); err != nil {
			t.Fatal(err)
		}
		const poll = `<poll op="req"/>`
		if x := all.do(poll); code(x) != "1301" || !strings.Contains(x, "<extension><changePoll:changeData") || strings.Contains(x, "extValue") {
			t.Errorf("a session that knows it all: %s", x)
		}
		if x := enter([]string{nsDomain}, nil).do(poll); code(x) != "1301" || strings.Contains(x, "changePoll") || strings.Contains(x, "extValue") || !strings.Contains(x, "domain:infData") {
			t.Errorf("a session without extensions: %s", x)
		}
		odd := enter([]string{nsDomain}, []string{nsUnhandled})
		if x := odd.do(poll); code(x) != "1301" || strings.Contains(x, "<extension>") || !strings.Contains(x, "<extValue><value><changePoll:changeData") ||
			!strings.Contains(x, "<reason>"+nsChangePoll+" not in login services</reason>") {
			t.Errorf("a session that wants the rest told: %s", x)
		}
		hosts := enter([]string{nsHost}, []string{nsUnhandled, nsChangePoll})
		if x := hosts.do(poll); code(x) != "1301" || strings.Contains(x, "<resData>") || !strings.Contains(x, "<extValue><value><domain:infData") || !strings.Contains(x, "<extension><changePoll:changeData") {
			t.Errorf("a session without names: %s", x)
		}
		for _, p := range []*peer{all, odd, hosts} {
			seen = append(seen, p.seen...)
		}
	})
	validate(t, seen)
}
