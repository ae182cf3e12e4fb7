package ui

import (
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

var plainWords = map[lifecycle.Stage]string{
	lifecycle.Registered:     "Somebody holds it.",
	lifecycle.Expired:        "Past its date; its holder can still renew it at the usual price.",
	lifecycle.Redemption:     "Deleted by its registrar; its holder can still restore it for a fee.",
	lifecycle.PendingRestore: "Its holder is restoring it.",
	lifecycle.PendingDelete:  "Nobody can renew or restore it any more. Not free yet.",
	lifecycle.Dropping:       "Inside its drop window.",
	lifecycle.GatedStage:     "Deleted, yet not open to all.",
	lifecycle.LikelyFree:     "Looks free, but only one source says so.",
	lifecycle.Free:           "Free: two sources agree.",
	lifecycle.Caught:         "Yours.",
	lifecycle.Lost:           "Somebody else has it now.",
	lifecycle.ReservedStage:  "Reserved: nobody can register it.",
	lifecycle.BlockedStage:   "Blocked by a trademark block: it does not open.",
	lifecycle.Launching:      "Its TLD is not open to all yet.",
	lifecycle.Unknown:        "Nobody has said where it stands.",
}

// explain says in plain words where a name stands and what comes next.
func (a *app) explain(v *lifecycle.Verdict, now time.Time) []string {
	var out []string
	if v.Stage == "" {
		return []string{"Not asked yet."}
	}
	if v.Confidence == lifecycle.Conflict {
		out = append(out, "Sources disagree, so nothing is concluded.")
	}
	told := 0
	for _, w := range v.Why {
		if told == 2 {
			break
		}
		if v.Window != nil && v.Window.Basis != "" && strings.Contains(w, v.Window.Basis) {
			continue // it is said with the window
		}
		out = append(out, sentence(w))
		told++
	}
	if w := plainWords[v.Stage]; told == 0 && w != "" && v.Confidence != lifecycle.Conflict &&
		(v.Stage != lifecycle.Free || v.Confidence == lifecycle.Confirmed) {
		out = append(out, w)
	}
	if n := v.Next; n != nil {
		text := "Next: " + strings.ReplaceAll(n.Word(v.Stage), "-", " ")
		switch e, l := day(n.Earliest, now), dayOf(n.Latest, now); {
		case e != "" && l != "" && dayOf(n.Earliest, now) != l:
			text += " between " + dayOf(n.Earliest, now) + " and " + l
		case e != "":
			text += " " + e
		case l != "":
			text += " by " + l
		}
		out = append(out, text+".")
	}
	if len(v.Missing) > 0 && v.Stage == lifecycle.LikelyFree {
		var ms []string
		for _, m := range v.Missing {
			ms = append(ms, strings.ToUpper(string(m)))
		}
		out = append(out, "Not heard: "+strings.Join(ms, ", ")+".")
	}
	if v.Anomaly != "" {
		out = append(out, "Odd: "+v.Anomaly)
	}
	return out
}

// sentence writes a clause as a sentence of its own.
func sentence(s string) string {
	s = strings.TrimSpace(widget.Safe(s))
	if s == "" {
		return ""
	}
	if word, _, _ := strings.Cut(s, " "); !strings.Contains(word, ".") { // not a name
		r, n := utf8.DecodeRuneInString(s)
		s = string(unicode.ToUpper(r)) + s[n:]
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

func sortNames(ns []watch.Name) {
	sort.Slice(ns, func(i, j int) bool { return ns[i] < ns[j] })
}
