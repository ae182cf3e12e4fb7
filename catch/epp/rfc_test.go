package epp

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp/epptest"
)

// TestEveryAnswer reads one answer of every kind that RFC 5730 to 5733, 3915,
// 5910, 8334, 8748, 8590, 8807, 9038 and 9154 have, with every element in it,
// and holds the answers themselves against the schemas.
func TestEveryAnswer(t *testing.T) {
	at := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	const when = "2026-11-20T22:00:00.0Z"
	domain := func(local, inner string) string {
		return `<domain:` + local + ` xmlns:domain="` + NSDomain + `">` + inner + `</domain:` + local + `>`
	}
	object := func(prefix, ns, local, inner string) string {
		return `<` + prefix + `:` + local + ` xmlns:` + prefix + `="` + ns + `">` + inner + `</` + prefix + `:` + local + `>`
	}
	data := func(s string) string { return "<resData>" + s + "</resData>" }
	ext := func(s string) string { return "<extension>" + s + "</extension>" }
	transfer := `<domain:trStatus>pending</domain:trStatus><domain:reID>ClientX</domain:reID><domain:reDate>` + when + `</domain:reDate><domain:acID>ClientY</domain:acID><domain:acDate>` + when + `</domain:acDate><domain:exDate>` + when + `</domain:exDate>`
	all := map[string][]byte{}
	for name, c := range map[string]struct {
		code, inner string
		read        func(*Response) any
		want        any
	}{
		"result": {
			"2004", `<msg lang="en-GB">no</msg><value><domain:name xmlns:domain="` + NSDomain + `">a.com</domain:name></value><extValue><value><domain:name xmlns:domain="` + NSDomain + `">b.com</domain:name></value><reason lang="en">first</reason></extValue><extValue><value><domain:name xmlns:domain="` + NSDomain + `">c.com</domain:name></value><reason>second</reason></extValue>`,
			func(r *Response) any {
				x := r.Results[0]
				return []any{x.Code, x.Msg, x.Lang, x.Reason, x.Reasons, len(x.Values), x.Values[2].Text}
			},
			[]any{Code(2004), "no", "en-GB", "first", []string{"first", "second"}, 3, "c.com"},
		},
		"queue": {
			"1301", `<msgQ count="5" id="12345"><qDate>` + when + `</qDate><msg lang="en">Transfer <b>requested</b>.</msg></msgQ>`,
			func(r *Response) any { return *r.Queue },
			Message{5, "12345", at, "Transfer . requested"},
		},
		"domain info": {
			"1000", data(domain("infData", `<domain:name>Example.com</domain:name><domain:roid>EX1-REP</domain:roid><domain:status s="ok">fine</domain:status><domain:registrant>jd1234</domain:registrant><domain:contact type="admin">sh8013</domain:contact><domain:contact type="tech">sh8014</domain:contact>`+
				`<domain:ns><domain:hostAttr><domain:hostName>NS1.example.com</domain:hostName><domain:hostAddr ip="v4">192.0.2.1</domain:hostAddr><domain:hostAddr ip="v6">2001:db8::1</domain:hostAddr></domain:hostAttr><domain:hostAttr><domain:hostName>ns.example.net</domain:hostName></domain:hostAttr></domain:ns><domain:host>ns1.example.com</domain:host><domain:host>ns2.example.com</domain:host>`+
				`<domain:clID>ClientX</domain:clID><domain:crID>ClientY</domain:crID><domain:crDate>`+when+`</domain:crDate><domain:upID>ClientZ</domain:upID><domain:upDate>`+when+`</domain:upDate><domain:exDate>`+when+`</domain:exDate><domain:trDate>`+when+`</domain:trDate><domain:authInfo><domain:pw roid="JD1234-REP">2fooBAR</domain:pw></domain:authInfo>`)) +
				ext(`<rgp:infData xmlns:rgp="`+NSRGP+`"><rgp:rgpStatus s="addPeriod"/><rgp:rgpStatus s="autoRenewPeriod"/></rgp:infData>`+
					`<secDNS:infData xmlns:secDNS="`+NSSecDNS+`"><secDNS:maxSigLife>604800</secDNS:maxSigLife><secDNS:dsData><secDNS:keyTag>12345</secDNS:keyTag><secDNS:alg>13</secDNS:alg><secDNS:digestType>2</secDNS:digestType><secDNS:digest>49FD</secDNS:digest><secDNS:keyData><secDNS:flags>257</secDNS:flags><secDNS:protocol>3</secDNS:protocol><secDNS:alg>13</secDNS:alg><secDNS:pubKey>AQPJ////4Q==</secDNS:pubKey></secDNS:keyData></secDNS:dsData></secDNS:infData>`+
					`<allocationToken:allocationToken xmlns:allocationToken="`+NSToken+`">abc123</allocationToken:allocationToken>`),
			func(r *Response) any {
				d, _ := ReadDomain(r)
				if d.AuthInfo.Reveal() != "2fooBAR" || d.Token.Reveal() != "abc123" {
					return "secrets"
				}
				d.AuthInfo, d.Token = Domain{}.AuthInfo, Domain{}.Token
				return d
			},
			Domain{
				Name: "example.com", ROID: "EX1-REP", Statuses: []string{"ok"}, RGP: []string{"addPeriod", "autoRenewPeriod"}, Registrant: "jd1234",
				Contacts: []Contact{{"admin", "sh8013"}, {"tech", "sh8014"}}, NS: []string{"ns1.example.com", "ns.example.net"},
				Glue: []Host{{"ns1.example.com", []string{"192.0.2.1", "2001:db8::1"}}}, Hosts: []string{"ns1.example.com", "ns2.example.com"},
				Sponsor: "ClientX", Creator: "ClientY", Updater: "ClientZ", Created: at, Updated: at, Expires: at, Transferred: at, DS: 1,
				SecDNS: SecDNS{MaxSigLife: 604800, DS: []DS{{12345, 13, 2, "49FD", &Key{257, 3, 13, "AQPJ////4Q=="}}}},
			},
		},
		"keys": {
			"1000", data(domain("infData", `<domain:name>a.com</domain:name><domain:roid>EX1-REP</domain:roid><domain:clID>ClientX</domain:clID>`)) + ext(`<secDNS:infData xmlns:secDNS="`+NSSecDNS+`"><secDNS:keyData><secDNS:flags>257</secDNS:flags><secDNS:protocol>3</secDNS:protocol><secDNS:alg>8</secDNS:alg><secDNS:pubKey>AQPJ////4Q==</secDNS:pubKey></secDNS:keyData></secDNS:infData>`),
			func(r *Response) any { d, _ := ReadDomain(r); return d.SecDNS },
			SecDNS{Keys: []Key{{257, 3, 8, "AQPJ////4Q=="}}},
		},
		"host info": {
			"1000", data(object("host", NSHost, "infData", `<host:name>NS1.example.com</host:name><host:roid>NS1-REP</host:roid><host:status s="linked"/><host:status s="clientUpdateProhibited"/><host:addr ip="v4">192.0.2.2</host:addr><host:addr ip="v6">1080:0:0:0:8:800:200C:417A</host:addr><host:clID>ClientY</host:clID><host:crID>ClientX</host:crID><host:crDate>`+when+`</host:crDate><host:upID>ClientZ</host:upID><host:upDate>`+when+`</host:upDate><host:trDate>`+when+`</host:trDate>`)),
			func(r *Response) any { h, _ := ReadHost(r); return h },
			HostData{"ns1.example.com", "NS1-REP", []string{"linked", "clientUpdateProhibited"}, []string{"192.0.2.2", "1080:0:0:0:8:800:200C:417A"}, "ClientY", "ClientX", "ClientZ", at, at, at},
		},
		"contact info": {
			"1000", data(object("contact", NSContact, "infData", `<contact:id>sh8013</contact:id><contact:roid>SH8013-REP</contact:roid><contact:status s="linked"/><contact:status s="clientDeleteProhibited"/><contact:postalInfo type="int"><contact:name>John Doe</contact:name><contact:org>Example Inc.</contact:org><contact:addr><contact:street>123 Example Dr.</contact:street><contact:street>Suite 100</contact:street><contact:city>Dulles</contact:city><contact:sp>VA</contact:sp><contact:pc>20166-6503</contact:pc><contact:cc>US</contact:cc></contact:addr></contact:postalInfo><contact:postalInfo type="loc"><contact:name>Jürgen</contact:name><contact:addr><contact:city>Köln</contact:city><contact:cc>DE</contact:cc></contact:addr></contact:postalInfo>`+
				`<contact:voice x="1234">+1.7035555555</contact:voice><contact:fax>+1.7035555556</contact:fax><contact:email>jdoe@example.com</contact:email><contact:clID>ClientY</contact:clID><contact:crID>ClientX</contact:crID><contact:crDate>`+when+`</contact:crDate><contact:upID>ClientX</contact:upID><contact:upDate>`+when+`</contact:upDate><contact:trDate>`+when+`</contact:trDate><contact:authInfo><contact:pw>2fooBAR</contact:pw></contact:authInfo><contact:disclose flag="0"><contact:name type="loc"/><contact:voice/><contact:email/></contact:disclose>`)),
			func(r *Response) any {
				c, _ := ReadContact(r)
				if c.AuthInfo.Reveal() != "2fooBAR" {
					return "secret"
				}
				c.AuthInfo = ContactData{}.AuthInfo
				return c
			},
			ContactData{
				ID: "sh8013", ROID: "SH8013-REP", Statuses: []string{"linked", "clientDeleteProhibited"}, Postal: []Postal{
					{Type: "int", Name: "John Doe", Org: "Example Inc.", Street: []string{"123 Example Dr.", "Suite 100"}, City: "Dulles", State: "VA", Code: "20166-6503", Country: "US"},
					{Type: "loc", Name: "Jürgen", City: "Köln", Country: "DE"},
				}, Voice: "+1.7035555555x1234", Fax: "+1.7035555556", Email: "jdoe@example.com", Sponsor: "ClientY", Creator: "ClientX", Updater: "ClientX", Created: at, Updated: at, Transferred: at,
				Disclose: &Disclose{Name: true, Voice: true, Email: true, Local: true},
			},
		},
		"renewal": {
			"1000", data(domain("renData", `<domain:name>Example.com</domain:name><domain:exDate>`+when+`</domain:exDate>`)),
			func(r *Response) any { return ReadTransform(r) },
			Transform{ID: "example.com", Expires: at, SvTRID: "sv-1"},
		},
		"transfer": {
			"1001", data(domain("trnData", `<domain:name>example.com</domain:name>`+transfer)) + ext(`<fee:trnData xmlns:fee="`+NSFee10+`"><fee:currency>USD</fee:currency><fee:period unit="y">1</fee:period><fee:fee>5.00</fee:fee></fee:trnData>`),
			func(r *Response) any {
				t := ReadTransform(r)
				q := t.Fee
				t.Fee = FeeQuote{}
				return []any{t, q.Total.String(), q.Years}
			},
			[]any{Transform{ID: "example.com", Pending: true, Expires: at, Status: "pending", Requester: "ClientX", Actor: "ClientY", Requested: at, Actable: at, SvTRID: "sv-1"}, "5.00 USD", 1},
		},
		"contact transfer": {
			"1001", data(object("contact", NSContact, "trnData", `<contact:id>sh8013</contact:id><contact:trStatus>clientApproved</contact:trStatus><contact:reID>ClientX</contact:reID><contact:reDate>`+when+`</contact:reDate><contact:acID>ClientY</contact:acID><contact:acDate>`+when+`</contact:acDate>`)),
			func(r *Response) any { return ReadTransform(r) },
			Transform{ID: "sh8013", Pending: true, Status: "clientApproved", Requester: "ClientX", Actor: "ClientY", Requested: at, Actable: at, SvTRID: "sv-1"},
		},
		"restore": {
			"1000", ext(`<rgp:upData xmlns:rgp="` + NSRGP + `"><rgp:rgpStatus s="pendingRestore"/></rgp:upData>`),
			func(r *Response) any { return ReadTransform(r).RGP },
			[]string{"pendingRestore"},
		},
		"deletion": {
			"1000", ext(`<fee:delData xmlns:fee="` + NSFee10 + `"><fee:currency>USD</fee:currency><fee:credit description="AGP Credit">-5.00</fee:credit><fee:balance>1005.00</fee:balance><fee:creditLimit>2000.00</fee:creditLimit></fee:delData>`),
			func(r *Response) any {
				q := ReadTransform(r).Fee
				return []string{q.Total.String(), q.Balance.String(), q.Credit.String()}
			},
			[]string{"-5.00 USD", "1005.00 USD", "2000.00 USD"},
		},
		"creation": {
			"1001", data(domain("creData", `<domain:name>example.com</domain:name><domain:crDate>`+when+`</domain:crDate><domain:exDate>`+when+`</domain:exDate>`)) +
				ext(`<launch:creData xmlns:launch="`+NSLaunch+`"><launch:phase>sunrise</launch:phase><launch:applicationID>2393-9323-E08C-03B1</launch:applicationID></launch:creData>`+
					`<fee:creData xmlns:fee="`+NSFee10+`"><fee:currency>USD</fee:currency><fee:period unit="y">2</fee:period><fee:fee description="Registration Fee" lang="en" refundable="1" grace-period="P5D" applied="delayed">5.00</fee:fee><fee:credit>-1.00</fee:credit><fee:balance>-5.00</fee:balance><fee:creditLimit>1000.00</fee:creditLimit></fee:creData>`),
			func(r *Response) any {
				c := ReadCreated(r)
				return []any{c.ID, c.Created, c.Expires, c.Pending, c.Application, c.Fee.Total.String(), c.Fee.Balance.String(), c.Fee.Credit.String(), c.Fee.Years}
			},
			[]any{"example.com", at, at, true, "2393-9323-E08C-03B1", "4.00 USD", "-5.00 USD", "1000.00 USD", 2},
		},
		"application": {
			"1000", data(domain("infData", `<domain:name>a.com</domain:name><domain:roid>EX1-REP</domain:roid><domain:clID>ClientX</domain:clID>`)) + ext(`<launch:infData xmlns:launch="`+NSLaunch+`"><launch:phase name="one">landrush</launch:phase><launch:applicationID>abc123</launch:applicationID><launch:status s="pendingValidation" lang="en" name="x">words</launch:status></launch:infData>`),
			func(r *Response) any { d, _ := ReadDomain(r); return []string{d.Phase, d.Application, d.Launch} },
			[]string{"landrush", "abc123", "pendingValidation"},
		},
		"claims": {
			"1000", ext(`<launch:chkData xmlns:launch="` + NSLaunch + `"><launch:phase>claims</launch:phase><launch:cd><launch:name exists="0">one.com</launch:name></launch:cd><launch:cd><launch:name exists="1">two.com</launch:name><launch:claimKey validatorID="tmch">2013041500/2/6/9/rJ1NrDO92vDsAzf7EQzgjX4R0000000001</launch:claimKey></launch:cd></launch:chkData>`),
			func(r *Response) any { return ReadCheck(r) },
			[]Checked{{ID: "one.com"}, {ID: "two.com", Exists: true, Claims: []string{"2013041500/2/6/9/rJ1NrDO92vDsAzf7EQzgjX4R0000000001"}}},
		},
		"host check": {
			"1000", data(object("host", NSHost, "chkData", `<host:cd><host:name avail="1">NS1.a.com</host:name></host:cd><host:cd><host:name avail="0">ns2.a.com</host:name><host:reason lang="en">In use</host:reason></host:cd>`)),
			func(r *Response) any { return ReadCheck(r) },
			[]Checked{{ID: "ns1.a.com", Free: true}, {ID: "ns2.a.com", Reason: "In use"}},
		},
		"message of an action": {
			"1301", `<msgQ count="1" id="1"/>` + data(domain("panData", `<domain:name paResult="0">example.com</domain:name><domain:paTRID><clTRID>ABC-12345</clTRID><svTRID>54321-XYZ</svTRID></domain:paTRID><domain:paDate>`+when+`</domain:paDate>`)),
			func(r *Response) any {
				p := ReadPoll(r)
				return []any{p.Object, p.Decided, p.Granted, p.ActionID, p.ActionSv, p.ActionAt}
			},
			[]any{"example.com", true, false, "ABC-12345", "54321-XYZ", at},
		},
		"message of a transfer": {
			"1301", `<msgQ count="1" id="1"/>` + data(domain("trnData", `<domain:name>example.com</domain:name>`+transfer)),
			func(r *Response) any {
				p := ReadPoll(r)
				return []any{p.Object, p.Transfer.Status, p.Transfer.Requester}
			},
			[]any{"example.com", "pending", "ClientX"},
		},
		"message of an application": {
			"1301", `<msgQ count="1" id="1"/>` + data(domain("infData", `<domain:name>a.com</domain:name><domain:roid>EX1-REP</domain:roid><domain:clID>ClientX</domain:clID>`)) + ext(`<launch:infData xmlns:launch="`+NSLaunch+`"><launch:phase>sunrise</launch:phase><launch:applicationID>abc123</launch:applicationID><launch:status s="allocated"/></launch:infData>`),
			func(r *Response) any { p := ReadPoll(r); return []string{p.Object, p.Phase, p.Application, p.Launch} },
			[]string{"a.com", "sunrise", "abc123", "allocated"},
		},
		"message of a change": {
			"1301", `<msgQ count="1" id="1"/>` + data(domain("infData", `<domain:name>a.com</domain:name><domain:roid>EX1-REP</domain:roid><domain:clID>ClientX</domain:clID>`)) + ext(`<changePoll:changeData xmlns:changePoll="`+NSChangePoll+`" state="before"><changePoll:operation op="purge">custom</changePoll:operation><changePoll:date>`+when+`</changePoll:date><changePoll:svTRID>12345-XYZ</changePoll:svTRID><changePoll:who>URS Admin</changePoll:who><changePoll:caseId type="custom" name="court">urs123</changePoll:caseId><changePoll:reason lang="en">URS Lock</changePoll:reason></changePoll:changeData>`),
			func(r *Response) any {
				p := ReadPoll(r)
				return []any{p.Object, p.Change, p.ChangeOp, p.When, p.ChangeSv, p.Who, p.Case, p.CaseID, p.Why, p.After}
			},
			[]any{"a.com", "custom", "purge", at, "12345-XYZ", "URS Admin", "custom", "urs123", "URS Lock", false},
		},
		"unhandled": {
			"1301", `<msg>m</msg><extValue><value>` + domain("trnData", `<domain:name>example.com</domain:name>`+transfer) + `</value><reason>` + NSDomain + ` not in login services</reason></extValue>|<msgQ count="1" id="1"/>`,
			func(r *Response) any { p := ReadPoll(r); return []any{p.Object, p.Transfer.Status, p.Unhandled} },
			[]any{"example.com", "pending", []string{NSDomain}},
		},
		"warnings": {
			"1000", ext(`<loginSec:loginSecData xmlns:loginSec="` + NSLoginSec + `"><loginSec:event type="password" level="warning" exDate="` + when + `" lang="en">Password expires in a week</loginSec:event><loginSec:event type="stat" name="failedLogins" level="warning" value="100" duration="P1D">Excessive invalid daily logins</loginSec:event></loginSec:loginSecData>`),
			func(r *Response) any { return ReadSecurity(r) },
			[]SecurityEvent{{Type: "password", Level: "warning", Until: at, Words: "Password expires in a week"}, {Type: "stat", Name: "failedLogins", Level: "warning", Value: "100", Duration: "P1D", Words: "Excessive invalid daily logins"}},
		},
	} {
		result, rest := "<msg>m</msg>", c.inner
		if strings.HasPrefix(rest, "<msg>") || strings.HasPrefix(rest, "<msg ") {
			result, rest, _ = strings.Cut(rest, "|")
		}
		frame := []byte(`<epp xmlns="` + NSEPP + `"><response><result code="` + c.code + `">` + result + `</result>` + rest + `<trID><clTRID>lapse-1</clTRID><svTRID>sv-1</svTRID></trID></response></epp>`)
		r, err := ParseResponse(frame)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, c.read(r), cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if all[name] = frame; r.ClTRID != "lapse-1" {
			t.Errorf("%s: clTRID %q", name, r.ClTRID)
		}
	}
	validate(t, all)
}

// TestGreetingPolicy reads what a server says of the data that it collects.
func TestGreetingPolicy(t *testing.T) {
	at := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	for expiry, want := range map[string]DataCollection{
		"": {}, `<expiry><absolute>2026-11-20T22:00:00.0Z</absolute></expiry>`: {Expires: at}, `<expiry><relative>P30D</relative></expiry>`: {Within: "P30D"},
	} {
		dcp := `<dcp><access><personalAndOther/></access><statement><purpose><admin/><prov/></purpose><recipient><ours><recDesc>us</recDesc></ours><public/></recipient><retention><stated/></retention></statement>` + expiry + `</dcp>`
		_, after, _ := strings.Cut(epptest.Greeting(), "<dcp>")
		_, after, _ = strings.Cut(after, "</dcp>")
		before, _, _ := strings.Cut(epptest.Greeting(), "<dcp>")
		frame := []byte(before + dcp + after)
		g, err := ParseGreeting(frame)
		if err != nil {
			t.Fatal(err)
		}
		want.Access, want.Statements = "personalAndOther", []DataStatement{{[]string{"admin", "prov"}, []string{"ours", "public"}, "stated"}}
		if diff := cmp.Diff(want, g.Policy); diff != "" {
			t.Errorf("%s: %s", expiry, diff)
		}
	}
}

// TestWhatIsWrittenValidates builds commands out of anything: what Encode takes
// is valid by the schemas, whatever it was made of.
func TestWhatIsWrittenValidates(t *testing.T) {
	written := map[string][]byte{}
	rapid.Check(t, func(rt *rapid.T) {
		c, svc := anyCommand(rt)
		b, err := Encode(c, svc, "lapse-0001")
		if err == nil {
			written[fmt.Sprintf("%d %T", len(written), c)] = b
		}
	})
	if len(written) < 20 && !testing.Short() { // short draws too few
		t.Errorf("%d commands could be written", len(written))
	}
	validate(t, written)
}

// anyCommand draws a command. Most of its fields make sense, some do not.
func anyCommand(t *rapid.T) (Command, Services) {
	svc := Everything()
	svc.Fee = rapid.SampledFrom(feeVersions).Draw(t, "fee")
	svc.Extensions[0] = svc.Fee
	odd := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", " ", "a", "  b  ", "<&>", "]]>", "\t\n", "…", strings.Repeat("x", 70), strings.Repeat("y", 300), "-1", "0", "US", "usa"}))
	str := func(label string, good ...string) string {
		if rapid.IntRange(0, 11).Draw(t, label+"?") == 0 {
			return odd.Draw(t, label)
		}
		return rapid.SampledFrom(good).Draw(t, label)
	}
	strs := func(label string, most int, good ...string) (out []string) {
		for range rapid.IntRange(0, most).Draw(t, label+" n") {
			out = append(out, str(label, good...))
		}
		return out
	}
	yes := func(label string) bool { return rapid.Bool().Draw(t, label) }
	num := func(label string) int {
		return rapid.SampledFrom([]int{0, 0, 1, 1, 2, 10, 99, 100, -1}).Draw(t, label)
	}
	secret := func() (s catch.Secret) {
		if yes("secret") {
			return s
		}
		return catch.NewSecret(str("pw", "2fooBAR-long", "correct horse battery staple"))
	}
	name := func() string { return str("name", "example.com", "xn--bcher-kva.com", "a.b.c.d") }
	id := func() string { return str("id", "sh8013", "abc", "0123456789abcdef") }
	roid := func() string { return str("roid", "", "", "SH8013-REP") }
	money := func() catch.Money {
		return catch.Money{Units: rapid.SampledFrom([]int64{0, 1, 110000, 1 << 40, -5}).Draw(t, "units"), Currency: str("currency", "USD", "EUR")}
	}
	when := func() time.Time {
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "when"), 0).UTC()
	}
	fee := func() *Fee {
		if yes("no fee") {
			return nil
		}
		f := &Fee{Price: money()}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			f.Items = append(f.Items, FeeItem{Amount: money(), Description: str("description", "", "Registration")})
		}
		return f
	}
	phase := func() Phase {
		return Phase{str("phase", "sunrise", "landrush", "claims", "open", "custom"), str("phase name", "", "landrush2")}
	}
	key := func() Key {
		return Key{uint16(num("flags")), uint8(num("protocol")), uint8(num("alg")), str("key", "AQPJ////4Q==")}
	}
	sec := func() (s SecDNS) {
		s.MaxSigLife = num("life")
		for range rapid.IntRange(0, 2).Draw(t, "ds") {
			d := DS{uint16(num("tag")), uint8(num("alg")), uint8(num("type")), str("digest", "49FD46E6", "ab"), nil}
			if yes("with key") {
				k := key()
				d.Key = &k
			}
			s.DS = append(s.DS, d)
		}
		for range rapid.IntRange(0, 1).Draw(t, "keys") {
			s.Keys = append(s.Keys, key())
		}
		return s
	}
	token := func() string { return str("token", "", "", "abc123") }
	contacts := func() (out []Contact) {
		for range rapid.IntRange(0, 2).Draw(t, "contacts") {
			out = append(out, Contact{str("role", "admin", "tech", "billing"), id()})
		}
		return out
	}
	hosts := func() (out []Host) {
		for range rapid.IntRange(0, 2).Draw(t, "hosts") {
			out = append(out, Host{name(), strs("addr", 2, "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0")})
		}
		return out
	}
	set := func() DomainSet {
		return DomainSet{NS: strs("ns", 2, "ns1.example.net"), Hosts: hosts(), Contacts: contacts(), Statuses: strs("status", 2, "clientHold", "clientTransferProhibited")}
	}
	postal := func() (out []Postal) {
		for range rapid.IntRange(0, 2).Draw(t, "postal") {
			out = append(out, Postal{str("type", "", "int", "loc"), str("name", "John"), str("org", "", "Org"), strs("street", 3, "Street 1"), str("city", "Town"), str("sp", "", "VA"), str("pc", "", "20166"), str("cc", "US", "DE")})
		}
		return out
	}
	disclose := func() *Disclose {
		if yes("no disclose") {
			return nil
		}
		return &Disclose{yes("show"), yes("name"), yes("org"), yes("addr"), yes("voice"), yes("fax"), yes("email"), yes("loc")}
	}
	voice := func() string { return str("voice", "", "+1.7035555555", "+44.2079460000x12") }
	do := func() Do { return Do(str("do", "request", "query", "approve")) }
	launch := func() *LaunchID {
		if yes("no launch") {
			return nil
		}
		return &LaunchID{phase(), str("application", "abc")}
	}
	switch rapid.IntRange(0, 19).Draw(t, "command") {
	case 0:
		short := func(s catch.Secret) bool { return len([]rune(s.Reveal())) < 8 }
		l := Login{ClientID: id(), Password: secret(), NewPassword: secret(), Agent: str("agent", "", "lapse 1.0")}
		if short(l.Password) || short(l.NewPassword) && !l.NewPassword.IsZero() { // RFC 5730 takes 6, some schemas 8
			l.Password = catch.Secret{}
		}
		return l, svc
	case 1:
		return Poll{Ack: str("message", "", "12345")}, svc
	case 2:
		c := DomainCheck{Names: strs("names", 3, "example.com"), Token: token()}
		if yes("fee check") {
			c.Fee = &FeeCheck{Currency: str("currency", "", "USD"), Commands: strs("commands", 3, "create", "renew", "restore"), Years: num("years"), Phase: str("fee phase", "", "open"), Subphase: str("fee subphase", "", "x")}
		}
		if yes("launch check") {
			c.Launch = &LaunchCheck{phase(), yes("claims")}
		}
		return c, svc
	case 3:
		c := DomainInfo{Name: name(), Hosts: str("hosts", "", "all", "del"), AuthInfo: secret(), ROID: roid(), Token: yes("token")}
		if yes("launch info") {
			c.Launch = &LaunchInfo{phase(), str("application", "", "abc"), yes("mark")}
		}
		return c, svc
	case 4, 5, 6:
		c := DomainCreate{Name: name(), Years: num("years"), NS: strs("ns", 2, "ns1.example.net"), Hosts: hosts(), Registrant: str("registrant", "", "sh8013"), Contacts: contacts(), AuthInfo: secret(), Fee: fee(), Token: token()}
		if yes("secDNS") {
			s := sec()
			c.SecDNS = &s
		}
		if yes("launch create") {
			c.Launch = &LaunchCreate{Phase: phase(), Application: yes("application"), SignedMarks: strs("smd", 1, "PD94bWwgdmVyc2lvbj0iMS4wIj8+")}
			for range rapid.IntRange(0, 1).Draw(t, "codes") {
				c.Launch.Codes = append(c.Launch.Codes, CodeMark{str("code", "49FD46E6"), str("validator", "", "tmch")})
			}
			if yes("notice") {
				c.Launch.Notice = &Notice{str("notice", "370d0b7c9223372036854775807"), str("validator", "", "tmch"), when(), when()}
			}
		}
		return c, svc
	case 7, 8:
		c := DomainUpdate{Name: name(), Add: set(), Rem: set(), Registrant: str("registrant", "", "sh8013"), ClearRegistrant: yes("clear"), AuthInfo: secret(), ClearAuthInfo: yes("clear auth"), Launch: launch(), Fee: fee(), Token: token()}
		if yes("secDNS") {
			c.SecDNS = &SecDNSUpdate{yes("all"), sec(), sec(), num("life"), yes("urgent")}
		}
		if yes("restore") {
			c.Restore = &Restore{}
			if yes("report") {
				c.Restore.Report = &RestoreReport{str("pre", "a"), str("post", "b"), when(), when(), str("reason", "why"), strs("statement", 3, "I swear."), str("other", "", "c")}
			}
		}
		return c, svc
	case 9:
		return DomainRenew{Name: name(), Expires: when(), Years: num("years"), Fee: fee(), Token: token()}, svc
	case 10:
		return DomainDelete{Name: name(), Launch: launch()}, svc
	case 11:
		return DomainTransfer{Do: do(), Name: name(), Years: num("years"), AuthInfo: secret(), ROID: roid(), Fee: fee(), Token: token()}, svc
	case 12:
		return ContactCheck{IDs: strs("ids", 3, "sh8013")}, svc
	case 13:
		return ContactInfo{ID: id(), AuthInfo: secret(), ROID: roid()}, svc
	case 14:
		return ContactCreate{ID: id(), Postal: postal(), Voice: voice(), Fax: voice(), Email: str("email", "j@example.com"), AuthInfo: secret(), Disclose: disclose()}, svc
	case 15, 16:
		return ContactUpdate{ID: id(), Add: strs("add", 1, "clientDeleteProhibited"), Rem: strs("rem", 1, "clientUpdateProhibited"), Postal: postal(), Voice: voice(), Fax: voice(), Email: str("email", "", "j@example.com"), AuthInfo: secret(), Disclose: disclose()}, svc
	case 17:
		return ContactTransfer{Do: do(), ID: id(), AuthInfo: secret()}, svc
	case 18:
		return HostUpdate{Name: name(), AddAddrs: strs("addrs", 2, "192.0.2.1", "2001:db8::1"), RemAddrs: strs("addrs", 1, "192.0.2.1"), AddStatus: strs("status", 1, "clientUpdateProhibited"), NewName: str("new", "", "ns2.example.com")}, svc
	default:
		return HostCreate{Name: name(), Addrs: strs("addrs", 2, "192.0.2.1", "2001:db8::1", "fe80::1%eth0")}, svc
	}
}
