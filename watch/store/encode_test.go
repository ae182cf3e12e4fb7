package store

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// fill sets every field of a value, so that one that is added to a type and
// forgotten here is missed when it is read back.
func fill(v reflect.Value, n *int) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *whoisx.Date:
		*x = whoisx.At(time.Date(2026, 1, 1, 0, 0, *n, 0, time.UTC))
		if *n%2 == 0 {
			*x = whoisx.Day(2026, 1, *n%28+1)
		}
		return
	case *time.Time:
		*x = time.Date(2026, 1, 1, 0, 0, *n, *n*1000, time.UTC)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("ä\"\\\n\x00 plain ", *n%3) + "text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, k := range []string{"clientHold", "\"odd\"\n"} {
			e := reflect.New(v.Type().Elem()).Elem()
			fill(e, n)
			v.SetMapIndex(reflect.ValueOf(k), e)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Uint8:
		v.SetUint(7)
	default:
		panic(v.Type().String())
	}
}

func readBack[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

func TestEncodingsKeepEveryField(t *testing.T) {
	var n int
	var a whoisx.Answer
	fill(reflect.ValueOf(&a).Elem(), &n)
	var v lifecycle.Verdict
	fill(reflect.ValueOf(&v).Elem(), &n)
	var b watch.Before
	fill(reflect.ValueOf(&b).Elem(), &n)

	p, err := new(scratch).pack(&a)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unpack("", p); err != nil || !cmp.Equal(a, got) {
		t.Error("answer", err, cmp.Diff(a, got))
	}
	body, err := verdictJSON(&v)
	if err != nil {
		t.Fatal(err)
	}
	v = asKept(v)
	if d := cmp.Diff(v, readBack[lifecycle.Verdict](t, body)); d != "" {
		t.Error("verdict", d)
	}
	b.Verdict = lifecycle.Verdict{}
	if d := cmp.Diff(b, readBack[watch.Before](t, seenJSON(&b))); d != "" {
		t.Error("seen", d)
	}
}

func TestEncodingsOfNothing(t *testing.T) {
	v, _ := verdictJSON(&lifecycle.Verdict{Next: &lifecycle.Next{}, Window: &lifecycle.Window{}})
	for _, body := range []string{v, seenJSON(&watch.Before{})} {
		if !json.Valid([]byte(body)) {
			t.Error(body)
		}
	}
	p, err := new(scratch).pack(&whoisx.Answer{})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := unpack("", p); err != nil || !cmp.Equal(a, whoisx.Answer{}) {
		t.Error(a, err)
	}
}

// A verdict that was made with a finer clock than is kept must not look
// different once it is read back.
func TestAsKeptIsWhatIsReadBack(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 15, 987654321, time.FixedZone("", 3600))
	until := whoisx.Date{Time: at}
	v := lifecycle.Verdict{
		Stage: lifecycle.Dropping, Since: whoisx.Date{Time: at}, SinceFrom: whoisx.Date{Time: at, DayOnly: true},
		Next: &lifecycle.Next{Earliest: until}, Window: &lifecycle.Window{From: until, To: until, Likely: until},
		Flags: []lifecycle.Flag{{Flag: lifecycle.FlagHold, Until: &until}}, Evidence: []whoisx.Evidence{{}}, Began: until,
	}
	body, err := verdictJSON(&v)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(asKept(v), readBack[lifecycle.Verdict](t, body)); d != "" {
		t.Error(d)
	}
	if !v.Flags[0].Until.Equal(at) {
		t.Error("it changed the verdict that it was given")
	}
}

func TestUnpackReadsWhatOlderVersionsWrote(t *testing.T) {
	text := strings.Repeat("Domain Name: A.COM\r\n", 200)
	var old bytes.Buffer
	w, err := flate.NewWriter(&old, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := unpack(`{"source":"whois"}`, old.Bytes())
	if err != nil || string(a.Raw) != text {
		t.Fatalf("%v %q", err, a.Raw)
	}
	var s scratch
	for range 2 { // the memory is used again
		p, err := s.pack(&a)
		if err != nil {
			t.Fatal(err)
		}
		if len(p)*10 > len(text) {
			t.Errorf("%d bytes of %d", len(p), len(text))
		}
		again, err := unpack("", p)
		if err != nil || string(again.Raw) != text || again.Source != a.Source {
			t.Fatalf("%v %+v", err, again)
		}
	}
}

func FuzzSqueeze(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("a"))
	f.Add([]byte(strings.Repeat("a", 1000)))
	f.Add([]byte(strings.Repeat("No match for ", 40) + strings.Repeat("\x00\xff", 70000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := unsqueeze(squeeze(nil, text), len(text))
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%v: %q", err, got)
		}
		if len(text) > 0 {
			_, _ = unsqueeze(text, 1<<16) // a damaged one must not panic
		}
	})
}

// A date that no four digits can write must not make its row unreadable.
func TestYearsThatCannotBeWritten(t *testing.T) {
	far := whoisx.At(time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC).Add(75 * 24 * time.Hour))
	for _, d := range []whoisx.Date{far, {Time: far.Time, DayOnly: true}} {
		v := lifecycle.Verdict{Stage: lifecycle.Registered, Expires: d, Next: &lifecycle.Next{Stage: lifecycle.Expired, Latest: d}, Flags: []lifecycle.Flag{{Flag: lifecycle.FlagHold, Until: &d}}}
		body, err := verdictJSON(&v)
		if err != nil {
			t.Fatal(err)
		}
		got := readBack[lifecycle.Verdict](t, body)
		if got.Stage != v.Stage || !got.Expires.IsZero() {
			t.Errorf("%+v", got)
		}
		if kept := asKept(v); !kept.Expires.IsZero() {
			t.Errorf("kept as %v", kept.Expires.Time)
		}
	}
}
