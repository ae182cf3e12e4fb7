package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// What is remembered of a look is what another process reads of it, also after
// an edit, a look by that process, silence, and a name that takes another's place.
func TestTurnsRememberWhatIsKept(t *testing.T) {
	ctx := t.Context()
	path := temp(t)
	here, there := open(t, path), open(t, path)
	epoch, err := here.Take(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	same := func(what string) watch.Turn {
		t.Helper()
		if err := here.Beat(ctx, epoch, ""); err != nil {
			t.Fatal(err)
		}
		ours, _, err := here.Turns(ctx, now.Add(time.Hour), 10, nil)
		if err != nil || len(ours) != 1 {
			t.Fatalf("%s: %+v, %v", what, ours, err)
		}
		theirs, _, err := there.Turns(ctx, now.Add(time.Hour), 10, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(theirs, ours); d != "" {
			t.Errorf("%s: %s", what, d)
		}
		return ours[0]
	}
	keep := func(st watch.Store, l watch.Look) {
		t.Helper()
		if err := st.SaveLooks(ctx, epoch, []watch.Look{l}); err != nil {
			t.Fatal(err)
		}
	}
	add(t, here, "one.com")
	if turn := same("new"); turn.Before != nil || turn.Looks != 0 {
		t.Errorf("%+v", turn)
	}
	l := look("one.com", now)
	l.Due = now
	l.Seen = &watch.Before{
		At: now, HeldAt: now, LastHeld: lifecycle.Registered, Nameservers: []string{"ns.example"}, Updated: whoisx.At(now),
		Statuses: map[string]time.Time{"ok": now},
	}
	l.Changes = []watch.Change{{At: now, Name: "one.com", Field: "stage", After: "registered"}}
	keep(here, l)
	if turn := same("looked at"); turn.Looks != 1 || turn.Before == nil || turn.Before.LastHeld != lifecycle.Registered {
		t.Errorf("%+v", turn)
	}
	keep(here, watch.Look{Name: "one.com", At: now, Due: now, Trouble: "nobody answered", Answers: []whoisx.Answer{{Source: whoisx.RDAP, Server: "rdap.example", Asked: now, Outcome: whoisx.Unreachable}}})
	if turn := same("silence"); turn.Looks != 2 || turn.Before == nil {
		t.Errorf("%+v", turn)
	}
	w, err := there.Watch(ctx, "one.com")
	if err != nil {
		t.Fatal(err)
	}
	w.Note = "edited elsewhere"
	if _, err := there.Edit(ctx, w.Watch, nil); err != nil {
		t.Fatal(err)
	}
	l.Verdict.Registrar = "Another Registrar"
	keep(there, l)
	same("looked at elsewhere")
	l.Verdict.Registrar = "A third one"
	keep(here, l)
	same("looked at here again")
	if r, err := here.Watch(ctx, "one.com"); err != nil || r.Note != "edited elsewhere" || r.Verdict.Registrar != "A third one" || r.Looks != 4 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := there.Remove(ctx, []watch.Name{"one.com"}); err != nil {
		t.Fatal(err)
	}
	add(t, there, "two.com")
	for range 4 {
		l.Name = "two.com"
		keep(there, l)
	}
	if turn := same("another name in its place"); turn.Name != "two.com" {
		t.Errorf("%+v", turn)
	}
	if rows, _, err := here.Turns(ctx, now.Add(time.Hour), 10, func(n watch.Name) bool { return n == "two.com" }); err != nil || len(rows) > 0 {
		t.Errorf("%+v, %v", rows, err)
	}
}
