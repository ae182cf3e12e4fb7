package sandbox

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"
)

// serveWHOIS answers WHOIS (RFC 3912): a line, a text, the end.
func (r *Registry) serveWHOIS(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	line, err := bufio.NewReaderSize(c, 1024).ReadSlice('\n')
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(r.whois(strings.TrimSpace(string(line)), hostOf(c.RemoteAddr().String()))))
}

func (r *Registry) whois(query, from string) string {
	// Servers differ in how they want to be asked: "domain =name", "-T dn name",
	// "name/e". All of it is understood.
	words := strings.Fields(query)
	if len(words) == 0 {
		words = []string{""}
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(words[len(words)-1], "="), "/")
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.advance(now)
	e := Entry{At: now, Via: "whois", Command: "domain", Name: name, Code: 200}
	defer func() { r.note(e) }()
	nl, shown := "\r\n", name
	if ok, wait := r.lookup("whois", from, now); !ok {
		e.Code = 429
		return fmt.Sprintf("Query rate limit exceeded. Please try again in %d seconds."+nl, int(wait.Seconds())+1)
	}
	switch f := r.faults; {
	case f.LookupDown:
		e.Code = 503
		return ""
	case f.LookupGarbage:
		return "\x1b[2J\x00\xff%%%" + nl
	case f.LookupForeign:
		shown = "other." + name[strings.IndexByte(name, '.')+1:]
	}
	tail := ">>> Last update of WHOIS database: " + now.UTC().Format(time.RFC3339) + " <<<" + nl
	t, served := r.zoneOf(name)
	if !served || !validName(name) {
		e.Code = 400
		return "Invalid query: this registry does not serve that name." + nl
	}
	d := r.names[name]
	switch {
	case d == nil, !d.exists && d.reserved == "" && !d.opened.After(now):
		e.Code = 404
		if d != nil && d.premium != "" {
			return "This premium domain is available for purchase." + nl + tail
		}
		return "No match for domain \"" + strings.ToUpper(name) + "\"." + nl + tail
	case !d.exists && d.reserved != "":
		return "This name is reserved by the Registry in accordance with ICANN Policy." + nl + tail
	case !d.exists:
		return "This domain is currently available for application via the " + t.Gate + " service." + nl + tail
	}
	var b strings.Builder
	field := func(k, v string) { fmt.Fprintf(&b, "%s: %s%s", k, v, nl) }
	field("Domain Name", strings.ToUpper(shown))
	field("Registry Domain ID", d.roid)
	field("Updated Date", d.changed(now).UTC().Format(time.RFC3339))
	field("Creation Date", d.created.UTC().Format(time.RFC3339))
	if !t.NoExpiry {
		field("Registry Expiry Date", d.shownExpiry(now).UTC().Format(time.RFC3339))
	}
	field("Registrar", d.registrar)
	field("Registrar IANA ID", d.iana)
	epp, rgp := d.statuses(now)
	for _, s := range rgp {
		if s == "pendingDelete" {
			continue // the EPP word says it already
		}
		epp = append(epp, s)
	}
	for _, s := range epp {
		field("Domain Status", s+" https://icann.org/epp#"+s)
	}
	for _, n := range d.ns {
		field("Name Server", strings.ToUpper(n))
	}
	field("DNSSEC", "unsigned")
	if s, _, ends := d.where(now); s.Words != "" {
		w := s.Words
		if strings.Contains(w, "%s") {
			w = fmt.Sprintf(w, ends.UTC().Format(time.RFC3339))
		}
		b.WriteString(w + nl)
	}
	return b.String() + tail
}
