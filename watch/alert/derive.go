package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// Changed says what a new verdict means to the person. before is nil at the
// first look: then nothing has changed and nothing is told, except that a
// wanted name is free right now.
func Changed(s Subject, before *lifecycle.Verdict, after lifecycle.Verdict, now time.Time) []Alert {
	var out []Alert
	tell := func(k Kind, what string, urgent bool, title, text string) {
		out = append(out, Alert{
			ID: s.id(k, what, now), Kind: k, Name: s.Name, At: now, Urgent: urgent,
			Title: title, Text: sentences(text, nextWords(after)),
		})
	}
	if before == nil {
		if !s.Mine && after.Stage == lifecycle.Free {
			tell(FreeNow, "free", true, s.Display+" is free", "Two sources say so: "+voters(after)+".")
		}
		return out
	}
	if s.Mine {
		ownerChanged(s, *before, after, tell)
	} else {
		buyerChanged(s, *before, after, tell)
	}
	if after.Confidence == lifecycle.Conflict && before.Confidence != lifecycle.Conflict {
		tell(InConflict, "conflict", false, s.Display+": the sources disagree", strings.Join(after.Why, "; ")+".")
	}
	if was, is := price(*before), price(after); was != is && is != "" && before.Stage != lifecycle.Unknown {
		if was == "" {
			was = "the standard price"
		}
		tell(PriceMoved, is, true, s.Display+": the price changed", fmt.Sprintf("It was %s, now it is %s.", was, is))
	}
	return out
}

type teller func(k Kind, what string, urgent bool, title, text string)

func buyerChanged(s Subject, before, after lifecycle.Verdict, tell teller) {
	if f := after.Has(lifecycle.FlagAtAuction); f != nil && f.Category != "" {
		if b := before.Has(lifecycle.FlagAtAuction); b == nil || b.Category != f.Category {
			until := ""
			if f.Until != nil && !f.Until.IsZero() {
				until = "Its auction is open until " + dateWords(*f.Until) + "."
			}
			if after.Stage == lifecycle.Expired {
				// Its registrar sells it while its holder's time runs out: nobody caught it.
				tell(EnteredStage, "auction-"+f.Category, true, fmt.Sprintf("%s: at auction, %s", s.Display, f.Category),
					sentences("Its registrar sells it there: if somebody bids, it never drops.", until))
				return
			}
			text := "It can still be had there."
			if until != "" {
				text = until
			}
			tell(CaughtBy, f.Category, true, fmt.Sprintf("%s: caught by %s", s.Display, f.Category), text)
			return
		}
	}
	if w := after.Window; w != nil && w.Certainty == lifecycle.Will {
		if b := before.Window; b == nil || b.Certainty != lifecycle.Will || !b.From.Equal(w.From.Time) {
			tell(WillDrop, w.From.String(), true, s.Display+" will drop "+windowWords(*w), "Basis: "+w.Basis+".")
		}
	}
	if before.Stage == after.Stage {
		if kept := happened(after, lifecycle.EventRenewed); kept != "" {
			tell(Renewed, "renewed", false, s.Display+" was renewed", "Its holder kept it. You can stop caring until "+orUnknown(after.Expires)+".")
		}
		return
	}
	switch after.Stage {
	case lifecycle.Free:
		tell(FreeNow, "free", true, s.Display+" is free", "Two sources say so: "+voters(after)+".")
	case lifecycle.Registered:
		buyerSeesRegistered(s, before, after, tell)
	case lifecycle.Lost:
		taken(s, after, tell)
	default:
		if words, ok := stageWords[after.Stage]; ok {
			urgent := after.Stage == lifecycle.PendingDelete || after.Stage == lifecycle.Dropping
			tell(EnteredStage, string(after.Stage), urgent, s.Display+": "+string(after.Stage), s.Display+" "+words+".")
		}
	}
}

func buyerSeesRegistered(s Subject, before, after lifecycle.Verdict, tell teller) {
	switch before.Stage {
	case lifecycle.Redemption, lifecycle.PendingRestore:
		tell(Restored, "restored", false, s.Display+" was restored",
			"Its holder paid to keep it. You can stop caring until "+orUnknown(after.Expires)+".")
	case lifecycle.Expired:
		sold, kept := happened(after, lifecycle.EventSold), happened(after, lifecycle.EventKept)
		switch {
		case sold != "":
			tell(CaughtBy, "sold", true, s.Display+" was sold before it could drop", "Not renewed: "+sold+". It will not drop.")
		case kept != "":
			tell(Renewed, "kept", false, s.Display+" will not drop", kept+". You can stop caring until "+orUnknown(after.Expires)+".")
		default:
			tell(Renewed, "renewed", false, s.Display+" was renewed",
				"Its holder kept it. You can stop caring until "+orUnknown(after.Expires)+".")
		}
	case lifecycle.PendingDelete, lifecycle.Dropping, lifecycle.GatedStage, lifecycle.LikelyFree, lifecycle.Free:
		if happened(after, lifecycle.EventBackFromTheGrave) != "" {
			tell(Restored, "reversed", true, s.Display+" will not drop",
				"It came back, which no rule allows: a court's order, or the registry's own correction. You can stop caring until "+orUnknown(after.Expires)+".")
			return
		}
		taken(s, after, tell)
	}
}

func taken(s Subject, after lifecycle.Verdict, tell teller) {
	who := after.Registrar
	if who == "" {
		who = "an unnamed registrar"
	}
	tell(CaughtBy, "taken", true, s.Display+" is registered again", "It is held at "+who+" now.")
}

// happened is what a verdict says of an event, or "".
func happened(v lifecycle.Verdict, e lifecycle.Event) string {
	for _, h := range v.Happened {
		if h.Event == e {
			return h.Text
		}
	}
	return ""
}

func ownerChanged(s Subject, before, after lifecycle.Verdict, tell teller) {
	if before.Stage != after.Stage {
		if words, ok := ownerWords[after.Stage]; ok {
			tell(Tampered, string(after.Stage), true, "Your "+s.Display+": "+string(after.Stage), "Your name "+s.Display+" "+words)
		}
	}
	if moved := happened(after, lifecycle.EventTransferred); moved != "" {
		tell(Tampered, "registrar", true, "Your "+s.Display+" changed its registrar",
			fmt.Sprintf("It was at %s and is at %s now. If that was not you, call the first one today.", before.Registrar, after.Registrar))
	}
	if hold := after.Has(lifecycle.FlagHold); hold != nil && happened(after, lifecycle.EventHold) != "" {
		tell(Tampered, "hold", true, "Your "+s.Display+" is on hold", sentences("It does not resolve any more.", hold.Why))
	}
}

// NameserversChanged tells an owner that the name servers of their name moved.
func NameserversChanged(s Subject, before, after []string, now time.Time) []Alert {
	if !s.Mine || len(before) == 0 || slices.Equal(before, after) {
		return nil
	}
	return []Alert{{
		ID: s.id(Tampered, "nameservers", now), Kind: Tampered, Name: s.Name, At: now, Urgent: true,
		Title: "Your " + s.Display + " changed its name servers",
		Text:  fmt.Sprintf("They were %s and are %s now.", strings.Join(before, ", "), strings.Join(after, ", ")),
	}}
}

// periods are statuses that come and go with a registration's age (RFC 3915
// §3.1) and with its end, which the stage tells.
var periods = []string{"addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod", "pendingRestore", "pendingDelete", "ok"}

// StatusesChanged tells an owner that the statuses of their name changed: a lock
// that is gone, a transfer that began, a renewal that is barred.
func StatusesChanged(s Subject, before, after []string, now time.Time) []Alert {
	if !s.Mine {
		return nil
	}
	var gone, came []string
	for _, st := range before {
		if !slices.Contains(after, st) && !slices.Contains(periods, st) {
			gone = append(gone, st)
		}
	}
	for _, st := range after {
		if !slices.Contains(before, st) && !slices.Contains(periods, st) {
			came = append(came, st)
		}
	}
	var out []Alert
	tell := func(k Kind, what string, urgent bool, title, text string) {
		out = append(out, Alert{ID: s.id(k, what, now), Kind: k, Name: s.Name, At: now, Urgent: urgent, Title: title, Text: text})
	}
	if slices.Contains(came, "clientRenewProhibited") || slices.Contains(came, "serverRenewProhibited") {
		tell(AutoRenewOff, "renew-prohibited", true, "Your "+s.Display+" cannot be renewed now", "Its registry bars renewals of it, automatic ones too. Ask its registrar why.")
	}
	came = slices.DeleteFunc(came, func(st string) bool { return strings.HasSuffix(st, "RenewProhibited") || strings.HasSuffix(st, "Hold") })
	if len(gone)+len(came) == 0 {
		return out
	}
	var words []string
	if len(came) > 0 {
		words = append(words, "New: "+strings.Join(came, ", ")+".")
	}
	if len(gone) > 0 {
		words = append(words, "Gone: "+strings.Join(gone, ", ")+".")
	}
	urgent := slices.Contains(came, "pendingTransfer") || slices.Contains(gone, "clientTransferProhibited")
	if urgent {
		words = append(words, "If that was not you, call its registrar today.")
	}
	tell(Tampered, "statuses", urgent, "Your "+s.Display+" changed its status", sentences(words...))
	return out
}

// NoAutoRenew tells that a name which was won will not renew itself.
func NoAutoRenew(s Subject, order int64, why string, now time.Time) Alert {
	return Alert{
		ID: fmt.Sprintf("%s/%s/order-%d", s.Name, AutoRenewOff, order), Kind: AutoRenewOff, Name: s.Name, At: now,
		Title: s.Display + ": auto-renew is off", Text: sentences("It will not renew itself.", why),
	}
}

// Due is a deadline of the person's own that an alert is given ahead of: a
// service that closes, a payment, a bid, a launch phase.
type Due struct {
	Kind   Kind
	At     time.Time
	What   string          // stable, for the id: "dropcatch", "order 12 pay"
	Title  string          // "DropCatch stops taking orders for x"
	Text   string          // what to do, what it costs
	Before []time.Duration // how long before; empty: one hour
}

// Upcoming says what has to be told ahead of time, from now on. Each has a
// stable id made of the date that it is about, so that a date that moves
// replaces what was announced for the old one.
func Upcoming(s Subject, v lifecycle.Verdict, dues []Due, now time.Time) []Alert {
	var out []Alert
	add := func(k Kind, what string, target time.Time, before time.Duration, urgent bool, title, text string) {
		if at := target.Add(-before); at.After(now) {
			out = append(out, Alert{
				ID: s.id(k, what+"-"+before.String(), target), Kind: k, Name: s.Name, At: at, Urgent: urgent,
				Title: title, Text: text, By: target, Timed: true,
			})
		}
	}
	// A launch announces its own phases: nothing drops there.
	if w := v.Window; w != nil && !s.Mine && !w.From.IsZero() && v.Stage != lifecycle.Launching {
		verb := "may drop"
		if w.Certainty == lifecycle.Will {
			verb = "will drop"
		}
		for _, l := range leads {
			if w.From.DayOnly && l.before < 24*time.Hour {
				continue // an hour that nobody knows cannot be an hour away
			}
			add(WindowNear, "window", w.From.Time, l.before, l.before <= time.Hour,
				fmt.Sprintf("%s %s in %s", s.Display, verb, l.word), sentences("Window: "+windowWords(*w)+".", "Basis: "+w.Basis+"."))
		}
	}
	if s.Mine && !v.Expires.IsZero() && (v.Stage == lifecycle.Registered || v.Stage == lifecycle.Unknown) {
		for _, days := range expiryLeads {
			before := time.Duration(days) * 24 * time.Hour
			add(Expires, "expiry", v.Expires.Time, before, days <= 7,
				fmt.Sprintf("Your %s expires in %s", s.Display, leadWords(before)),
				"Its registry says "+dateWords(v.Expires)+". Renew it, or check that auto-renew is on.")
		}
	}
	for _, d := range dues {
		before := d.Before
		if len(before) == 0 {
			before = []time.Duration{time.Hour}
		}
		for _, b := range before {
			add(d.Kind, d.What, d.At, b, b <= time.Hour, d.Title+" in "+leadWords(b), d.Text)
		}
	}
	return out
}

// Dark tells that nobody has answered for a name for a day; once a dark spell.
func Dark(s Subject, since, now time.Time, why string) []Alert {
	if now.Sub(since) < 24*time.Hour {
		return nil
	}
	return []Alert{{
		ID: s.id(SourceDark, "dark", since), Kind: SourceDark, Name: s.Name, At: now,
		Title: s.Display + ": nobody has answered for a day",
		Text:  sentences("What is shown is from "+since.UTC().Format("2 Jan 15:04")+" UTC.", why),
	}}
}
