package burst

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// Result is what a burst did, in full.
type Result struct {
	Plan      catch.BurstPlan `json:"plan"`
	At        time.Time       `json:"at"`
	Clock     Clock           `json:"clock"`
	Announced int             `json:"creates_announced"`
	Spent     int             `json:"creates_spent"`
	Codes     map[int]int     `json:"codes"`
	Names     []NameResult    `json:"names"`
	Lanes     []Lane          `json:"lanes"`
	Notes     []string        `json:"notes,omitempty"`
	Advice    []string        `json:"advice,omitempty"`
}

// NameResult is how one name ended.
type NameResult struct {
	Name string `json:"name"`
	catch.Report
	Holder string `json:"holder,omitempty"` // who has it, as the registry says
}

// Lane is one session of the burst.
type Lane struct {
	Session int           `json:"session"`
	Spare   bool          `json:"spare,omitempty"`
	RTT     time.Duration `json:"rtt_ns"`
	Ended   string        `json:"ended,omitempty"` // why it ended before its time
	Frames  []catch.Frame `json:"frames"`
}

func (r *Result) byName() map[string]catch.Report {
	m := make(map[string]catch.Report, len(r.Names))
	for _, n := range r.Names {
		m[n.Name] = n.Report
	}
	return m
}

// Frames lists every create by the time it left.
func (r *Result) Frames() []catch.Frame {
	var out []catch.Frame
	for _, l := range r.Lanes {
		out = append(out, l.Frames...)
	}
	slices.SortFunc(out, func(a, b catch.Frame) int { return int(a.Sent - b.Sent) })
	return out
}

// report makes the Result. The engine is at rest.
func (b *Burst) report() *Result {
	e := b.eng
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &Result{Plan: b.plan, At: b.at, Clock: b.clock, Announced: e.total, Spent: e.shots, Codes: map[int]int{}, Notes: b.notes}
	drop := e.since(b.moment())
	frames := make([][]catch.Frame, len(e.targets))
	for _, l := range e.lanes {
		least, _ := l.s.RTT()
		ln := Lane{Session: l.index, Spare: l.spare, RTT: least}
		if err := l.s.Err(); err != nil && l.dead && err != epp.ErrClosed { //nolint:errorlint // only our own plain close is left out
			ln.Ended = err.Error()
		}
		for i := range l.n {
			sh := &l.shots[i]
			f := catch.Frame{
				Name: e.targets[sh.target].Name, Session: l.index, ClTRID: l.s.Slot(sh.num), SvTRID: epp.Clean(string(sh.sv[:sh.svLen])),
				Sent: sh.sent - drop, Code: int(sh.code), Words: epp.Clean(string(sh.msg[:sh.msgLen])),
			}
			if sh.answer > 0 {
				f.Answer = sh.answer - drop
			}
			r.Codes[f.Code]++
			ln.Frames = append(ln.Frames, f)
			// A lane counts from the first drop, a name from its own.
			own := e.targets[sh.target].At.Sub(b.at)
			f.Sent -= own
			if sh.answer > 0 {
				f.Answer -= own
			}
			frames[sh.target] = append(frames[sh.target], f)
		}
		r.Lanes = append(r.Lanes, ln)
	}
	for i, t := range e.targets {
		slices.SortFunc(frames[i], func(a, b catch.Frame) int { return int(a.Sent - b.Sent) })
		r.Names = append(r.Names, t.result(frames[i]))
	}
	r.Advice = r.advise(b.o.Policy)
	return r
}

// result puts a name's end into the words of an order.
func (t *target) result(frames []catch.Frame) NameResult {
	n := NameResult{Name: t.Name, Holder: t.holder, Report: catch.Report{Frames: frames}}
	switch t.state {
	case won:
		n.State, n.Words = catch.Won, "registered"
		if len(t.frame) > 0 {
			if r, err := epp.ParseResponse(t.frame); err == nil {
				c := epp.ReadCreated(r)
				n.Ref = c.SvTRID
				n.Paid = c.Fee.Total
				if n.Paid.Currency == "" && t.Create.Fee != nil {
					n.Paid = t.Create.Fee.Price
				}
				if !c.Expires.IsZero() {
					n.Words = "registered until " + c.Expires.Format(time.DateOnly)
				}
			}
		} else {
			n.Words = "registered: the answer was lost, the registry confirms it"
			if t.Create.Fee != nil {
				n.Paid = t.Create.Fee.Price
			}
		}
	case pending:
		n.State, n.Words = catch.Processing, "the registry took the create and decides later (1001)"
	case taken:
		n.State, n.Words = catch.Lost, "somebody else has it"
		if t.holder != "" {
			n.Words = "taken by " + t.holder
		}
		if !t.created.IsZero() {
			n.Words += " at " + t.created.UTC().Format("15:04:05.000 UTC")
		}
	case stopped:
		n.State, n.Words = catch.Failed, t.code.String()
		if t.code.OfPrice() && t.Create.Fee != nil {
			n.State, n.Words = catch.RefusedOrder, fmt.Sprintf("the registry no longer takes it at %s: %s", t.Create.Fee.Price, t.code)
		}
		if f := last(frames, int(t.code)); f.Words != "" {
			n.Words += ": " + f.Words
		}
	default:
		// What is not decided goes back to the watch, which finds out who has the
		// name and knows when to try again.
		n.State = catch.Planned
		switch {
		case t.sent == 0:
			n.Words = "no create was sent"
		case t.asked && t.missing:
			n.Words = "nobody has it: it is not registered, though no create of ours was taken"
		case t.asked && t.holder == "":
			n.Words = "every create was refused: somebody has it, and the registry does not show us who or since when"
		case t.asked:
			n.Words = "it did not drop in the window: still held by " + t.holder
		case t.unheard > 0 || t.inflight > 0:
			n.State, n.Words = catch.InDoubt, "creates were sent whose answers never came"
		default:
			n.Words = "every create was refused; who has it was not found out"
		}
		if t.why != "" {
			n.Words += "; " + t.why
		}
	}
	return n
}

func last(frames []catch.Frame, code int) catch.Frame {
	for i := len(frames) - 1; i >= 0; i-- {
		if frames[i].Code == code {
			return frames[i]
		}
	}
	return catch.Frame{}
}

// advise says what could be better the next time.
func (r *Result) advise(p Policy) []string {
	var out []string
	dead, early, late := 0, 0, 0
	for _, l := range r.Lanes {
		if l.Ended != "" {
			dead++
		}
		for _, f := range l.Frames {
			if f.Code == int(epp.Exists) && f.Sent+l.RTT/2 < 0 {
				early++
			}
			if f.Sent > time.Second {
				late++
			}
		}
	}
	if dead > r.Plan.Spares {
		out = append(out, fmt.Sprintf("%d sessions ended early and only %d spares stood by: have more spares", dead, r.Plan.Spares))
	}
	if early > r.Spent/2 && r.Spent > 2 {
		out = append(out, fmt.Sprintf("%d of %d creates came before the drop: a better clock (set [clock] ntp) lets them start later", early, r.Spent))
	}
	if !r.Clock.Checked {
		out = append(out, "nothing confirmed this machine's clock: set [clock] ntp to a server near you")
	} else if r.Clock.Uncertainty > 20*time.Millisecond {
		out = append(out, fmt.Sprintf("the clock is known to ± %.0f ms only: a closer NTP server spends fewer creates", ms(r.Clock.Uncertainty)))
	}
	if late > r.Spent/2 && r.Spent > 4 {
		out = append(out, fmt.Sprintf("%d of %d creates left more than a second after the drop, as late as the pace of policy %s makes them: fewer names at once would bring each closer", late, r.Spent, p.ID))
	}
	return out
}

// Draw draws a line a session: every create by the time it left, from before
// the drop to after it. The drop is marked by a bar.
func (r *Result) Draw(width int) string {
	frames := r.Frames()
	if len(frames) == 0 || width < 30 {
		return ""
	}
	lo, hi := min(frames[0].Sent, 0), max(frames[len(frames)-1].Sent, time.Millisecond)
	for _, f := range frames {
		hi = max(hi, f.Answer)
	}
	const label = 12
	cols := width - label - 1
	at := func(d time.Duration) int {
		return min(cols-1, int(float64(d-lo)/float64(hi-lo+1)*float64(cols)))
	}
	var b strings.Builder
	for _, l := range r.Lanes {
		row := []rune(strings.Repeat("·", cols))
		row[at(0)] = '|'
		for _, f := range l.Frames {
			row[at(f.Sent)] = mark(f.Code)
		}
		name := fmt.Sprintf("session %d", l.Session)
		if l.Spare {
			name = fmt.Sprintf("spare %d", l.Session)
		}
		fmt.Fprintf(&b, "%-*s %s\n", label, name, string(row))
	}
	fmt.Fprintf(&b, "%-*s %-*s%s\n", label, "", max(cols-10, 10), fmt.Sprintf("%.1f ms", ms(lo)), fmt.Sprintf("%+.1f ms", ms(hi)))
	line := 0
	for _, sign := range []string{"W won", "p pending", "x refused (exists)", "| the drop", "r server failed", "! refused for good", "? no answer"} {
		switch {
		case line == 0:
		case line+2+len(sign) > width:
			b.WriteByte('\n')
			line = 0
		default:
			b.WriteString("  ")
			line += 2
		}
		b.WriteString(sign)
		line += len(sign)
	}
	b.WriteByte('\n')
	return b.String()
}

func mark(code int) rune {
	switch epp.Code(code) {
	case 0:
		return '?'
	case epp.OK:
		return 'W'
	case epp.Pending:
		return 'p'
	case epp.Exists:
		return 'x'
	case epp.Failed:
		return 'r'
	}
	return '!'
}
