package whois

import (
	"slices"
	"strings"

	parser "github.com/likexian/whois-parser"

	"github.com/lapse-dev/lapse/whoisx"
)

// fillCap bounds what the third-party parser is given: its time grows with the
// square of an answer's length for some suffixes.
const fillCap = 4 << 10

// Fill lets github.com/likexian/whois-parser add what the classifier did not
// find in an answer about a registered name: the registrar and the name
// servers. It decides nothing. Outcome, statuses and dates are never touched,
// what was found is never replaced, and what it adds has to stand in the text
// and is shown as its word; it runs on a bounded text, and a panic in it (it
// has known ones) leaves the answer as it was.
func Fill(a *whoisx.Answer, text string) {
	if !incomplete(a) || len(text) > fillCap || !mayFill(a, text) {
		return
	}
	info, ok := parse(text)
	if !ok || info.Domain == nil {
		return
	}
	if d := strings.ToLower(info.Domain.Domain); d != "" && d != a.Name && strings.ToLower(info.Domain.Punycode) != a.Name {
		return // it took another domain for the one that was asked
	}
	if r := info.Registrar; r != nil && a.Registrar == "" {
		if name := whoisx.CleanLine(r.Name); saysSomething(name) && strings.Contains(text, r.Name) {
			a.Registrar = name
			a.Evidence = append(a.Evidence, whoisx.Evidence{Source: whoisx.WHOIS, Line: lineOf(text, r.Name), Text: name, Says: "registrar, as whois-parser reads it"})
		}
	}
	if len(a.Nameservers) > 0 {
		return
	}
	for _, ns := range info.Domain.NameServers {
		host := hostOf(whoisx.CleanLine(ns))
		if host == "" || !strings.Contains(strings.ToLower(text), host) {
			continue
		}
		a.Nameservers = append(a.Nameservers, host)
		a.Evidence = append(a.Evidence, whoisx.Evidence{Source: whoisx.WHOIS, Line: lineOf(strings.ToLower(text), host), Text: host, Says: "name server, as whois-parser reads it"})
	}
}

// mayFill reports whether there is anything in a text that the parser could find:
// it takes longer than all the rest of reading an answer.
func mayFill(a *whoisx.Answer, text string) bool {
	if a.Registrar == "" {
		return true
	}
	text = strings.ReplaceAll(strings.ToLower(text), "dnssec", "")
	return slices.ContainsFunc([]string{"dns", "nserver", "name server", "nameserver", "servers in", "host name", "hostname", "ns_name_"}, func(w string) bool { return strings.Contains(text, w) })
}

// incomplete reports whether Fill could add something.
func incomplete(a *whoisx.Answer) bool {
	return a.Outcome == whoisx.Registered && a.Confirmed && (a.Registrar == "" || len(a.Nameservers) == 0)
}

func parse(text string) (info parser.WhoisInfo, ok bool) {
	defer func() {
		if recover() != nil {
			info, ok = parser.WhoisInfo{}, false
		}
	}()
	info, err := parser.Parse(text)
	return info, err == nil
}

// saysSomething reports whether a text is a name and not a word for none.
func saysSomething(s string) bool {
	if len(s) > 12 && strings.EqualFold(s[:12], "no registrar") {
		return false
	}
	switch strings.ToLower(s) {
	case "null", "none", "unknown", "not defined", "n/a", "not available":
		return false
	}
	return len(strings.Trim(s, "-. ")) > 1
}

func lineOf(text, part string) int {
	i := strings.Index(text, part)
	return 1 + strings.Count(text[:max(i, 0)], "\n")
}
