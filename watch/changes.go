package watch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// changes compares a verdict with the one before, for history.
func changes(n Name, before *Before, v lifecycle.Verdict, seen Before, answers []whoisx.Answer, now time.Time) []Change {
	source := "lapse"
	for _, a := range answers {
		if a.Outcome.SaysSomething() {
			source = string(a.Source) + " " + a.Server
			break
		}
	}
	var out []Change
	add := func(field, was, is, text string) {
		if was == is {
			return
		}
		if text == "" {
			text = fmt.Sprintf("%s: %s is %s, was %s", n.Display(), field, orNothing(is), orNothing(was))
		}
		out = append(out, Change{At: now, Name: n, Field: field, Before: was, After: is, Source: source, Text: text})
	}
	var was lifecycle.Verdict
	if before != nil {
		was = before.Verdict
	}
	texts := make([]string, len(v.Happened))
	for i, h := range v.Happened {
		texts[i] = h.Text
	}
	text := strings.Join(texts, "; ")
	if text == "" {
		text = fmt.Sprintf("%s: %s", n.Display(), v.Stage)
		if was.Stage != "" {
			text = fmt.Sprintf("%s: %s, was %s", n.Display(), v.Stage, was.Stage)
		}
	} else {
		text = n.Display() + ": " + text
	}
	add("stage", string(was.Stage), string(v.Stage), text)
	add("registry stage", was.RegistryStage, v.RegistryStage, "")
	if before == nil {
		// The first look is no change of anything: one line says what it found.
		return out
	}
	add("expires", was.Expires.String(), v.Expires.String(), "")
	if was, ok := before.Showed(seen.From); ok { // of one source: two seldom write alike
		add("registrar", was.Registrar, v.Registrar, "")
		add("nameservers", strings.Join(was.Nameservers, " "), strings.Join(seen.Nameservers, " "), "")
		if len(was.Statuses) > 0 && len(seen.Statuses) > 0 { // a stage says what follows after both
			add("statuses", strings.Join(was.Statuses, " "), statusWords(seen.Statuses), "")
		}
	}
	add("flags", flagWords(was.Flags), flagWords(v.Flags), "")
	if (was.Confidence == lifecycle.Conflict) != (v.Confidence == lifecycle.Conflict) {
		add("confidence", string(was.Confidence), string(v.Confidence), n.Display()+": the sources "+map[bool]string{true: "disagree", false: "agree again"}[v.Confidence == lifecycle.Conflict])
	}
	if len(out) == 0 && len(texts) > 0 {
		out = append(out, Change{At: now, Name: n, Field: "happened", After: string(v.Happened[0].Event), Source: source, Text: text})
	}
	return out
}

func statusWords(ss map[string]time.Time) string {
	return strings.Join(slices.Sorted(maps.Keys(ss)), " ")
}

func orNothing(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func flagWords(fs []lifecycle.Flag) string {
	ws := make([]string, len(fs))
	for i, f := range fs {
		ws[i] = string(f.Flag)
		if f.Price != nil {
			ws[i] += "=" + f.Price.Amount + f.Price.Currency
		}
		if f.Category != "" {
			ws[i] += "=" + f.Category
		}
	}
	slices.Sort(ws)
	return strings.Join(ws, " ")
}
