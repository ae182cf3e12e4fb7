package whois

import (
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// What a server says in sentences, and which of its lines are sentences about
// the question at all.

// sayings looks for the strongest saying in the lines where servers speak: at
// the start of a paragraph, not in the middle of legal text.
func (r *reader) sayings() outcomeLine {
	var best outcomeLine
	for i := range r.lines {
		l := &r.lines[i]
		t := l.text
		if len(t) > maxSentence {
			t = firstSentence(t)
		}
		if t == "" || l.tail && !r.containsName(l.text) || boilerplate(t) {
			continue
		}
		s, policy := r.stated(t)
		if s.outcome == "" && r.taken(l.text) {
			s = outcomeLine{outcome: whoisx.Registered, rank: ranks[whoisx.Registered], says: "registered"}
		}
		if policy.stronger(r.policy) {
			policy.n, policy.text = l.n, l.text
			r.policy = policy
		}
		if s.outcome == whoisx.NotRegistered && len(t) < len(l.text) {
			continue // what else a long line says could take it back
		}
		if s.outcome == whoisx.NotRegistered && r.freeAt == 0 {
			r.freeAt = l.n
		}
		if !s.stronger(best) {
			continue
		}
		if s.outcome == whoisx.NotRegistered {
			if other := r.otherIn(l.text); other != "" {
				if r.other == "" {
					r.other, r.otherAt = clip(strings.ToLower(other)), l.n
				}
				continue
			}
		}
		s.n, s.text = l.n, l.text
		best = s
	}
	return best
}

// taken reports whether a line says that somebody holds the name, and nothing
// else: "lapse.example is already registered".
func (r *reader) taken(t string) bool {
	if len(t) > 100 || !r.containsName(t) {
		return false
	}
	r.normalise(t)
	held := false
	for w := range strings.FieldsSeq(string(r.norm)) {
		switch w {
		case "registered", "taken", "exists", "occupied":
			held = true
		case "already":
		default:
			if !fillers()[w] {
				return false
			}
		}
	}
	return held
}

// maxSentence is the length, in bytes, past which a line is no sentence of a
// server any more but a paragraph: then only how it begins counts.
const maxSentence = 200

// firstSentence returns what a paragraph begins with, "" if that is too long to
// be said about one name.
func firstSentence(t string) string {
	for i := 1; i < len(t)-1 && i <= maxSentence; i++ {
		if t[i] == '.' && (t[i+1] == ' ' || t[i+1] >= 'A' && t[i+1] <= 'Z' && t[i-1] >= 'a' && t[i-1] <= 'z') {
			return t[:i+1]
		}
	}
	return ""
}

// containsName reports whether a line holds the name that was asked: no legal
// text does.
func (r *reader) containsName(t string) bool {
	if r.name == "" {
		return false
	}
	for i := 0; i < len(t); i++ {
		if t[i]|0x20 == r.name[0]|0x20 && r.nameAt(t[i:]) > 0 {
			return true
		}
	}
	return false
}

// boilerplate knows lines that begin a legal text or a help, in which words
// like "exceed" and "reserved" say nothing about this question.
func boilerplate(t string) bool {
	low := t
	if len(low) > 120 {
		low = low[:120]
	}
	low = strings.ToLower(low)
	for _, w := range [...]string{"terms of use", "you agree", "you are not authorized to", "you may not", "reserves the right", "rights reserved", "for information purposes", "by submitting", "please note that the", "last update of", "copyright", "lawful", "it allows persons", "information purposes", "is provided", "use of this", "you must not", "any use of", "abuse of this", "a maximum of", "do not abuse", "queries left", "for more information on whois status", "identified in this", "unauthorized access", "unauthorised access", "unauthorized use", "is prohibited to", "are prohibited to", "prohibited from"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// otherIn finds a domain in a sentence that was not asked; "" if there is none.
func (r *reader) otherIn(t string) string {
	for w := range strings.FieldsFuncSeq(t, func(c rune) bool { return c <= ' ' || strings.ContainsRune("\"'()[]<>,;:!?=«»“”", c) }) {
		w = strings.TrimSuffix(w, ".")
		if !domainLike(w) || r.isName(w) {
			continue
		}
		low := strings.ToLower(w)
		if strings.HasPrefix(low, "www.") || strings.HasPrefix(low, "whois.") || strings.Contains(low, "/") || low == strings.ToLower(r.srv.Host) {
			continue
		}
		return w
	}
	return ""
}

// echoes are the words before a question that a server repeats.
var echoes = [...]string{"whois ", "query ", "query: ", "query : ", "queried ", "you queried for ", "you searched for ", "information related to ", "searching for ", "search for ", "whois results for ", "results for ", "result for ", "domain ", "object ", "name "}

// echo reports whether the server repeats the question, and it was another
// one. Only lines that consist of the repeated question count: legal texts
// name the registry's own domains.
func (r *reader) echo() bool {
	for i := range r.lines {
		t := r.lines[i].text
		if len(t) < 5 || len(t) > 120 {
			continue
		}
		rest := ""
		if j := strings.Index(t, "] >> "); j >= 0 { // AFNIC: "[192.0.2.1 REQUEST] >> -V Md5.0 a.fr"
			rest = t[strings.LastIndexByte(t, ' ')+1:]
		} else {
			for _, e := range echoes {
				if len(t) > len(e) && strings.EqualFold(t[:len(e)], e) {
					rest = t[len(e):]
					break
				}
			}
		}
		if rest == "" {
			continue
		}
		w := strings.TrimRight(firstWord(rest), ".,:;")
		if r.isName(w) {
			return false
		}
		if after := strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(rest, "\"' "), w), "\"'.,:; "); domainLike(w) && (after == "" || strings.HasPrefix(after, "but ")) {
			r.other, r.otherAt = clip(strings.ToLower(w)), r.lines[i].n
		}
	}
	return r.other != ""
}

// wait reads how long a limit lasts, from the line that states it or else from
// the lines around it that are no policy.
func (r *reader) wait(stated int) time.Duration {
	if d := lasts(r.textOf(stated)); d > 0 {
		return d
	}
	for i := range r.lines {
		if l := &r.lines[i]; l.n != r.policy.n {
			if d := lasts(l.text); d > 0 {
				return d
			}
		}
	}
	return 0
}

// lasts reads a duration in a sentence: "replenished in 50 seconds".
func lasts(t string) time.Duration {
	if t == "" || len(t) > 200 {
		return 0
	}
	low := strings.ToLower(t)
	if !strings.Contains(low, " for ") && !strings.Contains(low, "wait") && !strings.Contains(low, " in ") && !strings.Contains(low, "after") && !strings.Contains(low, "period of") && !strings.Contains(low, "every") {
		return 0
	}
	n, num := 0, false
	for w := range strings.FieldsSeq(low) {
		w = strings.Trim(w, ".,;:()")
		if numeric(w) && len(w) < 8 {
			n, num = 0, true
			for _, c := range []byte(w) {
				n = n*10 + int(c-'0')
			}
			continue
		}
		if !num {
			continue
		}
		num = false
		var unit time.Duration
		switch {
		case strings.HasPrefix(w, "sec"), w == "s":
			unit = time.Second
		case strings.HasPrefix(w, "min"):
			unit = time.Minute
		case strings.HasPrefix(w, "hour"), strings.HasPrefix(w, "hr"):
			unit = time.Hour
		case strings.HasPrefix(w, "day"):
			unit = 24 * time.Hour
		default:
			continue
		}
		if d := time.Duration(n) * unit; d > 0 {
			return min(d, 24*time.Hour)
		}
	}
	return 0
}
