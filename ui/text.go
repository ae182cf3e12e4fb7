package ui

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// pick returns the first of several ways to say the same thing that fits into
// w cells; the last one is shortened if none does.
func pick(w int, dots string, ways ...string) string {
	for _, s := range ways {
		if widget.Width(s) <= w {
			return s
		}
	}
	if len(ways) == 0 {
		return ""
	}
	return widget.Fit(ways[len(ways)-1], w, dots)
}

// nameText is a name as a person reads it. In ASCII it is the A-label.
func (a *app) nameText(n watch.Name, w int) string {
	if a.ascii || !strings.Contains(string(n), "xn--") {
		return widget.FitMiddle(string(n), w, a.theme.Glyph.Dots)
	}
	if full := n.Display(); widget.Width(widget.Safe(full)) <= w {
		return full
	}
	return widget.FitMiddle(n.Unicode(), w, a.theme.Glyph.Dots)
}

// city is the place of a time zone as a person calls it.
func city(loc *time.Location, now time.Time) string {
	s := loc.String()
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		return strings.ReplaceAll(s[i+1:], "_", " ")
	}
	zone, _ := now.In(loc).Zone()
	if s == "Local" || s == "" {
		if strings.HasPrefix(zone, "+") || strings.HasPrefix(zone, "-") {
			return "UTC" + zone
		}
		return zone
	}
	return s
}

// clock is the time in UTC and at the person's place, in several lengths.
func (a *app) clock(now time.Time) []string {
	u := now.UTC()
	hm := u.Format("15:04 UTC")
	day := u.Format("Mon 2 Jan 2006")
	l := now.In(a.local)
	if _, off := l.Zone(); off == 0 {
		return []string{day + "  " + hm, u.Format("2 Jan ") + hm, hm, u.Format("15:04")}
	}
	loc := l.Format("15:04") + " " + city(a.local, now)
	return []string{day + "  " + hm + " = " + loc, hm + " = " + loc, hm + " = " + l.Format("15:04"), hm, u.Format("15:04")}
}

// until says how long it is until t, in several lengths. Seconds show within
// the last hour only, so that a countdown ticks no faster than it matters.
func until(t, now time.Time) []string {
	d := t.Sub(now)
	switch {
	case d <= 0:
		if -d < time.Minute {
			return []string{"now"}
		}
		s := ago(-d)
		return []string{s + " ago", s}
	case d < time.Hour:
		s := fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
		if d < time.Minute {
			s = fmt.Sprintf("%ds", int(d.Seconds()))
		}
		return []string{"in " + s, s}
	case d < 10*time.Hour:
		s := fmt.Sprintf("%dh%02d", int(d.Hours()), int(d.Minutes())%60)
		return []string{"in " + s, s}
	case d < 48*time.Hour:
		s := fmt.Sprintf("%dh", int(d.Hours()))
		return []string{"in " + s, s}
	case d < 7*24*time.Hour:
		u := t.UTC()
		return []string{u.Format("Mon 15:04"), u.Format("Mon")}
	}
	s := fmt.Sprintf("%dd", int(d.Hours()/24))
	return []string{"in " + s, s}
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// coarse is until without seconds, for what need not tick.
func coarse(t, now time.Time) []string {
	if d := t.Sub(now); d > time.Minute && d < time.Hour {
		s := ago(d)
		return []string{"in " + s, s}
	}
	return until(t, now)
}

// changesAt is when the text of until changes next.
func changesAt(t, now time.Time) time.Time {
	d := t.Sub(now)
	step := time.Minute
	if d > 0 && d <= time.Hour+time.Second {
		step = time.Second
	}
	rest := d % step
	if rest <= 0 {
		rest += step
	}
	return now.Add(rest)
}

// day writes a date: the year only where it is not this one, the hour only
// where it is known.
func day(d whoisx.Date, now time.Time) string {
	if d.IsZero() {
		return ""
	}
	t := d.UTC()
	s := t.Format("2 Jan")
	if t.Year() != now.UTC().Year() {
		s = t.Format("2 Jan 2006")
	}
	if !d.DayOnly {
		s += t.Format(" 15:04")
	}
	return s
}

func dayOf(d whoisx.Date, now time.Time) string {
	d.DayOnly = true
	return day(d, now)
}

// hm writes a moment as briefly as it is clear.
func hm(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	switch d := t.Sub(now); {
	case t.IsZero():
		return "never"
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format("15:04")
	case d > -6*24*time.Hour && d < 6*24*time.Hour:
		return t.Format("Mon 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}

var stageWords = map[lifecycle.Stage][]string{
	lifecycle.Unknown:        {"unknown", "?"},
	lifecycle.Registered:     {"registered", "held"},
	lifecycle.Expired:        {"expired", "exp."},
	lifecycle.Redemption:     {"redemption", "redempt", "rgp"},
	lifecycle.PendingRestore: {"pending restore", "restoring", "restore"},
	lifecycle.PendingDelete:  {"pending delete", "pend-delete", "pdelete", "pdel"},
	lifecycle.Dropping:       {"dropping", "drop"},
	lifecycle.GatedStage:     {"gated"},
	lifecycle.LikelyFree:     {"likely free", "free?"},
	lifecycle.Free:           {"FREE"},
	lifecycle.Caught:         {"caught", "ours"},
	lifecycle.Lost:           {"lost"},
	lifecycle.ReservedStage:  {"reserved", "resvd"},
	lifecycle.BlockedStage:   {"blocked", "block"},
	lifecycle.Launching:      {"launching", "launch"},
}

// stageText says where a name stands, in several lengths, and how that looks.
// What an order or a flag says of it comes before the stage.
func (a *app) stageText(r *watch.Row) ([]string, widget.Style) {
	t := a.theme
	for i := range r.Orders {
		switch r.Orders[i].State {
		case catch.PaymentDue:
			return []string{"won, unpaid", "unpaid"}, t.Warn
		case catch.InDoubt:
			return []string{"IN DOUBT", "DOUBT"}, t.Bad
		}
	}
	v := &r.Verdict
	if v.Confidence == lifecycle.Conflict {
		return []string{"CONFLICT", "CONFL"}, t.Bad
	}
	if v.Stage == lifecycle.Registered || v.Stage == lifecycle.Expired {
		if f := v.Has(lifecycle.FlagAtAuction); f != nil {
			if f.Category != "" {
				return []string{"caught by " + f.Category, "at auction", "auction"}, t.Warn
			}
			return []string{"at auction", "auction"}, t.Warn
		}
	}
	if r.Kind == watch.Mine && v.Stage == lifecycle.Registered {
		return []string{"mine"}, ""
	}
	words := stageWords[v.Stage]
	if v.RegistryStage != "" && v.Stage != lifecycle.Free && v.Stage != lifecycle.LikelyFree {
		words = append([]string{v.RegistryStage}, words...)
	}
	if len(words) == 0 {
		words = []string{"not asked yet", "new"}
		if v.Stage != "" {
			words = []string{string(v.Stage)}
		}
	}
	switch v.Stage {
	case lifecycle.Free:
		if v.Confidence == lifecycle.Confirmed {
			return words, t.Free
		}
		return []string{"likely free", "free?"}, t.Warn
	case lifecycle.LikelyFree, lifecycle.Dropping:
		return words, t.Warn
	case lifecycle.Caught:
		return words, t.Strong
	case lifecycle.Lost, lifecycle.BlockedStage, lifecycle.ReservedStage, lifecycle.Unknown, "":
		return words, t.Dim
	}
	return words, ""
}

// dropsText says when a name drops and how sure that is, in several lengths.
func (a *app) dropsText(r *watch.Row, now time.Time) ([]string, widget.Style) {
	t := a.theme
	v := &r.Verdict
	switch {
	case v.Confidence == lifecycle.Conflict:
		ways := []string{"sources disagree", "disagree"}
		if who := whoDisagrees(v); who != "" {
			ways = append([]string{who}, ways...)
		}
		return ways, t.Bad
	case v.Stage == lifecycle.GatedStage:
		s := "not open to all"
		for _, f := range v.Flags {
			if f.Category != "" {
				return []string{f.Category + ": not free", f.Category}, t.Warn
			}
		}
		return []string{s, "gated"}, t.Warn
	case v.Has(lifecycle.FlagAtAuction) != nil:
		if u := v.Has(lifecycle.FlagAtAuction).Until; u != nil && !u.IsZero() {
			return []string{"no: auction to " + day(*u, now), "not expected", "-"}, t.Dim
		}
		return []string{"not expected", "-"}, t.Dim
	case v.Has(lifecycle.FlagEAP) != nil:
		f := v.Has(lifecycle.FlagEAP)
		phase := "EAP"
		if f.Category != "" {
			phase = f.Category
		}
		if f.Price == nil {
			return []string{phase, "EAP"}, t.Warn
		}
		price := f.Price.Amount + " " + f.Price.Currency
		return []string{phase + ": " + price, "EAP " + price, "EAP"}, t.Warn
	case v.Window == nil || v.Window.From.IsZero():
		return []string{"-"}, t.Dim
	}
	w := v.Window
	sure, style := "", t.Dim
	switch w.Certainty {
	case lifecycle.Will:
		sure, style = "WILL ", t.Will
	case lifecycle.May:
		sure, style = "MAY ", t.May
	}
	from, to := w.From, w.To
	if from.DayOnly || !w.HourKnown {
		d := dayOf(from, now)
		if !to.IsZero() && to.Sub(from.Time) > 36*time.Hour {
			long := sure + d + " - " + dayOf(to, now)
			return []string{long, sure + d + ", or later", sure + d, d}, style
		}
		return []string{sure + d + ", hour unknown", sure + d + ", hour ?", sure + d, d}, style
	}
	d := dayOf(from, now)
	if sameDay(from.Time, now) {
		d = "today"
	}
	var hours string
	switch {
	case to.IsZero() || to.Sub(from.Time) < time.Minute:
		hours = from.UTC().Format("15:04:05")
		if from.Second() == 0 {
			hours = from.UTC().Format("15:04")
		}
	case from.Minute() == 0 && to.Minute() == 0:
		hours = from.UTC().Format("15") + "-" + to.UTC().Format("15") + "h"
	default:
		hours = from.UTC().Format("15:04") + "-" + to.UTC().Format("15:04")
	}
	ways := []string{sure + d + " " + hours}
	if len(hours) == len("15:04:05") {
		ways = append(ways, sure+d+" "+hours[:5])
	}
	return append(ways, sure+d, d), style
}

var yesNo = strings.NewReplacer(" says not registered", " no", " say not registered", " no", " says registered", " yes", " say registered", " yes")

var inBrackets = regexp.MustCompile(` \([^)]*\)`) // the server of a source

// whoDisagrees is a conflict in few words, "RDAP no, WHOIS yes", from the
// sentence that tells it; empty where that says something else.
func whoDisagrees(v *lifecycle.Verdict) string {
	if len(v.Why) == 0 {
		return ""
	}
	said, _, _ := strings.Cut(v.Why[0], ";")
	short := yesNo.Replace(inBrackets.ReplaceAllString(strings.TrimSuffix(said, "."), ""))
	if !strings.Contains(short, " no") || !strings.Contains(short, " yes") || strings.Contains(short, "registered") {
		return ""
	}
	return short
}

func sameDay(a, b time.Time) bool {
	y1, m1, d1 := a.UTC().Date()
	y2, m2, d2 := b.UTC().Date()
	return y1 == y2 && m1 == m2 && d1 == d2
}

var serviceShort = map[string]string{
	"dynadot": "Dy", "namesilo": "NS", "godaddy": "GD", "dropcatch": "DC", "snapnames": "SN",
	"namejet": "NJ", "porkbun": "Pb", "gandi": "Ga", "namecheap": "Nc", "namebright": "NB",
	"openprovider": "OP", "dnsimple": "Ds", "park.io": "Pk", "name.com": "Nm",
}

// routeShort is a service in two or four letters.
func routeShort(service string, k catch.Kind) string {
	switch k {
	case catch.EPP:
		return "EPP"
	case catch.ByHand:
		return "hand"
	}
	if s := serviceShort[strings.ToLower(service)]; s != "" {
		return s
	}
	if rs := []rune(widget.Safe(service)); len(rs) > 2 {
		return string(rs[:2])
	}
	return service
}

func routesText(orders []catch.Order) []string {
	if len(orders) == 0 {
		return []string{"-"}
	}
	var short []string
	seen := map[string]bool{}
	for i := range orders {
		if s := routeShort(orders[i].Service, orders[i].Kind); !seen[s] {
			seen[s] = true
			short = append(short, s)
		}
	}
	out := []string{strings.Join(short, " ")}
	if len(short) > 1 {
		out = append(out, fmt.Sprintf("%s+%d", short[0], len(short)-1), fmt.Sprintf("%d", len(short)))
	}
	return out
}

var stateWords = map[catch.State]string{
	catch.Planned: "planned", catch.Requested: "being sent", catch.Active: "active", catch.Processing: "processing",
	catch.InDoubt: "IN DOUBT", catch.AuctionLeading: "leading", catch.AuctionOutbid: "outbid", catch.PaymentDue: "unpaid",
	catch.WonProvisional: "won, not final", catch.Won: "won", catch.Lost: "lost", catch.Failed: "failed",
	catch.RefusedOrder: "refused", catch.Cancelled: "cancelled", catch.Reversed: "reversed", catch.RefundDue: "refund due",
}

func (a *app) stateStyle(s catch.State) widget.Style {
	switch s {
	case catch.InDoubt, catch.AuctionOutbid, catch.Reversed, catch.Failed, catch.RefusedOrder:
		return a.theme.Bad
	case catch.PaymentDue, catch.WonProvisional, catch.RefundDue:
		return a.theme.Warn
	case catch.Won:
		return a.theme.Strong
	case catch.Lost, catch.Cancelled:
		return a.theme.Dim
	}
	return ""
}
