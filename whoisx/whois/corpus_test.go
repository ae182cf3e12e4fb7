package whois

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// label is what the corpus says about one answer.
type label struct {
	File        string   `json:"file"`
	Server      string   `json:"server"`
	Suffix      string   `json:"suffix"`
	Domain      string   `json:"domain"`
	Class       string   `json:"class"`
	Subclass    string   `json:"subclass"`
	Created     string   `json:"created_on"`
	Updated     string   `json:"updated_on"`
	Expires     string   `json:"expires_on"`
	Nameservers []string `json:"nameservers"`
	Registrar   string   `json:"registrar_name"`
	Statuses    []string `json:"status_list"`
	Hint        string   `json:"lifecycle_hint"`
	raw         []byte
	any         string // any name under the suffix, for a label without a domain
}

// corpus reads the labelled answers of the folder that LAPSE_CORPUS names.
func corpus(tb testing.TB) []label {
	tb.Helper()
	dir := os.Getenv("LAPSE_CORPUS")
	if dir == "" {
		tb.Skip("LAPSE_CORPUS is unset: it names the folder of labelled answers of real servers")
	}
	b, err := os.ReadFile(filepath.Join(dir, "whois", "labels.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var ls []label
	if err := json.Unmarshal(b, &ls); err != nil {
		tb.Fatal(err)
	}
	for i := range ls {
		if ls[i].raw, err = os.ReadFile(filepath.Join(dir, "whois", filepath.FromSlash(ls[i].File))); err != nil {
			tb.Fatal(err)
		}
		if ls[i].Domain == "" {
			ls[i].any = "asked." + cmp.Or(ls[i].Suffix, "com")
			ls[i].Domain = cmp.Or(stated[ls[i].File], ls[i].any)
		}
	}
	return ls
}

// stated are the names that answers state where the label forgot them.
var stated = map[string]string{
	"whois.nic.tr/tr/status_available.txt":            "u34jedzcq.com.tr",
	"whois.ua/ua/uaepp/status_available.txt":          "u34jedzcq.com.ua",
	"whois.nic.uk/uk/status_available.txt":            "u34jedzcq.co.uk",
	"whois.nic.uk/uk/property_status_missing.txt":     "u34jedzcq.co.uk",
	"whois.jprs.jp/ne.jp/status_reserved.txt":         "ne.jp",
	"whois.jprs.jp/ne.jp/property_state_reserved.txt": "ne.jp",
}

// classOf maps an outcome to the corpus's classes.
func classOf(o whoisx.Outcome) string {
	switch o {
	case whoisx.Registered:
		return "registered"
	case whoisx.NotRegistered:
		return "available"
	case whoisx.Reserved:
		return "reserved"
	case whoisx.RateLimited:
		return "rate_limited"
	}
	return "other"
}

// judged lists labels that are judged wrong, with the reason.
var judged = []struct{ file, why string }{
	{"whois.nic.uk/uk/status_reserved.txt", ".uk: \"before Aug-1996\" is no date"},
	{"whois.dns.be/be/property_status_outofservice.txt", ".be: the label takes the domain from the legal text; the answer is about \"ee\""},
	{"whois.dns.be/be/property_status_quarantine.txt", ".be: the label takes the domain from the legal text; the answer is about \"9i\""},
	{"whois.jprs.jp/jp/status_registered.txt", ".jp: the label reads a time in JST as UTC"},
	{"whois.nic.tr/tr/property_nameservers", ".tr: the answer names no domain, and registered must name what was asked"},
	{"whois.safenames.net/status_registered.txt", "the registrar's part of the answer never overrides the registry's"},
	{"whois.nic.sl/sl/status_available", ".sl: the server says \"not found, marked private, or error in your query\": that is not free"},
	{"whois.sx/sx", ".sx: premium has an outcome of its own and counts as other"},
	{"whois.gov.za/gov.za", ".gov.za: the date of a paper form is not that of the registration"},
}

// because says why a label is judged wrong, if it is.
func because(l label) string {
	for _, j := range judged {
		if strings.HasPrefix(l.File, j.file) {
			return "; label judged wrong: " + j.why
		}
	}
	return ""
}

// score counts one property.
type score struct{ right, of int }

func (s score) share() float64 {
	if s.of == 0 {
		return 1
	}
	return float64(s.right) / float64(s.of)
}

func (s score) String() string { return fmt.Sprintf("%d/%d %.1f%%", s.right, s.of, 100*s.share()) }

func sameDay(want string, got whoisx.Date) bool {
	return !got.IsZero() && got.UTC().Format(time.DateOnly) == want[:10]
}

func TestCorpus(t *testing.T) {
	ls := corpus(t)
	at := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	byClass := map[string]*score{}
	mapped := map[string]int{}
	var class, anyName, created, updated, expires, ns, registrar score
	var free []string
	for _, l := range ls {
		a := Classify(l.raw, l.Server, l.Domain, at)
		mapped[strings.TrimSpace(l.Class+" "+l.Subclass)+" -> "+string(a.Outcome)]++
		if l.Class != "" {
			s := byClass[l.Class]
			if s == nil {
				s = &score{}
				byClass[l.Class] = s
			}
			s.of++
			class.of++
			anyName.of++
			if classOf(Classify(l.raw, l.Server, cmp.Or(l.any, l.Domain), at).Outcome) == l.Class {
				anyName.right++
			}
			if classOf(a.Outcome) == l.Class {
				s.right++
				class.right++
			} else {
				t.Logf("miss: %s (%s): labelled %s %s, read %s (%s)%s", l.File, l.Domain, l.Class, l.Subclass, a.Outcome, a.Why, because(l))
			}
		}
		if a.Outcome == whoisx.NotRegistered && l.Class != "available" && l.Class != "" {
			free = append(free, l.File)
		}
		check := func(what, want string, got whoisx.Date, s *score) {
			if want == "" {
				return
			}
			s.of++
			if sameDay(want, got) {
				s.right++
			} else {
				t.Logf("miss: %s: %s %s, read %q%s", l.File, what, want, got, because(l))
			}
		}
		check("created", l.Created, a.Created, &created)
		check("updated", l.Updated, a.Updated, &updated)
		check("expires", l.Expires, a.Expires, &expires)
		if len(l.Nameservers) > 0 {
			ns.of++
			want, got := append([]string(nil), l.Nameservers...), append([]string(nil), a.Nameservers...)
			for i := range want {
				want[i] = strings.ToLower(want[i])
			}
			sort.Strings(want)
			sort.Strings(got)
			if strings.Join(want, " ") == strings.Join(got, " ") {
				ns.right++
			} else {
				t.Logf("miss: %s: name servers %v, read %v%s", l.File, want, got, because(l))
			}
		}
		if l.Registrar != "" {
			registrar.of++
			if strings.EqualFold(l.Registrar, a.Registrar) {
				registrar.right++
			}
		}
	}
	for _, m := range sortedKeys(mapped) {
		t.Logf("%4d  %s", mapped[m], m)
	}
	for _, c := range sortedKeys(byClass) {
		t.Logf("%-13s %s", c, *byClass[c])
	}
	t.Logf("class %s  created %s  updated %s  expires %s  name servers %s  registrar %s", class, created, updated, expires, ns, registrar)
	t.Logf("asked for any name where a label has none: class %s; an answer that names another one is unreadable then", anyName)
	for _, j := range judged {
		t.Logf("label judged wrong: %s: %s", j.file, j.why)
	}
	for _, f := range free {
		t.Errorf("read as not registered, but is not: %s", f)
	}
	for _, c := range []struct {
		what  string
		s     score
		least float64
	}{{"class", class, 0.98}, {"created", created, 0.97}, {"updated", updated, 0.97}, {"expires", expires, 0.97}, {"name servers", ns, 0.97}} {
		if c.s.share() < c.least {
			t.Errorf("%s: %s, want at least %.0f%%", c.what, c.s, 100*c.least)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	ks := make([]string, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	return ks
}

// TestNeverFree mangles the labelled answers: whatever a name that is not free
// is answered with, no part of it reads as free, and an answer about one name
// says nothing about another.
func TestNeverFree(t *testing.T) {
	at := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, l := range corpus(t) {
		if l.Class == "" {
			continue
		}
		lines := strings.SplitAfter(string(l.raw), "\n")
		read := func(what, name, text string) whoisx.Outcome {
			o := Classify([]byte(text), l.Server, name, at).Outcome
			if o == whoisx.NotRegistered && (l.Class != "available" || what == "another name") {
				t.Errorf("%s: read as not registered: %s", l.File, what)
			}
			return o
		}
		if l.Class != "available" && l.Class != "rate_limited" { // without its limit, throttling says "no entries"
			var legal strings.Builder
			for i, s := range lines {
				read(fmt.Sprintf("without line %d", i+1), l.Domain, strings.Join(lines[:i], "")+strings.Join(lines[i+1:], ""))
				read(fmt.Sprintf("from line %d", i+1), l.Domain, strings.Join(lines[i:], ""))
				read(fmt.Sprintf("to line %d", i+1), l.Domain, strings.Join(lines[:i], ""))
				read(fmt.Sprintf("line %d alone", i+1), l.Domain, s)
				if !strings.Contains(s, ":") {
					legal.WriteString(s)
				}
			}
			read("the lines without a colon", l.Domain, legal.String())
		}
		if strings.Contains(strings.ToLower(string(l.raw)), l.Domain) && len(l.Domain) > 6 {
			// Names that hold the other one, or are held by it, are others too.
			for _, other := range []string{"x" + l.Domain, "x." + l.Domain, l.Domain + ".xy", strings.TrimPrefix(l.Domain, l.Domain[:1])} {
				if o := read("another name", other, string(l.raw)); o == whoisx.Registered {
					t.Errorf("%s: asked for %s, read as registered", l.File, other)
				}
			}
		}
	}
}
