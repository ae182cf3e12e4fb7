package rdap

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
)

var errName = errors.New("not a domain name")

// Words by which servers say, in whatever status and form, that it was too
// much or that it is not for us. They are looked for in the title and the
// description of an error, or in a page of HTML; never in notices, which carry
// terms of use full of them. A 404 in which one of them stands is not the
// registry's word that nobody holds the name.
var (
	limitWords   = []string{"rate limit", "ratelimit", "rate-limit", "too many requests", "too many queries", "queries exceeded", "quota", "limit exceeded", "exceeded the", "exceeded your", "query limit", "throttl", "try again later", "slow down", "request limit", "limit reached", "limit has been", "too many", "over the limit", "allowance", "límite de", "limite de", "demasiadas", "excedid", "trop de requ", "превышен", "频繁", "过限制"}
	refusedWords = []string{"blocked", "denied", "not allowed", "not permitted", "unauthori", "banned", "blacklist", "blocklist", "allowlist", "whitelist", "your ip"}
	closedWords  = []string{"access denied", "access is denied", "permission denied", "access has been", "blacklist", "allowlist", "whitelist", "your ip", "unauthori", "not authorised", "not authorized", "not permitted", "forbidden", "you have been blocked", "verify you are human", "enable javascript", "captcha", "checking your browser", "just a moment"}
	failedWords  = []string{"maintenance", "temporarily unavailable", "temporarily not", "service unavailable", "internal error", "internal server error", "server error", "timed out", "timeout", "database error", "due to an error", "upstream", "backend"}
	servedWords  = []string{"not authoritative", "not supported", "unsupported", "unknown tld", "no rdap service", "tld not found", "not managed", "not served", "no such registry", "zone not found", "not responsible", "requested zone", "no registry found", "tld is unknown", "unknown zone", "outside of this registry", "find rdap service", "no rdap server", "no registry rdap"}
	otherWords   = []string{"contact not found", "nameserver not found", "name server not found", "user not found", "account not found", "registrar not found", "host not found", "no such user", "no such contact"}
	takenWords   = []string{"is registered", "already registered", "has been registered", "is already taken", "already exists"}
	routeWords   = []string{"no route matched", "route not found", "no handler found", "no static resource", "cannot get /", "no such endpoint", "unknown endpoint", "nosuchbucket"}
	invalidWords = []string{"invalid domain", "malformed", "syntax", "invalid query", "invalid name", "invalid label", "not a valid domain", "is not valid", "idna"}
)

func mentions(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// taken reports whether a text in lower case says that somebody holds the name:
// "no domain is registered" does not.
func taken(low string) bool {
	low = strings.ReplaceAll(low, "not found", "")
	for _, w := range takenWords {
		if i := strings.Index(low, w); i >= 0 && !mentions(low[:i], []string{"no ", "not ", "if ", "whether "}) {
			return true
		}
	}
	return false
}

// failed types an answer whose HTTP status is not 200.
func failed(a *whoisx.Answer, raw []byte) {
	body := bytes.TrimSpace(raw)
	status := a.HTTPStatus
	if len(body) > 0 && (body[0] == '{' || body[0] == 0xEF) {
		if d, err := parse(raw); err == nil {
			defer d.free()
			r := &reader{doc: d, a: a}
			if status == http.StatusNotFound && r.describes() {
				a.Outcome, a.Why = whoisx.Unreadable, "the server answered 404, yet describes a domain"
				return
			}
			said, at := r.words()
			if at >= 0 {
				r.value(at, "what the server said")
			}
			if code := r.get(0, "errorCode"); status == http.StatusNotFound && code >= 0 {
				// The body's own code counts where it says that there is more to it.
				if n, err := strconv.Atoi(r.text(code)); err == nil && n > 400 && n < 600 {
					status = n
				}
			}
			if status == http.StatusNotFound && (r.heldAlone() || r.noticed()) {
				return
			}
			byStatus(a, status, said, false)
			return
		}
	}
	text := ""
	if len(body) > 0 {
		text = pageText(body)
		if text != "" {
			a.Evidence = append(a.Evidence, whoisx.Evidence{Source: whoisx.RDAP, Line: 1, Text: clip(text, maxQuote), Says: "what the server said"})
		}
	}
	byStatus(a, status, text, len(body) == 0 || body[0] == '<')
}

// describes reports whether a body that came with an error describes a domain
// all the same.
func (r *reader) describes() bool {
	some := func(member string) bool {
		i := r.get(0, member)
		return r.kind(i) == kArray && r.first(i) >= 0
	}
	return r.get(0, "ldhName") >= 0 || some("nameservers") || some("events") || r.get(0, "handle") >= 0 && (some("status") || some("entities"))
}

// errorBody types an error object (RFC 9083 §6) that came with HTTP 200: the
// code in it counts.
func errorBody(r *reader, code int) {
	said, at := r.words()
	r.value(code, "an error object in an answer with HTTP status 200")
	if at >= 0 {
		r.value(at, "what the server said")
	}
	n, err := strconv.Atoi(r.text(code))
	if err != nil || n < 300 || n > 599 {
		r.a.Outcome, r.a.Why = whoisx.Unreadable, "an error object with no code that is known"
		return
	}
	if n == http.StatusNotFound && (r.heldAlone() || r.noticed()) {
		return
	}
	byStatus(r.a, n, said, false)
	r.a.Why = "error " + strconv.Itoa(n) + " inside an answer with HTTP status 200: " + r.a.Why
}

// words joins an error's title and description; the index is of the value to
// show as evidence. Gateways before the service have members of their own.
func (r *reader) words() (string, int) {
	title, desc := r.get(0, "title"), r.get(0, "description")
	for _, m := range []string{"message", "detail", "error"} {
		if title < 0 && desc < 0 {
			title = r.get(0, m)
		}
	}
	var b strings.Builder
	at := title
	b.WriteString(r.text(r.first(title)))
	n := 0
	r.each(desc, func(i int) {
		if n++; n > 16 || r.kind(i) != kString {
			return
		}
		if n == 1 {
			at = i
		}
		b.WriteByte(' ')
		b.WriteString(r.text(i))
	})
	return whoisx.CleanLine(b.String()), at
}

// byStatus decides by the status and by what the server said beside it; bare
// is a body that is empty or a page of HTML, which the registry's RDAP service
// did not write.
func byStatus(a *whoisx.Answer, status int, said string, bare bool) {
	low := withoutNames(strings.ToLower(said))
	set := func(o whoisx.Outcome, why string) {
		a.Outcome, a.Why = o, why
		if said != "" && o != whoisx.NotRegistered {
			a.Why += " (" + clip(said, maxQuote) + ")"
		}
	}
	limited := mentions(low, limitWords)
	switch {
	case status == http.StatusTooManyRequests:
		set(whoisx.RateLimited, "asked too often")
	case status == http.StatusNotFound && limited:
		set(whoisx.RateLimited, "404, but the server says that it was asked too often")
	case status == http.StatusNotFound:
		switch h := held(low); {
		case taken(low):
			set(whoisx.Unreadable, "404, but the server says that the name is registered")
			return
		case mentions(low, closedWords) && !strings.Contains(low, "registration is not"):
			set(whoisx.Refused, "404, but the server says that it does not let this address ask")
			return
		case h != nil:
			set(h.outcome, "not registered, yet not open")
			a.Category = h.category
			return
		case mentions(low, servedWords):
			set(whoisx.Unsupported, "the server does not serve this suffix")
			return
		case mentions(low, otherWords):
			set(whoisx.Unreadable, "404, but what was not found is no domain")
			return
		case mentions(low, routeWords):
			set(whoisx.Unreadable, "404 of a web server that has no such page: the RDAP service did not answer")
			return
		case mentions(low, failedWords) && !strings.Contains(low, "might have been removed"): // a web server's own 404 page lists what may be wrong
			set(whoisx.Unreachable, "404, but the server says that it failed")
			return
		}
		set(whoisx.NotRegistered, "the server knows no such registration; reserved and premium names answer the same")
	case status == http.StatusForbidden && (limited || strings.Contains(low, "exceeded")):
		set(whoisx.RateLimited, "403: asked too often")
	case status == http.StatusForbidden && bare && !mentions(low, refusedWords):
		set(whoisx.RateLimited, "403 without a word of why: registries' gateways answer so when asked too often")
	case status == http.StatusForbidden:
		set(whoisx.Refused, "403: the server does not let this address ask")
	case status == http.StatusUnauthorized, status == http.StatusPaymentRequired, status == http.StatusProxyAuthRequired, status == http.StatusUnavailableForLegalReasons:
		set(whoisx.Refused, "the server does not let us ask")
	case limited && status >= 400:
		set(whoisx.RateLimited, strconv.Itoa(status)+": asked too often")
	case status == http.StatusUnprocessableEntity && mentions(low, invalidWords):
		set(whoisx.Invalid, "422: the server calls the name malformed")
	case status == http.StatusUnprocessableEntity:
		set(whoisx.RateLimited, "422: registries answer so when asked too often")
	case status == http.StatusBadRequest && mentions(low, servedWords):
		set(whoisx.Unsupported, "400: the server does not serve this suffix")
	case status == http.StatusBadRequest:
		set(whoisx.Invalid, "400: the server calls the question malformed")
	case status == http.StatusGone:
		set(whoisx.Unsupported, "410: this service is gone")
	case status == http.StatusNotImplemented, status == http.StatusMethodNotAllowed, status == http.StatusNotAcceptable, status == http.StatusUnsupportedMediaType:
		set(whoisx.Unsupported, strconv.Itoa(status)+": the server does not answer such questions")
	case status >= 500:
		set(whoisx.Unreachable, "the server failed with "+strconv.Itoa(status))
	case status >= 300 && status < 400:
		set(whoisx.Unreachable, "a redirect that leads nowhere, "+strconv.Itoa(status))
	default:
		set(whoisx.Unreadable, "HTTP status "+strconv.Itoa(status)+" means nothing here")
	}
}

// notJSON types a 200 whose body is no JSON.
func notJSON(a *whoisx.Answer, body []byte, err error) {
	text := pageText(body)
	a.Outcome = whoisx.Unreadable
	if body[0] == '<' {
		a.Why = "a page of HTML instead of an answer"
		if mentions(strings.ToLower(text), limitWords) {
			a.Outcome, a.Why = whoisx.RateLimited, "a page of HTML that says it was asked too often"
		}
	} else {
		a.Why = err.Error()
	}
	if text != "" {
		a.Evidence = append(a.Evidence, whoisx.Evidence{Source: whoisx.RDAP, Line: 1, Text: clip(text, maxQuote), Says: a.Why})
	}
}

// pageText is the start of a page without its tags.
func pageText(b []byte) string {
	b = b[:min(len(b), 4096)]
	if len(b) == 0 || b[0] != '<' {
		return clip(whoisx.CleanLine(string(b)), 2*maxQuote)
	}
	var out strings.Builder
	tag := false
	for _, c := range string(b) {
		switch {
		case c == '<':
			tag = true
			out.WriteByte(' ')
		case c == '>':
			tag = false
		case !tag:
			out.WriteRune(c)
		}
	}
	return clip(whoisx.CleanLine(strings.Join(strings.Fields(out.String()), " ")), 2*maxQuote)
}
