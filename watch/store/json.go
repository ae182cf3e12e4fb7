package store

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// object writes a JSON object field by field. Three of them are written for
// every look; encoding/json takes ten times as long for them, most of it for
// dates. What it writes is read back by encoding/json, and a test fills every
// field that the types have.
type object struct {
	b    []byte
	from int // where it begins in b
}

// in begins an object under a key; out ends it.
func (o *object) in(k string) object {
	o.key(k)
	return object{o.b, len(o.b)}
}

func (o *object) out(in object) { o.b = in.closed() }

func (o *object) closed() []byte {
	if len(o.b) == o.from {
		o.b = append(o.b, '{')
	}
	return append(o.b, '}')
}

func (o *object) key(k string) {
	if len(o.b) == o.from {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

func (o *object) end() string { return string(o.closed()) }

// text, list and the others leave out what says nothing.
func (o *object) text(k, v string) {
	if v != "" {
		o.key(k)
		o.b = appendText(o.b, v)
	}
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			v, _ := json.Marshal(s) // a string always has one
			return append(b, v...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func list[T ~string](o *object, k string, vs []T) {
	if vs == nil {
		return
	}
	o.key(k)
	o.b = append(o.b, '[')
	for i, v := range vs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendText(o.b, string(v))
	}
	o.b = append(o.b, ']')
}

func (o *object) date(k string, d whoisx.Date) {
	switch {
	case d.IsZero(), d.Unwritable():
		return
	case d.DayOnly:
		o.key(k)
		o.b = d.AppendFormat(append(o.b, '"'), time.DateOnly)
	default:
		o.key(k)
		o.b = d.UTC().AppendFormat(append(o.b, '"'), time.RFC3339)
	}
	o.b = append(o.b, '"')
}

func (o *object) time(k string, t time.Time) {
	if !t.IsZero() {
		o.key(k)
		o.b = append(t.AppendFormat(append(o.b, '"'), time.RFC3339Nano), '"')
	}
}

func (o *object) number(k string, n int) {
	if n != 0 {
		o.key(k)
		o.b = strconv.AppendInt(o.b, int64(n), 10)
	}
}

func (o *object) yes(k string, v bool) {
	if v {
		o.key(k)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) duration(k string, d whoisx.Duration) {
	if d != 0 {
		o.key(k)
		o.b = append(append(append(o.b, '"'), time.Duration(d).String()...), '"')
	}
}

// rest writes what is there so seldom that encoding/json may do it.
func (o *object) rest(k string, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		o.key(k)
		o.b = append(o.b, b...)
	}
	return err
}

// answer writes all of an answer but its raw text.
func (o *object) answer(a *whoisx.Answer) error {
	o.text("source", string(a.Source))
	o.text("server", a.Server)
	o.text("url", a.URL)
	o.text("name", a.Name)
	o.time("asked", a.Asked)
	o.duration("took", a.Took)
	o.text("outcome", string(a.Outcome))
	o.yes("confirmed", a.Confirmed)
	list(o, "statuses", a.Statuses)
	list(o, "said_statuses", a.SaidStatuses)
	o.date("created", a.Created)
	o.date("updated", a.Updated)
	o.date("expires", a.Expires)
	o.date("registrar_expires", a.RegistrarExpires)
	o.date("deleted", a.Deleted)
	o.date("as_of", a.AsOf)
	o.yes("floating", a.Floating)
	o.text("registrar", a.Registrar)
	o.text("registrar_id", a.RegistrarID)
	list(o, "nameservers", a.Nameservers)
	list(o, "redacted", a.Redacted)
	if a.Price != nil {
		if err := o.rest("price", a.Price); err != nil {
			return err
		}
	}
	if a.Drop != nil {
		if err := o.rest("drop", a.Drop); err != nil {
			return err
		}
	}
	o.text("category", a.Category)
	o.text("delegation", string(a.Delegation))
	o.text("registrar_url", a.RegistrarURL)
	o.duration("retry_after", a.RetryAfter)
	o.number("http_status", a.HTTPStatus)
	o.text("why", a.Why)
	if len(a.Evidence) > 0 {
		o.key("evidence")
		for i, e := range a.Evidence {
			o.b = append(o.b, "[,"[min(i, 1)])
			line := object{o.b, len(o.b)}
			line.text("source", string(e.Source))
			line.number("line", e.Line)
			line.text("text", e.Text)
			line.text("says", e.Says)
			o.out(line)
		}
		o.b = append(o.b, ']')
	}
	o.yes("truncated", a.Truncated)
	o.b = o.closed()
	return nil
}

func verdictJSON(v *lifecycle.Verdict) (string, error) {
	o := object{b: make([]byte, 0, 1024)}
	o.text("stage", string(v.Stage))
	o.text("registry_stage", v.RegistryStage)
	o.date("since", v.Since)
	o.date("since_from", v.SinceFrom)
	if n := v.Next; n != nil {
		in := o.in("next")
		in.text("stage", string(n.Stage))
		in.text("registry_stage", n.Registry)
		in.date("earliest", n.Earliest)
		in.date("latest", n.Latest)
		o.out(in)
	}
	if w := v.Window; w != nil {
		in := o.in("window")
		in.date("from", w.From)
		in.date("to", w.To)
		in.date("likely", w.Likely)
		in.text("certainty", string(w.Certainty))
		in.text("basis", w.Basis)
		in.yes("hour_known", w.HourKnown)
		o.out(in)
	}
	if len(v.Flags) > 0 {
		if err := o.rest("flags", v.Flags); err != nil {
			return "", err
		}
	}
	o.text("confidence", string(v.Confidence))
	o.date("created", v.Created)
	o.date("expires", v.Expires)
	o.text("registrar", v.Registrar)
	if len(v.Happened) > 0 {
		if err := o.rest("happened", v.Happened); err != nil {
			return "", err
		}
	}
	list(&o, "sources", v.Sources)
	list(&o, "missing", v.Missing)
	list(&o, "why", v.Why)
	o.text("anomaly", v.Anomaly)
	return o.end(), nil
}

// seenJSON leaves out the verdict, which has a column of its own.
func seenJSON(s *watch.Before) string {
	o := object{b: make([]byte, 0, 512)}
	o.time("at", s.At)
	if len(s.Statuses) > 0 {
		in := o.in("statuses")
		for k, t := range s.Statuses {
			q := appendText(nil, k)
			in.key(string(q[1 : len(q)-1]))
			in.b = append(t.AppendFormat(append(in.b, '"'), time.RFC3339Nano), '"')
		}
		o.out(in)
	}
	list(&o, "nameservers", s.Nameservers)
	o.date("expires", s.Expires)
	o.date("updated", s.Updated)
	o.text("registrar_id", s.RegistrarID)
	o.text("from", string(s.From))
	if len(s.Others) > 0 {
		o.key("others")
		for i, other := range s.Others {
			o.b = append(o.b, "[,"[min(i, 1)])
			var in object
			in.text("source", string(other.Source))
			list(&in, "statuses", other.Statuses)
			list(&in, "nameservers", other.Nameservers)
			in.text("registrar", other.Registrar)
			o.b = append(o.b, in.end()...)
		}
		o.b = append(o.b, ']')
	}
	o.time("held_at", s.HeldAt)
	o.time("gone_at", s.GoneAt)
	o.text("last_held", string(s.LastHeld))
	o.date("began", s.Began)
	o.date("began_from", s.BeganFrom)
	return o.end()
}
