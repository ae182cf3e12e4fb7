package rdap

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/whoisx"
)

const sample = `{
 "objectClassName": "domain", "handle": "1_DOMAIN_COM-X", "ldhName": "EXAMPLE.COM",
 "links": [
  {"rel": "self", "href": "https://rdap.registry.example/domain/EXAMPLE.COM", "type": "application/rdap+json"},
  {"rel": "related", "href": "https://rdap.registrar.example/domain/EXAMPLE.COM", "type": "application/rdap+json"}],
 "status": ["client transfer prohibited", "pendingDelete", "Redemption Period", "server recover prohibited"],
 "events": [
  {"eventAction": "registration", "eventDate": "2002-07-04T19:15:32.25Z"},
  {"eventAction": "expiration", "eventDate": "2026-07-04T22:21:02+03:00"},
  {"eventAction": "last changed", "eventDate": "2026-06-01 10:00:00"},
  {"eventAction": "registrar expiration", "eventDate": "2025-07-04"},
  {"eventAction": "last update of RDAP database", "eventDate": "2026-08-05T15:37:05Z"}],
 "entities": [{"roles": ["registrar"], "publicIds": [{"type": "IANA Registrar ID", "identifier": 411}],
  "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Sea \u001b[31mWasp\u202e"]]]},
  {"roles": ["registrant"], "vcardArray": ["vcard", [["fn", {}, "text", "Somebody"]]]}],
 "nameservers": [{"ldhName": "NS1.EXAMPLE.NET."}, {"ldhName": "ns2.example.net"}, "ns1.example.net"],
 "redacted": [{"name": {"description": "Registrant Name"}, "method": "removal"}, {"name": {"type": "Registrant Email"}}]
}`

func day(s string) whoisx.Date {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return whoisx.Date{Time: t, DayOnly: true}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return whoisx.At(t)
}

func TestExplainAll(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	got := Explain([]byte(sample), 200, "Example.com.", now)
	created := day("2002-07-04T19:15:32Z")
	created.Time = created.Add(250 * time.Millisecond)
	want := whoisx.Answer{
		Source: whoisx.RDAP, Name: "example.com", Asked: now, Outcome: whoisx.Registered, Confirmed: true, HTTPStatus: 200,
		Statuses:     []string{"clientTransferProhibited", "pendingDelete", "redemptionPeriod"},
		SaidStatuses: []string{"client transfer prohibited", "pendingDelete", "Redemption Period", "server recover prohibited"},
		Created:      created, Updated: day("2026-06-01T10:00:00Z"), Expires: day("2026-07-04T19:21:02Z"), RegistrarExpires: day("2025-07-04"), AsOf: day("2026-08-05T15:37:05Z"),
		Registrar: "Sea [31mWasp", RegistrarID: "411", RegistrarURL: "https://rdap.registrar.example/domain/EXAMPLE.COM",
		Nameservers: []string{"ns1.example.net", "ns2.example.net"}, Redacted: []string{"Registrant Name", "Registrant Email"},
		Raw: []byte(sample),
	}
	evidence := got.Evidence
	got.Evidence = nil
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	lines := strings.Split(sample, "\n")
	says := map[string]bool{}
	for _, e := range evidence {
		says[e.Says] = true
		if e.Line < 1 || e.Line > len(lines) || e.Source != whoisx.RDAP || e.Text != whoisx.CleanLine(e.Text) {
			t.Errorf("evidence %+v", e)
			continue
		}
		if word, _, _ := strings.Cut(strings.Trim(e.Text, `{"`), `"`); !strings.Contains(lines[e.Line-1], word) {
			t.Errorf("line %d does not hold %q: %s", e.Line, e.Text, lines[e.Line-1])
		}
	}
	for _, s := range []string{"names example.com", "status redemptionPeriod", "expires at the registry 2026-07-04T19:21:02Z", "expires at the registrar 2025-07-04", "registrar", "name server ns2.example.net", "redacted: Registrant Name", "the registrar's own RDAP", "a status that is no EPP word"} {
		if !says[s] {
			t.Errorf("no evidence says %q", s)
		}
	}
}

func TestExplainOutcomes(t *testing.T) {
	domain := func(members string) string {
		return `{"objectClassName":"domain","ldhName":"example.com"` + members + `}`
	}
	fault := func(code int, title string, desc ...string) string {
		return fmt.Sprintf(`{"errorCode":%d,"title":%q,"description":[%q],"notices":[{"title":"Terms","description":["Rate limit exceeded queries are throttled; reserved names; not supported"]}]}`, code, title, strings.Join(desc, " "))
	}
	for _, c := range []struct {
		what   string
		status int
		body   string
		want   whoisx.Outcome
		why    string // a part of it
	}{
		{"registered", 200, domain(``), whoisx.Registered, ""},
		{"status not told", 0, domain(``), whoisx.Registered, ""},
		{"no class, yet a domain", 200, `{"ldhName":"EXAMPLE.COM.","status":"active"}`, whoisx.Registered, ""},
		{"by its U-label alone", 200, `{"objectClassName":"domain","unicodeName":"Example.com"}`, whoisx.Registered, ""},
		{"by its own address alone", 200, `{"objectClassName":"domain","links":[{"rel":"self","href":"https://r.example/domain/example.com"}]}`, whoisx.Registered, ""},
		{"byte order mark", 200, "\xEF\xBB\xBF" + domain(``), whoisx.Registered, ""},

		{"404 without body", 404, ``, whoisx.NotRegistered, "reserved and premium"},
		{"404 with body", 404, fault(404, "Not Found", "example.com not found"), whoisx.NotRegistered, ""},
		{"404 with HTML", 404, `<html><body><h1>404 Not Found</h1><hr>nginx</body></html>`, whoisx.NotRegistered, ""},
		{"404 that describes a domain", 404, domain(``), whoisx.Unreadable, "yet describes"},
		{"404 for a reserved name", 404, fault(404, "Not Found", "This name is reserved by the Registry in accordance with ICANN Policy"), whoisx.Reserved, ""},
		{"404 for a premium name that is reserved too", 404, fault(404, "Not found", "This platinum domain is available for purchase. This name is reserved by the Registry"), whoisx.Premium, ""},
		{"404 for the Dropzone", 404, fault(404, "Not found", "This domain is currently available for application via the Identity Digital Dropzone service."), whoisx.Gated, ""},
		{"404 for a blocked name", 404, fault(404, "Not found", "DPML brand protection"), whoisx.Blocked, ""},
		{"404 of a server for others", 404, fault(404, "Not Found", "This server is not authoritative for this TLD"), whoisx.Unsupported, ""},
		{"404 that is a limit", 404, fault(404, "Not Found", "Number of allowed queries exceeded, try again later"), whoisx.RateLimited, ""},

		{"404 that says so", 404, fault(404, "Not Found", "Domain Name: example.com", "This name is not available for registration:", "Registry Reserved"), whoisx.Reserved, ""},
		{"404 with a notice of a block", 404, `{"errorCode":404,"title":"Not Found","notices":[{"title":"Terms of Use","description":["All rights reserved. A premium name costs more."]},{"title":"Blocked Domain","description":["This name has been blocked by a GlobalBlock service"]}]}`, whoisx.Blocked, "GlobalBlock"},
		{"404 with a notice of a period", 404, `{"errorCode":404,"notices":{"title":"Domain","description":"This domain is currently available for registration in the Expiry Access Period"}}`, whoisx.Gated, "Expiry"},
		{"404 with a remark", 404, `{"errorCode":404,"remarks":[{"description":["This is a premium name"]}]}`, whoisx.Premium, ""},
		{"404 with one word in its title", 404, `{"errorCode":404,"title":"Reserved"}`, whoisx.Reserved, "not open"},
		{"404 with one word in its description", 404, `{"errorCode":404,"title":"Not Found","description":["PREMIUM"]}`, whoisx.Premium, ""},
		{"404 with one word and no code", 404, `{"title":"Blocked"}`, whoisx.Blocked, ""},
		{"404 with a notice of one word", 404, `{"errorCode":404,"notices":[{"title":"Premium","description":["Price class 1"]}]}`, whoisx.Premium, ""},
		{"404 in Chinese", 404, fault(404, "Not Found", "该域名为保留域名"), whoisx.Reserved, ""},
		{"404 that allows nobody", 404, fault(404, "Not Found", "Registration is not permitted"), whoisx.Reserved, ""},
		{"404 of a name applied for", 404, fault(404, "Not Found", "Pending application"), whoisx.Gated, ""},
		{"404 that says it is registered", 404, fault(404, "Not Found", "The domain is registered but its data is not published here"), whoisx.Unreadable, "registered"},
		{"404 that says it is taken", 404, fault(404, "Not Found", "Domain already registered"), whoisx.Unreadable, "registered"},
		{"404 that finds nothing registered", 404, fault(404, "Not Found", "No domain of this name is registered"), whoisx.NotRegistered, ""},
		{"404 with the record's parts", 404, `{"errorCode":404,"handle":"1","status":["active"]}`, whoisx.Unreadable, "yet describes"},
		{"404 with name servers", 404, `{"errorCode":404,"nameservers":[{"ldhName":"ns1.example.net"}]}`, whoisx.Unreadable, "yet describes"},
		{"404 of a framework", 404, `{"timestamp":1,"status":404,"error":"Not Found","path":"/domain/example.com"}`, whoisx.NotRegistered, ""},
		{"404 that tells where reserved names are listed", 404, fault(404, "Not Found", "No object was found. Reserved names are listed at https://r.example/reserved"), whoisx.NotRegistered, ""},
		{"404 with a notice about a kind of names", 404, `{"errorCode":404,"notices":[{"title":"Reserved names","description":["For reserved names see https://r.example"]}]}`, whoisx.NotRegistered, ""},
		{"200 of a gateway's limit", 200, `{"message":"API rate limit exceeded"}`, whoisx.RateLimited, ""},
		{"200 with a status of several words", 200, domain(`,"status":["reserved by registry"]`), whoisx.Reserved, ""},
		{"200 with a premium status", 200, domain(`,"status":["available premium"]`), whoisx.Premium, ""},
		{"200 with a remark of one word", 200, domain(`,"remarks":[{"title":"Reserved","description":["Reserved"]}]`), whoisx.Reserved, ""},
		{"404 that calls it unavailable", 404, fault(404, "Not Found", "Domain name is unavailable"), whoisx.Reserved, ""},
		{"404 that finds it in no database", 404, fault(404, "Not Found", "Domain not available in our database"), whoisx.NotRegistered, ""},
		{"404 for a backorder", 404, fault(404, "Not Found", "The domain is available for backorder."), whoisx.Gated, ""},
		{"404 of a trademark", 404, fault(404, "Not Found", "This name is protected by TREx"), whoisx.Blocked, "TREx"},
		{"404 about a name of such words", 404, fault(404, "Not Found", "Domain 'premium-auction.trex.example' not found."), whoisx.NotRegistered, ""},
		{"404 for something else", 404, fault(404, "Contact not found"), whoisx.Unreadable, "no domain"},
		{"404 because of a failure", 404, fault(404, "Not Found", "The record could not be found due to an error"), whoisx.Unreachable, "failed"},
		{"404 of a wall", 404, `<html><body>Please enable JavaScript</body></html>`, whoisx.Refused, ""},
		{"404 with a member", 404, `{"errorCode":404,"title":"Not Found","premium":true}`, whoisx.Premium, ""},
		{"404 with a member that is false", 404, `{"errorCode":404,"title":"Not Found","premium":false}`, whoisx.NotRegistered, ""},
		{"200 free with a member", 200, domain(`,"status":["available"],"reserved":true`), whoisx.Reserved, ""},
		{"200 blocked by the server", 200, domain(`,"status":["server blocked"]`), whoisx.Blocked, ""},
		{"404 with terms of use alone", 404, `{"errorCode":404,"title":"Not Found","notices":[{"title":"Terms of Service","description":["A name that is reserved by the registry is not found. Access is limited; your IP may be blocked."]},{"title":"Note","description":["` + strings.Repeat("a premium name is a name like others, ", 9) + `"]},{"title":"Note","description":["(c) All rights reserved by the registry"]}]}`, whoisx.NotRegistered, ""},
		{"404 whose own code is 429", 404, fault(429, "Sorry"), whoisx.RateLimited, ""},
		{"404 whose own code is 403", 404, fault(403, "Sorry"), whoisx.Refused, ""},
		{"404 whose own code is 500", 404, fault(500, "Sorry"), whoisx.Unreachable, ""},
		{"404 that refuses", 404, `Access Denied: your IP is not on the list`, whoisx.Refused, ""},
		{"404 of a web server", 404, `<h1>Server Error</h1><h2>404 - File or directory not found.</h2><h3>The resource might have been removed or is temporarily unavailable.</h3>`, whoisx.NotRegistered, ""},
		{"404 of a gateway", 404, `{"message":"no Route matched with those values"}`, whoisx.Unreadable, "no such page"},
		{"404 of a router", 404, "<pre>Cannot GET /domain/example.com</pre>", whoisx.Unreadable, "no such page"},
		{"404 in plain text", 404, "404 page not found\n", whoisx.NotRegistered, ""},
		{"404 of a gateway that limits", 404, `{"message":"API rate limit exceeded"}`, whoisx.RateLimited, ""},
		{"404 in other words", 404, `{"error":"Not Found"}`, whoisx.NotRegistered, ""},
		{"404 under repair", 404, `<html><title>Not Found</title>Scheduled maintenance</html>`, whoisx.Unreachable, ""},
		{"404 for a zone of others", 404, fault(404, "Object not found", "The RDAP server doesn't have information about the requested zone"), whoisx.Unsupported, ""},
		{"404, cut off", 404, fault(404, "Not Found")[:20], whoisx.NotRegistered, ""},
		{"400 for a zone of others", 400, fault(400, "Bad Request", "Unsupported TLD"), whoisx.Unsupported, ""},

		{"429", 429, ``, whoisx.RateLimited, ""},
		{"429 in HTML", 429, `<html>Too Many Requests</html>`, whoisx.RateLimited, ""},
		{"403 as a limit", 403, `Number of allowed queries exceeded`, whoisx.RateLimited, ""},
		{"403 in HTML", 403, `<html><head><title>403 Forbidden</title></head></html>`, whoisx.RateLimited, "403"},
		{"403 in HTML that says why", 403, `<html><h1>Access Denied</h1>Your IP is blocked</html>`, whoisx.Refused, "403"},
		{"403 without body", 403, ``, whoisx.RateLimited, "403"},
		{"403 with JSON", 403, fault(403, "Forbidden", "Your address is blocked"), whoisx.Refused, ""},
		{"401", 401, ``, whoisx.Refused, ""},
		{"422 as a limit", 422, fault(422, "Unprocessable Entity"), whoisx.RateLimited, "422"},
		{"422 for the name", 422, fault(422, "Unprocessable", "Domain name is not valid: invalid label"), whoisx.Invalid, ""},
		{"400", 400, fault(400, "Bad Request", "only second-level names"), whoisx.Invalid, "malformed"},
		{"400 as a limit", 400, fault(400, "Bad Request", "rate limit exceeded"), whoisx.RateLimited, ""},
		{"500", 500, `oops`, whoisx.Unreachable, "500"},
		{"503", 503, `<html>maintenance</html>`, whoisx.Unreachable, "503"},
		{"503 as a limit", 503, `Too many requests`, whoisx.RateLimited, ""},
		{"501", 501, ``, whoisx.Unsupported, ""},
		{"302 to nowhere", 302, ``, whoisx.Unreachable, ""},
		{"204", 204, ``, whoisx.Unreadable, ""},
		{"418", 418, ``, whoisx.Unreadable, ""},

		{"empty", 200, ``, whoisx.Unreadable, "nothing in it"},
		{"white space", 200, " \n\t", whoisx.Unreadable, "nothing in it"},
		{"HTML", 200, `<!DOCTYPE html><html><body><a href="/">Found</a></body></html>`, whoisx.Unreadable, "HTML"},
		{"HTML that is a limit", 200, `<html><body>You have exceeded your query limit</body></html>`, whoisx.RateLimited, ""},
		{"plain text", 200, `Domain not found`, whoisx.Unreadable, "JSON"},
		{"cut off", 200, domain(``)[:30], whoisx.Unreadable, "ends too early"},
		{"two values", 200, domain(``) + domain(``), whoisx.Unreadable, ""},
		{"an array", 200, `[` + domain(``) + `]`, whoisx.Unreadable, "no object"},
		{"a string", 200, `"example.com"`, whoisx.Unreadable, ""},
		{"an empty object", 200, `{}`, whoisx.Unreadable, "names no domain"},
		{"a help text", 200, `{"rdapConformance":["rdap_level_0"],"notices":[]}`, whoisx.Unreadable, "help"},
		{"another domain", 200, `{"objectClassName":"domain","ldhName":"example.net"}`, whoisx.Unreadable, "example.net"},
		{"another domain, escape in it", 200, "{\"ldhName\":\"a\\u001b[2J.com\"}", whoisx.Unreadable, "a[2J.com"},
		{"another domain by its U-label", 200, `{"objectClassName":"domain","unicodeName":"exämple.com"}`, whoisx.Unreadable, ""},
		{"the parent", 200, `{"objectClassName":"domain","ldhName":"com"}`, whoisx.Unreadable, ""},
		{"a name server", 200, `{"objectClassName":"nameserver","ldhName":"example.com"}`, whoisx.Unreadable, "nameserver"},
		{"an entity", 200, `{"objectClassName":"entity","handle":"X"}`, whoisx.Unreadable, "entity"},
		{"the wrong type of name", 200, `{"objectClassName":"domain","ldhName":{"x":1},"unicodeName":["example.com"]}`, whoisx.Registered, ""},
		{"too deep", 200, strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000), whoisx.Unreadable, "deep"},
		{"too large", 200, domain(`,"x":"` + strings.Repeat("x", MaxBody) + `"`), whoisx.Unreadable, "256 KiB"},

		{"error 404 with 200", 200, fault(404, "Not Found"), whoisx.NotRegistered, "inside"},
		{"error 429 with 200", 200, fault(429, "Too Many Requests"), whoisx.RateLimited, "inside"},
		{"error 403 with 200", 200, fault(403, "Forbidden"), whoisx.Refused, "inside"},
		{"error 500 with 200", 200, fault(500, "Internal"), whoisx.Unreachable, "inside"},
		{"error as a word", 200, `{"errorCode":"nope"}`, whoisx.Unreadable, ""},
		{"error as a string", 200, `{"errorCode":"404","title":"Not Found"}`, whoisx.NotRegistered, ""},
		{"error beside a domain", 200, domain(`,"errorCode":0`), whoisx.Registered, ""},
		{"error 404 that repeats the question", 200, domain(`,"errorCode":404,"title":"Not Found"`), whoisx.NotRegistered, "inside"},
		{"error 429 that repeats the question", 200, domain(`,"errorCode":429`), whoisx.RateLimited, "inside"},
		{"error 404 about another domain", 200, `{"errorCode":404,"ldhName":"example.net"}`, whoisx.Unreadable, "example.net"},
		{"error 404 and a whole record", 200, domain(`,"errorCode":404,"events":[{"eventAction":"registration","eventDate":"2020-01-01T00:00:00Z"}]`), whoisx.Unreadable, "an error in one"},
		{"404 of a shield", 404, `<html><title>Attention Required!</title>Sorry, you have been blocked</html>`, whoisx.Refused, ""},
		{"404 of an empty store", 404, `<?xml version="1.0"?><Error><Code>NoSuchBucket</Code></Error>`, whoisx.Unreadable, "no such page"},
		{"404 as a limit, in Spanish", 404, fault(404, "Límite de consultas excedido"), whoisx.RateLimited, ""},

		{"reserved, by its status alone", 200, domain(`,"status":["reserved"]`), whoisx.Reserved, ""},
		{"blocked, by its status alone", 200, domain(`,"status":"blocked"`), whoisx.Blocked, ""},
		{"available, by its status alone", 200, domain(`,"status":["available"]`), whoisx.NotRegistered, ""},
		{"withheld, in capitals", 200, domain(`,"status":["WITHHELD"],"events":[{"eventAction":"last update of RDAP database","eventDate":"2026-01-01T00:00:00Z"}]`), whoisx.Reserved, ""},
		{"in auction", 200, domain(`,"status":["in auction"]`), whoisx.Gated, ""},
		{"premium, by a remark", 200, domain(`,"remarks":[{"title":"Availability","description":["This is a premium domain"]}]`), whoisx.Premium, ""},
		{"reserved, by a notice", 200, domain(`,"status":["available"],"notices":[{"title":"Note","description":["This name is reserved by the registry"]}]`), whoisx.Reserved, ""},
		{"404 with a notice of what its data is for", 404, `{"errorCode":404,"title":"Not Found","notices":[{"title":"Notice","description":["Any use of this data for advertising is prohibited.","Access to this service is restricted to lawful purposes."]}]}`, whoisx.NotRegistered, ""},
		{"error 404 with 200 and a notice", 200, `{"errorCode":404,"notices":[{"title":"Reserved Name","description":[]}]}`, whoisx.Reserved, ""},
		{"a remark about a held name", 200, domain(`,"status":["active"],"remarks":[{"description":["This is a premium domain"]}],"events":[{"eventAction":"registration","eventDate":"2020-01-01T00:00:00Z"}]`), whoisx.Registered, ""},
		{"reserved among others", 200, domain(`,"status":["reserved","active"],"events":[{"eventAction":"registration","eventDate":"2020-01-01T00:00:00Z"}]`), whoisx.Registered, ""},
		{"available and held", 200, domain(`,"status":["available"],"nameservers":[{"ldhName":"ns.a.net"}]`), whoisx.Registered, ""},
	} {
		a := Explain([]byte(c.body), c.status, "example.com", time.Time{})
		if a.Outcome != c.want || !strings.Contains(a.Why, c.why) {
			t.Errorf("%s: %s (%s), want %s (%s)", c.what, a.Outcome, a.Why, c.want, c.why)
		}
		if a.Outcome == whoisx.Registered && !a.Confirmed {
			t.Errorf("%s: registered without being named", c.what)
		}
		if a.Why != whoisx.CleanLine(a.Why) {
			t.Errorf("%s: %q is not clean", c.what, a.Why)
		}
	}
	if a := Explain(nil, 200, "no domain\x1b", time.Time{}); a.Outcome != whoisx.Invalid || a.Name != "no domain" {
		t.Errorf("a name that is none: %+v", a)
	}
}

// Fields of an unexpected type are read for what they are, or left out; none
// of them spoils the others.
func TestExplainShapes(t *testing.T) {
	for _, c := range []struct {
		members string
		want    string
	}{
		{`"status":"active"`, "[ok]"},
		{`"status":"client hold, pendingDelete"`, "[clientHold pendingDelete]"},
		{`"status":["CLIENT-HOLD https://icann.org/epp#clientHold","clientHold"]`, "[clientHold]"},
		{`"status":[null,7,{"a":1},["b"],"auto renew period"]`, "[autoRenewPeriod]"},
		{`"status":null`, "[]"},
		{`"status":[["pending delete"],[["redemption period"]]]`, "[pendingDelete redemptionPeriod]"},
		{`"events":[[{"eventAction":"expiration","eventDate":"2027-01-02"}]]`, "expires 2027-01-02"},
		{`"entities":[[{"roles":["registrar"],"handle":"H-3"}]]`, "by H-3"},
		{`"entities":[{"handle":"H-4","publicIds":[{"type":"IANA Registrar ID","identifier":"12"}]},{"handle":"H-5"}]`, "by H-4#12"},
		{`"Status":["server hold"]`, "[serverHold]"},
		{`"events":{"eventAction":"expiration","eventDate":"2027-01-02T03:04:05Z"}`, "expires 2027-01-02T03:04:05Z"},
		{`"events":[{"eventAction":"Registrar_Expiration","eventDate":"2027-01-02T03:04:05+0100"}]`, "registrar 2027-01-02T02:04:05Z"},
		{`"events":[{"eventAction":"expiration","eventDate":"9999-12-31T23:59:59Z"}]`, ""},
		{`"events":[{"eventAction":"expiration","eventDate":"0001-01-01T00:00:00Z"},{"eventAction":"expiration","eventDate":"2027-01-02T03:04:05"}]`, "expires 2027-01-02T03:04:05Z"},
		{`"events":[{"eventAction":"expiration","eventDate":"next week"}]`, ""},
		{`"events":[{"eventAction":"EXPIRATION","eventDate":"2027-01-02t03:04:05z"}]`, "expires 2027-01-02T03:04:05Z"},
		{`"events":[{"eventAction":"expiration","eventDate":"2027-01-02 03:04:05 UTC"}]`, "expires 2027-01-02T03:04:05Z"},
		{`"events":[{"eventAction":"expiration","eventDate":"2027-01-02T03:04:05Z[UTC]"}]`, "expires 2027-01-02T03:04:05Z"},
		{`"events":[{"eventAction":"expiration","eventDate":"2027-01-02T03:04:05.123456789+03:00"}]`, "expires 2027-01-02T00:04:05Z"},
		{`"events":[{"eventAction":"expiration","eventDate":"2027-01-02T03:04:05Z"},{"eventAction":"expiration","eventDate":"2029-01-02T03:04:05Z"}]`, "expires 2027-01-02T03:04:05Z"},
		{`"events":[{"eventAction":"enum validation expiration","eventDate":"2027-01-02T03:04:05Z"}]`, ""},
		{`"events":[{"eventAction":["expiration"],"eventDate":["2027-01-02"]}]`, "expires 2027-01-02"},
		{`"events":[{"eventAction":"expiration"},{"eventDate":"2027-01-02"},7]`, ""},
		{`"nameservers":{"ldhName":"NS.A.NET"}`, "ns [ns.a.net]"},
		{`"nameservers":["NS.A.NET.",{"ldhName":null,"unicodeName":"ns.exämple.net"},{"ldhName":"no host"},{"ldhName":"a\u001b.b"}]`, "ns [ns.a.net ns.xn--exmple-cua.net a.b]"},
		{`"entities":{"roles":"registrar","handle":"H-1"}`, "by H-1"},
		{`"entities":[{"roles":["registrant"],"entities":[{"roles":["registrar"],"handle":"H-2"}]}]`, "by H-2"},
		{`"entities":[{"roles":["registrant"],"entities":[{"roles":["registrar"],"handle":"H-2"}]},{"roles":["registrar"],"handle":"H-1"}]`, "by H-1"},
		{`"entities":[{"roles":["sponsor","Registrar"],"vcardArray":["vcard",[["fn",{},"text",""],["org",{},"text",["Org Ltd","Dept"]]]],"publicIds":{"type":"iana registrar id","identifier":"12"}}]`, "by Org Ltd#12"},
		{`"entities":[{"roles":["registrar"],"vcardArray":"vcard"},{"roles":["registrar"],"vcardArray":["vcard",[7,[],["fn"],["fn",{},"text",{"a":1}]]],"handle":9}]`, "by 9"},
		{`"redacted":[{"name":"Registry Expiry Date"},{"name":{}},7]`, "hidden [Registry Expiry Date]"},
		{`"links":[{"rel":"related","href":"https://10.1.2.3/domain/example.com"}]`, ""},
		{`"links":[{"rel":"related","href":"http://rdap.registrar.example/domain/example.com","type":"application/rdap+json"}]`, ""},
		{`"links":[{"rel":"related","href":"https://user:pw@rdap.registrar.example/domain/example.com"}]`, ""},
		{`"links":{"rel":"related","href":"https://rdap.registrar.example/domain/example.com"}`, "link https://rdap.registrar.example/domain/example.com"},
		{`"links":[{"rel":"related","href":"https://www.registrar.example/","type":"text/html"}]`, ""},
	} {
		a := Explain([]byte(`{"objectClassName":"domain","ldhName":"example.com",`+c.members+`}`), 200, "example.com", time.Time{})
		if a.Outcome != whoisx.Registered {
			t.Errorf("%s: %s %s", c.members, a.Outcome, a.Why)
			continue
		}
		var got []string
		if len(a.Statuses) > 0 || strings.HasPrefix(strings.ToLower(c.members), `"status`) {
			got = append(got, fmt.Sprint(a.Statuses))
		}
		if !a.Expires.IsZero() {
			got = append(got, "expires "+a.Expires.String())
		}
		if !a.RegistrarExpires.IsZero() {
			got = append(got, "registrar "+a.RegistrarExpires.String())
		}
		if len(a.Nameservers) > 0 {
			got = append(got, fmt.Sprint("ns ", a.Nameservers))
		}
		if a.Registrar != "" {
			s := "by " + a.Registrar
			if a.RegistrarID != "" {
				s += "#" + a.RegistrarID
			}
			got = append(got, s)
		}
		if len(a.Redacted) > 0 {
			got = append(got, fmt.Sprint("hidden ", a.Redacted))
		}
		if a.RegistrarURL != "" {
			got = append(got, "link "+a.RegistrarURL)
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s: %q, want %q", c.members, s, c.want)
		}
	}
}

func TestExplainIDN(t *testing.T) {
	const a, u = "xn--mnchen-3ya.de", "münchen.de"
	for _, asked := range []string{a, u, "MÜNCHEN.de.", strings.ToUpper(a)} {
		for _, body := range []string{
			`{"objectClassName":"domain","ldhName":"` + a + `","unicodeName":"` + u + `"}`,
			`{"objectClassName":"domain","ldhName":"` + u + `"}`,
			`{"objectClassName":"domain","unicodeName":"M\u00dcnchen.de"}`,
			`{"objectClassName":"domain","ldhName":"XN--MNCHEN-3YA.DE."}`,
		} {
			got := Explain([]byte(body), 200, asked, time.Time{})
			if got.Outcome != whoisx.Registered || got.Name != a {
				t.Errorf("asked %s, answered %s: %s %q %s", asked, body, got.Outcome, got.Name, got.Why)
			}
		}
		if got := Explain([]byte(`{"objectClassName":"domain","ldhName":"xn--mnchn-kva.de","unicodeName":"`+u+`"}`), 200, asked, time.Time{}); got.Outcome != whoisx.Unreadable {
			t.Errorf("an A-label that says something else passed")
		}
	}
}

// Every sample of the corpus is read in full, or typed as what is wrong with
// it.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("LAPSE_CORPUS")
	if dir == "" {
		t.Skip("LAPSE_CORPUS is not set: the samples of real answers are not at hand")
	}
	files, err := filepath.Glob(filepath.Join(dir, "rdap", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d, err := parse(raw)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		name := d.text(d.get(0, "ldhName"))
		want := plainly(d)
		d.free()
		a := Explain(raw, 200, name, time.Time{})
		if a.Outcome != whoisx.Registered {
			t.Errorf("%s: %s: %s", filepath.Base(f), a.Outcome, a.Why)
			continue
		}
		got := counts{len(a.SaidStatuses), len(a.Nameservers), a.Registrar != "", map[string]string{}}
		for action, v := range map[string]whoisx.Date{"registration": a.Created, "expiration": a.Expires, "last changed": a.Updated, "registrar expiration": a.RegistrarExpires} {
			if !v.IsZero() {
				got.dates[action] = v.Format(time.DateOnly)
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(counts{})); diff != "" {
			t.Errorf("%s: not read in full (-there +read):\n%s", filepath.Base(f), diff)
		}
		if strings.Contains(string(raw), `"redacted": [`) && len(a.Redacted) == 0 {
			t.Errorf("%s: its redactions are not told", filepath.Base(f))
		}
		if other := Explain(raw, 200, "another-name.example", time.Time{}); other.Outcome != whoisx.Unreadable {
			t.Errorf("%s: read as an answer about another name", filepath.Base(f))
		}
	}
}

// counts is what a sample holds, gathered another way than by the reader.
type counts struct {
	statuses, nameservers int
	registrar             bool
	dates                 map[string]string
}

func plainly(d *doc) counts {
	c := counts{dates: map[string]string{}}
	d.each(d.get(0, "status"), func(int) { c.statuses++ })
	d.each(d.get(0, "nameservers"), func(int) { c.nameservers++ })
	d.each(d.get(0, "entities"), func(e int) {
		d.each(d.get(e, "roles"), func(r int) { c.registrar = c.registrar || d.text(r) == "registrar" })
	})
	d.each(d.get(0, "events"), func(e int) {
		switch a := d.text(d.get(e, "eventAction")); a {
		case "registration", "expiration", "last changed", "registrar expiration":
			c.dates[a] = d.text(d.get(e, "eventDate"))[:10]
		}
	})
	return c
}

func FuzzExplain(f *testing.F) {
	f.Add([]byte(sample), 200, "example.com")
	f.Add([]byte(`{"errorCode":404,"title":"x","description":["rate limit"]}`), 200, "example.com")
	f.Add([]byte(`<html>Too Many Requests</html>`), 403, "münchen.de")
	f.Add([]byte(`{"ldhName":"\ud800.com","status":"a,b","events":[{"eventAction":1}]}`), 200, "a.com")
	f.Add([]byte{0xEF, 0xBB, 0xBF, '{', '"'}, 404, "a.b")
	if dir := os.Getenv("LAPSE_CORPUS"); dir != "" {
		files, _ := filepath.Glob(filepath.Join(dir, "rdap", "*.json"))
		for _, p := range files {
			if b, err := os.ReadFile(p); err == nil {
				d, err := parse(b)
				if err != nil {
					continue
				}
				f.Add(b, 200, d.text(d.get(0, "ldhName")))
				d.free()
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, status int, name string) {
		a := Explain(raw, status, name, time.Time{})
		if a.Outcome == "" || a.Source != whoisx.RDAP {
			t.Fatalf("no outcome: %+v", a)
		}
		if a.Outcome == whoisx.Registered && !a.Confirmed {
			t.Error("registered without being named")
		}
		if a.Outcome == whoisx.NotRegistered && status != 404 && status != 200 && status != 203 && status != 0 {
			t.Errorf("status %d read as not registered", status)
		}
		if len(a.Raw) > MaxBody || len(a.Evidence) > maxEvidence {
			t.Error("unbounded")
		}
		shown := append([]string{a.Why, a.Name, a.Registrar, a.RegistrarID, a.Category, a.RegistrarURL}, a.SaidStatuses...)
		shown = append(append(shown, a.Nameservers...), a.Redacted...)
		for _, e := range a.Evidence {
			shown = append(shown, e.Text, e.Says)
			if e.Line < 1 {
				t.Errorf("evidence without a line: %+v", e)
			}
		}
		for _, s := range shown {
			if s != whoisx.Clean(s) || strings.Contains(s, "\n") {
				t.Errorf("not clean: %q", s)
			}
		}
	})
}

func BenchmarkExplain(b *testing.B) {
	raw := []byte(sample)
	b.ReportAllocs()
	for b.Loop() {
		if a := Explain(raw, 200, "example.com", time.Time{}); a.Outcome != whoisx.Registered {
			b.Fatal(a.Why)
		}
	}
}

// Hostile input takes time in proportion to its length.
func BenchmarkExplainHostile(b *testing.B) {
	for name, in := range map[string]string{
		"events":   `{"ldhName":"example.com","events":[` + strings.Repeat(`{"eventAction":"expiration","eventDate":"x"},`, 5500) + `0]}`,
		"quotes":   `{"ldhName":"example.com","status":["` + strings.Repeat(`\"`, 120_000) + `"]}`,
		"arrays":   `{"ldhName":"example.com","x":[` + strings.Repeat(`[],`, 80_000) + `0]}`,
		"newlines": `{"ldhName":"example.com","status":[` + strings.Repeat("\n\"a\",", 40_000) + `"b"]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				Explain([]byte(in), 200, "example.com", time.Time{})
			}
		})
	}
}

// TestOddEvents reads events whose actions and dates are spelled in ways that no
// RFC has, and name servers without an ldhName.
func TestOddEvents(t *testing.T) {
	for _, c := range []struct{ created, updated, expires string }{
		{`"Registration","eventDate":"2001-02-03T00:00:00Z"`, `"LAST CHANGED","eventDate":"2002-02-03T00:00:00Z"`, `"Expiration ","eventDate":"2027-02-03T00:00:00Z"`},
		{`"created","eventDate":"20010203"`, `"last update","eventDate":"2002/02/03"`, `"expiry","eventDate":"03-Feb-2027"`},
		{`"registration date","eventDate":"Sat, 03 Feb 2001 10:00:00 GMT"`, `"last updated","eventDate":"2002-02-03T00:00:00+0000"`, `"expiration date","eventDate":"2027-02-03T00:00:00Z[UTC]"`},
	} {
		a := Explain([]byte(`{"objectClassName":"domain","ldhName":"example.com","events":[{"eventAction":`+c.created+`},{"eventAction":`+c.updated+`},{"eventAction":`+c.expires+`}],"nameservers":[{"handle":"ns1.example.net"},{"handle":"H-1","ldhName":"ns2.example.net"}]}`), 200, "example.com", time.Time{})
		if a.Created.Format(time.DateOnly) != "2001-02-03" || a.Updated.Format(time.DateOnly) != "2002-02-03" || a.Expires.Format(time.DateOnly) != "2027-02-03" || len(a.Nameservers) != 2 {
			t.Errorf("%v: created %s, updated %s, expires %s, name servers %v", c, a.Created, a.Updated, a.Expires, a.Nameservers)
		}
	}
}
