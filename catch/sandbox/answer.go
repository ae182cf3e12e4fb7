package sandbox

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// result is the answer to a command.
type result struct {
	code           int
	msg            string // added to the code's own sentence as a value's reason
	resData        string
	about          string  // namespace of resData, where it is not the command's
	ext            []extra // beside it, each where the session speaks it
	unhandled      []extra // by RFC 9038: what the login did not list
	msgQ           string
	clTRID, svTRID string
	end            bool          // close the session after it
	silent         bool          // close or stay without an answer
	delay          time.Duration // a penalty
}

// extra is an element of an extension, or of an object, with its namespace.
type extra struct{ space, xml string }

// add puts an element beside the answer.
func (r *result) add(space, format string, args ...any) {
	r.ext = append(r.ext, extra{space, fmt.Sprintf(format, args...)})
}

// negotiate keeps to what the session logged in with (RFC 5730, section 2.4):
// other data goes where RFC 9038 has it, if the session asked for that, and
// otherwise is left out.
func (s *session) negotiate(r *result) {
	if r.about != "" && !s.uses(r.about) {
		r.unhandled = append(r.unhandled, extra{r.about, r.resData})
		r.resData = ""
	}
	var ext []extra
	for _, e := range r.ext {
		if s.uses(e.space) {
			ext = append(ext, e)
		} else {
			r.unhandled = append(r.unhandled, e)
		}
	}
	r.ext = ext
	if !s.uses(nsUnhandled) || r.code >= 2000 {
		r.unhandled = nil
	}
}

// sentences are the texts of RFC 5730 §3.
var sentences = map[int]string{
	1000: "Command completed successfully", 1001: "Command completed successfully; action pending",
	1300: "Command completed successfully; no messages", 1301: "Command completed successfully; ack to dequeue",
	1500: "Command completed successfully; ending session",
	2000: "Unknown command", 2001: "Command syntax error", 2002: "Command use error", 2003: "Required parameter missing",
	2004: "Parameter value range error", 2005: "Parameter value syntax error", 2100: "Unimplemented protocol version",
	2101: "Unimplemented command", 2102: "Unimplemented option", 2103: "Unimplemented extension", 2104: "Billing failure",
	2105: "Object is not eligible for renewal", 2106: "Object is not eligible for transfer", 2200: "Authentication error",
	2201: "Authorization error", 2202: "Invalid authorization information", 2300: "Object pending transfer",
	2301: "Object not pending transfer", 2302: "Object exists", 2303: "Object does not exist",
	2304: "Object status prohibits operation", 2305: "Object association prohibits operation",
	2306: "Parameter value policy error", 2307: "Unimplemented object service", 2308: "Data management policy violation",
	2400: "Command failed", 2500: "Command failed; server closing connection",
	2501: "Authentication error; server closing connection", 2502: "Session limit exceeded; server closing connection",
}

func esc(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// stamp writes a time as EPP does: UTC, milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

const head = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" + `<epp xmlns="` + nsEPP + `">`

// xml writes the answer.
func (r result) xml() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, head+`<response><result code="%d"><msg>%s</msg>`, r.code, sentences[r.code])
	if r.msg != "" && r.code >= 2000 {
		fmt.Fprintf(&b, `<extValue><value><undef/></value><reason>%s</reason></extValue>`, esc(r.msg))
	}
	for _, e := range r.unhandled {
		fmt.Fprintf(&b, `<extValue><value>%s</value><reason>%s not in login services</reason></extValue>`, e.xml, e.space)
	}
	b.WriteString(`</result>`)
	b.WriteString(r.msgQ)
	if r.resData != "" {
		b.WriteString(`<resData>` + r.resData + `</resData>`)
	}
	if len(r.ext) > 0 {
		b.WriteString(`<extension>`)
		for _, e := range r.ext {
			b.WriteString(e.xml)
		}
		b.WriteString(`</extension>`)
	}
	b.WriteString(`<trID>`)
	if r.clTRID != "" {
		b.WriteString(`<clTRID>` + esc(r.clTRID) + `</clTRID>`)
	}
	fmt.Fprintf(&b, `<svTRID>%s</svTRID></trID></response></epp>`, esc(r.svTRID))
	return []byte(b.String())
}

func (r *Registry) greeting(now time.Time) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, head+`<greeting><svID>lapse sandbox registry</svID><svDate>%s</svDate><svcMenu><version>1.0</version><lang>en</lang>`, stamp(now))
	for _, u := range objectURIs {
		b.WriteString(`<objURI>` + u + `</objURI>`)
	}
	b.WriteString(`<svcExtension>`)
	for _, u := range r.extensions() {
		b.WriteString(`<extURI>` + u + `</extURI>`)
	}
	b.WriteString(`</svcExtension></svcMenu><dcp><access><all/></access><statement><purpose><admin/><prov/></purpose>` +
		`<recipient><ours/><public/></recipient><retention><stated/></retention></statement></dcp></greeting></epp>`)
	return []byte(b.String())
}

func fail(code int, format string, args ...any) result {
	return result{code: code, msg: fmt.Sprintf(format, args...)}
}
