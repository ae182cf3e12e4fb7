package whois

import (
	"strings"
	"sync"

	"github.com/lapse-dev/lapse/whoisx"
)

// What puts it in doubt that nothing was found.

// doubtful reports whether a line other than the one that says that nothing was
// found puts it in doubt, in words that the lexicon lacks: a line about the name
// that calls it held, or one of a short answer that speaks of limits or of
// access, so that nothing found may mean nothing shown. Long answers hold legal
// texts, which speak of limits always.
func (r *reader) doubtful(found int) bool {
	said := 0
	for i := range r.lines {
		if r.lines[i].text != "" {
			said++
		}
	}
	for i := range r.lines {
		l := &r.lines[i]
		if l.n == found || l.text == "" {
			continue
		}
		if len(l.text) <= 80 && r.containsName(l.text) && r.claimed(l.text) {
			r.evidence(l.n, l.text, "speaks of a name that is held")
			r.unreadable("the server says that nothing was found, and also: " + l.text)
			return true
		}
		if said > 6 || len(l.text) > 100 || l.tail || boilerplate(l.text) {
			continue
		}
		r.saying(l.text)
		norm := string(r.norm)
		if r.has&(ofUse|ofTerms) != 0 || !aboutAsker(norm) {
			continue
		}
		switch r.doubt(norm) {
		case whoisx.RateLimited, whoisx.Refused:
			r.evidence(l.n, l.text, "speaks of limits")
			r.unreadable("the server says that nothing was found, and speaks of limits: " + l.text)
			return true
		}
	}
	return false
}

// aboutAsker reports whether a sentence tells whoever asks what is the case:
// policies say what may or will be.
func aboutAsker(norm string) bool {
	you := false
	for w := range strings.FieldsSeq(norm) {
		switch w {
		case "you", "your":
			you = true
		case "may", "might", "will", "would", "shall", "should", "must", "can", "could", "if", "when", "agree":
			return false
		}
	}
	return you
}

// claimed reports whether a line about the name speaks of it as held or kept
// back, and takes nothing of that back.
func (r *reader) claimed(t string) bool {
	r.normalise(t)
	held := false
	for w := range strings.FieldsSeq(string(r.norm)) {
		switch w {
		case "registered", "taken", "exists", "owned", "occupied", "reserved", "unavailable", "blocked", "premium":
			held = true
		case "not", "no", "never", "cannot", "if", "whether", "when", "available", "free":
			return false
		}
	}
	return held
}

// doubts are words of limits, of access and of conditions: a sentence with one
// of them that also says that nothing was found does not say that a name is
// free.
var doubts = sync.OnceValue(func() map[string]whoisx.Outcome {
	m := map[string]whoisx.Outcome{}
	for o, words := range map[whoisx.Outcome]string{
		whoisx.RateLimited: "limit limits limited limiting quota quotas allowance exhausted exceeded exceeds throttled throttling",
		whoisx.Refused:     "permitted unpermitted authorised authorized unauthorised unauthorized authorisation authorization denied refused forbidden restricted whitelist whitelisted allowlist blacklist blacklisted banned",
		whoisx.Unreachable: "maintenance timeout outage offline overloaded overload lost rebuilt rebuilding degraded aborted cancelled canceled failure failed lagging",
		whoisx.Premium:     "premium platinum",
		whoisx.Gated:       "auction auctioned sunrise landrush backorder",
		whoisx.Reserved:    "reserved prohibited",
		whoisx.Blocked:     "blocked dpml globalblock",
		whoisx.Unreadable:  "due private hidden published disclosed withheld suppressed redacted masked shown displayed",
	} {
		for w := range strings.FieldsSeq(words) {
			m[w] = o
		}
	}
	return m
})

// others are what else a server may fail to find: whoever asks, people,
// itself, its caches. Those of the second list count only where the sentence
// speaks of no domain.
var others = sync.OnceValues(func() (always, alone map[string]bool) {
	return wordSet("account accounts user users customer customers credentials login password session subscription ip command cache replica configuration contact contacts handle handles nameserver nameservers later directory dns log blocklist variant"),
		wordSet("server servers host hosts hostname file url page dns suffix tld parameter string type service received specified given wrong abuse table relation registrar registrars 404 time option options")
})

// elsewhere reports whether a sentence that finds nothing looked for something
// else than the name.
func elsewhere(norm string) bool {
	always, alone := others()
	about, other := false, strings.HasPrefix(norm, "database ")
	for w := range strings.FieldsSeq(norm) {
		switch {
		case always[w]:
			return true
		case w == "@", w == "registry", strings.HasPrefix(w, "dom"):
			about = true
		case alone[w]:
			other = true
		}
	}
	return other && !about
}

// doubt finds the strongest of those words in a sentence.
func (r *reader) doubt(norm string) (o whoisx.Outcome) {
	for w := range strings.FieldsSeq(norm) {
		if d, ok := doubts()[w]; ok && (o == "" || ranks[d] < ranks[o]) {
			o = d
		}
	}
	return o
}
