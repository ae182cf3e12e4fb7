// Package intake reads lists of names as other programs write them: the export
// of ExpiredDomains.net, of DropCatch or of a registrar, a spreadsheet, lapse's
// own export, or plain names. It is pure: text in, a plan out.
//
// A plan says before anything is stored who probably wrote the file, what each
// column becomes, which names it has, and which rows are none and why. Nothing
// is lost on the way: a row either is in Names, was merged into one that is, or
// stands in Bad with its line and its text as it was.
//
// What a list says of expiry, drop and auto-renew goes into the note, with who
// said it: only sources that lapse asked itself decide a stage.
package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Field is what a column becomes.
type Field string

// The fields. Expires, Drops, Renew and Remark are written into the note after
// a word that says what they are; several columns may go there.
const (
	Skip     Field = "skip"
	Name     Field = "name"
	TLD      Field = "tld" // for lists that write the name without it
	Kind     Field = "kind"
	Tags     Field = "tags"
	Note     Field = "note"
	Purpose  Field = "purpose"
	Priority Field = "priority"
	Cap      Field = "cap"
	BidCap   Field = "bid-cap"
	Expires  Field = "expires"
	Drops    Field = "drops"
	Renew    Field = "auto-renew"
	Remark   Field = "remark" // into the note, after its heading
)

// Fields are all of them, in the order in which a person chooses among them.
var Fields = []Field{Skip, Name, TLD, Kind, Tags, Note, Remark, Purpose, Priority, Cap, BidCap, Expires, Drops, Renew}

// Column is a column of the file and what it becomes.
type Column struct {
	Heading string `json:"heading"`
	Field   Field  `json:"field"`
	Sample  string `json:"sample,omitempty"`
}

// Bad is a row that is not taken.
type Bad struct {
	Line  int    `json:"line"`
	Text  string `json:"text"` // the row as it was, without control characters
	Why   string `json:"why"`
	Meant string `json:"meant,omitempty"`
}

// Entry is a name to be added, and the line that it stands on.
type Entry struct {
	watch.NewWatch
	Line int
}

// Plan is what a file would do.
type Plan struct {
	Source   string     `json:"source"`    // who wrote it, as far as its columns tell
	Encoding string     `json:"encoding"`  // "UTF-8", "UTF-16", "Windows-1252"
	Comma    string     `json:"delimiter"` // empty: plain names
	Kind     watch.Kind `json:"kind,omitempty"`
	Columns  []Column   `json:"columns"`
	Names    []Entry    `json:"-"`
	Merged   int        `json:"merged"` // rows that repeat a name
	Bad      []Bad      `json:"bad"`
}

// Options is what a person says of a file.
type Options struct {
	Map     map[string]Field // heading, or number from 1, to what it becomes
	Kind    watch.Kind       // for all of them, whatever the file says
	Tags    []string         // for all of them
	Purpose string           // for those without one
	// Parse reads a name; nil: watch.ParseName.
	Parse func(watch.NewWatch) (watch.Name, error)
}

// maxBad is how much of a bad row's text is kept.
const maxBad = 2000

// Read plans the intake of a file. It fails where the whole of it cannot be
// read, for example because no column holds names.
func Read(data []byte, o Options) (*Plan, error) {
	if o.Parse == nil {
		o.Parse = func(w watch.NewWatch) (watch.Name, error) { return watch.ParseName(w.Input) }
	}
	text, encoding, err := decode(data)
	if err != nil {
		return nil, err
	}
	p := &Plan{Encoding: encoding, Kind: o.Kind, Columns: []Column{}, Bad: []Bad{}}
	switch t := strings.TrimSpace(text); {
	case t == "":
		return nil, errors.New("nothing in it")
	case t[0] == '[' && strings.HasSuffix(t, "]"):
		err = p.export(t, o)
	default:
		err = p.table(text, o)
	}
	if err != nil {
		return nil, err
	}
	for i := range p.Names { // once all rows of a name had their say
		if n := &p.Names[i]; n.Purpose == "" {
			n.Purpose = o.Purpose
		}
	}
	return p, nil
}

// export reads what lapse export --format json wrote.
func (p *Plan) export(text string, o Options) error {
	p.Source = "lapse"
	var rows []json.RawMessage
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return fmt.Errorf("this is no export of lapse: %w", err)
	}
	m := merger{plan: p, o: o}
	line := 1
	at := 0
	for _, raw := range rows {
		if i := strings.Index(text[at:], string(raw)); i >= 0 { // where it stands
			line += strings.Count(text[at:at+i], "\n")
			at += i
		}
		var r watch.Watch
		if err := json.Unmarshal(raw, &r); err != nil {
			p.refuse(line, string(raw), "it cannot be read: "+err.Error(), "")
		} else {
			m.take(Entry{watch.NewWatch{
				Input: string(r.Name), Kind: r.Kind, Tags: r.Tags, Note: r.Note, Purpose: r.Purpose, Priority: r.Priority, Cap: r.Cap, BidCap: r.BidCap,
			}, line}, string(raw))
		}
		line += bytes.Count(raw, []byte("\n"))
		at += len(raw)
	}
	return nil
}

func (p *Plan) refuse(line int, text, why, meant string) {
	text = whoisx.CleanLine(strings.TrimRight(text, "\r\n"))
	if len(text) > maxBad {
		text = strings.ToValidUTF8(text[:maxBad], "") + "..."
	}
	p.Bad = append(p.Bad, Bad{Line: line, Text: text, Why: why, Meant: meant})
}

// merger puts the rows of one name together.
type merger struct {
	plan *Plan
	o    Options
	at   map[watch.Name]int
}

func (m *merger) take(e Entry, raw string) {
	if m.o.Kind != "" {
		e.Kind = m.o.Kind
	}
	if e.Kind == "" {
		e.Kind = m.plan.Kind
	}
	e.Tags = append(e.Tags, m.o.Tags...)
	n, err := m.o.Parse(e.NewWatch)
	if err != nil {
		why, meant := err.Error(), ""
		var ne *watch.NameError
		if errors.As(err, &ne) {
			why, meant = ne.Why, ne.Meant
		}
		m.plan.refuse(e.Line, raw, why, meant)
		return
	}
	if m.at == nil {
		m.at = map[watch.Name]int{}
	}
	i, have := m.at[n]
	if !have {
		m.at[n] = len(m.plan.Names)
		m.plan.Names = append(m.plan.Names, e)
		return
	}
	was := &m.plan.Names[i]
	if why := clash(was, &e); why != "" {
		m.plan.refuse(e.Line, raw, fmt.Sprintf("line %d says otherwise: %s", was.Line, why), "")
		return
	}
	m.plan.Merged++
	for _, t := range e.Tags {
		if !slices.Contains(was.Tags, t) {
			was.Tags = append(was.Tags, t)
		}
	}
	if e.Note != "" && !strings.Contains(was.Note, e.Note) {
		was.Note = strings.TrimSpace(was.Note + "\n" + e.Note)
	}
	if was.Cap.IsZero() {
		was.Cap = e.Cap
	}
	if was.BidCap.IsZero() {
		was.BidCap = e.BidCap
	}
	if was.Kind == "" {
		was.Kind = e.Kind
	}
	if was.Purpose == "" {
		was.Purpose = e.Purpose
	}
	was.Priority = max(was.Priority, e.Priority)
}

// clash says what two rows of one name disagree about that nobody but the
// person can decide.
func clash(a, b *Entry) string {
	switch {
	case !a.Cap.IsZero() && !b.Cap.IsZero() && a.Cap != b.Cap:
		return fmt.Sprintf("cap %s, here %s", a.Cap, b.Cap)
	case !a.BidCap.IsZero() && !b.BidCap.IsZero() && a.BidCap != b.BidCap:
		return fmt.Sprintf("bid cap %s, here %s", a.BidCap, b.BidCap)
	case a.Kind != "" && b.Kind != "" && a.Kind != b.Kind:
		return fmt.Sprintf("kind %s, here %s", a.Kind, b.Kind)
	case a.Purpose != "" && b.Purpose != "" && a.Purpose != b.Purpose:
		return fmt.Sprintf("purpose %s, here %s", a.Purpose, b.Purpose)
	}
	return ""
}

// Title says in a line what a file is taken for.
func (p *Plan) Title() string {
	var b strings.Builder
	b.WriteString(count(len(p.Names), "name"))
	switch p.Source {
	case "":
	case "plain names":
		b.WriteString(" in plain text")
	case "a registrar", "a drop list":
		b.WriteString(" in what looks like " + p.Source)
		if p.Kind != "" {
			b.WriteString("'s list")
		}
	default:
		b.WriteString(" in an export of " + p.Source)
	}
	if p.Kind != "" {
		b.WriteString(", watched as " + string(p.Kind))
	}
	if p.Merged > 0 {
		repeats := " that repeat one"
		if p.Merged == 1 {
			repeats = " that repeats one"
		}
		b.WriteString(", " + count(p.Merged, "row") + repeats)
	}
	if len(p.Bad) > 0 {
		b.WriteString(", " + count(len(p.Bad), "row") + " not taken")
	}
	return b.String()
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
