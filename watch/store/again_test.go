package store_test

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

// What a clock that ran a year ahead put off is asked again, whether somebody
// answered or not; what waits as it should keeps its time.
func TestAskAgain(t *testing.T) {
	ctx := t.Context()
	s := open(t, temp(t))
	now := time.Now().UTC().Truncate(time.Second)
	ahead := now.Add(365 * 24 * time.Hour)
	looks := map[watch.Name]watch.Look{
		"looked.com":  look("looked.com", ahead),
		"silent.com":  {At: ahead, Trouble: "source unreachable", Due: ahead.Add(time.Hour), DueWhy: "nobody answered", Answers: look("silent.com", ahead).Answers},
		"waits.com":   {At: ahead, Due: ahead.Add(time.Minute), DueWhy: "waits: rdap.example is asked 1 a second at most"},
		"usual.com":   look("usual.com", now),
		"quiet.com":   {At: now, Trouble: "source unreachable", Due: now.Add(time.Hour), DueWhy: "nobody answered", Answers: look("quiet.com", now).Answers},
		"patient.com": {At: now, Due: now.Add(5 * 24 * time.Hour), DueWhy: "waits: whois.example asked to wait"},
	}
	again := map[watch.Name]bool{"looked.com": true, "silent.com": true, "waits.com": true}
	epoch, err := s.Take(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	for n, l := range looks {
		add(t, s, n)
		l.Name = n
		if err := s.SaveLooks(ctx, epoch, []watch.Look{l}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.AskAgain(ctx, now, "a clock ran ahead"); err != nil || n != len(again) {
		t.Errorf("%d names, %v", n, err)
	}
	for n, l := range looks {
		r, err := s.Watch(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		want := l.Due
		if again[n] {
			want = now
		}
		if !r.Due.Equal(want) {
			t.Errorf("%s is due %s (%s), want %s", n, r.Due, r.DueWhy, want)
		}
	}
	if n, err := s.AskAgain(ctx, now, "a clock ran ahead"); err != nil || n != 0 {
		t.Errorf("again %d names, %v", n, err)
	}
}
