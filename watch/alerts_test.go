package watch_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// recorder is a channel that remembers what it told.
type recorder struct {
	down bool
	told []alert.Message
}

func (r *recorder) Name() string { return "phone" }

func (r *recorder) Send(_ context.Context, m alert.Message) error {
	if r.down {
		return errors.New("no route to host")
	}
	r.told = append(r.told, m)
	return nil
}

func TestAlertsComeWithTheChange(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	db, err := store.Open(ctx, filepath.Join(keptFolder(t), "lapse.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	phone := &recorder{}
	svc := watch.New(watch.Options{
		Store: db, Now: func() time.Time { return now }, Channels: []alert.Channel{phone}, Alerts: alert.Rules{Channels: []string{"phone"}},
	})
	if _, err := svc.Add(ctx, []watch.NewWatch{{Input: "tinplate.com"}, {Input: "mynest.com", Kind: watch.Mine}}); err != nil {
		t.Fatal(err)
	}
	look := func(n watch.Name, was, is lifecycle.Verdict) {
		t.Helper()
		epoch, err := db.Take(ctx, "test") // days have passed since the last look
		if err != nil {
			t.Fatal(err)
		}
		l := watch.Look{
			Name: n, At: now, Before: &was, Verdict: is, Due: now.Add(time.Hour),
			Answers: []whoisx.Answer{{Source: whoisx.RDAP, Server: "rdap.example", Name: string(n), Asked: now, Outcome: whoisx.Registered}},
			Changes: []watch.Change{{At: now, Name: n, Field: "stage", Before: string(was.Stage), After: string(is.Stage), Source: "rdap"}},
		}
		if err := db.SaveLooks(ctx, epoch, []watch.Look{l}); err != nil {
			t.Fatal(err)
		}
	}
	window := func(from time.Time) *lifecycle.Window {
		return &lifecycle.Window{From: whoisx.At(from), To: whoisx.At(from.Add(time.Hour)), Certainty: lifecycle.Will, Basis: "list"}
	}
	was := lifecycle.Verdict{Stage: lifecycle.Redemption}
	is := lifecycle.Verdict{Stage: lifecycle.PendingDelete, Window: window(now.Add(48 * time.Hour))}
	look("tinplate.com", was, is)

	send := func() {
		t.Helper()
		s := alert.Sender{Outbox: db, Channels: map[string]alert.Channel{"phone": phone}, Now: func() time.Time { return now }}
		for {
			n, err := s.Deliver(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				return
			}
		}
	}
	titles := func() string {
		var out []string
		for _, m := range phone.told {
			out = append(out, m.Title)
		}
		phone.told = nil
		return strings.Join(out, "\n")
	}
	send()
	if got := titles(); !strings.Contains(got, "tinplate.com: pending-delete") || !strings.Contains(got, "tinplate.com will drop between 12 Nov 2026 12:00:00 UTC") {
		t.Fatalf("told %q", got)
	}
	send()
	if got := titles(); got != "" {
		t.Fatalf("told again: %q", got)
	}

	// The window moves before its first announcement: only the new date is told.
	moved := is
	moved.Window = window(now.Add(96 * time.Hour))
	look("tinplate.com", is, moved)
	send()
	titles()
	now = now.Add(47*time.Hour + 30*time.Minute)
	send()
	if got := titles(); got != "" {
		t.Fatalf("told of a window that moved: %q", got)
	}
	now = now.Add(48 * time.Hour)
	phone.down = true
	send()
	stuck, err := svc.Outbox(ctx, 10)
	if err != nil || len(stuck) == 0 || stuck[0].Error == "" || !stuck[0].Started.IsZero() {
		t.Fatalf("a channel that is down: %+v, %v", stuck, err)
	}
	phone.down = false
	send()
	if got := titles(); !strings.Contains(got, "in 24 hours") || !strings.Contains(got, "in 1 hour") {
		t.Fatalf("told %q", got)
	}

	// The owner hears of the same things in other words.
	look("mynest.com", lifecycle.Verdict{Stage: lifecycle.Registered}, lifecycle.Verdict{Stage: lifecycle.Expired})
	send()
	if got := titles(); !strings.Contains(got, "Your mynest.com: expired") {
		t.Fatalf("told the owner %q", got)
	}

	// An order's steps are told where they ask something of the person.
	o, err := db.AddOrder(ctx, catch.Order{Name: "tinplate.com", Key: "k1", Route: "dynadot", Service: "Dynadot", Kind: catch.Backorder, State: catch.Requested, Created: now})
	if err != nil {
		t.Fatal(err)
	}
	o.State, o.PayBy, o.Price = catch.PaymentDue, now.Add(47*time.Hour), catch.Money{Units: 249900, Currency: "USD"}
	if err := db.SaveOrder(ctx, o, "caught"); err != nil {
		t.Fatal(err)
	}
	send()
	if got := titles(); !strings.Contains(got, "Dynadot payment-due") {
		t.Fatalf("told of the order %q", got)
	}
	now = now.Add(46*time.Hour + 30*time.Minute)
	send()
	if got := titles(); !strings.Contains(got, "pay Dynadot in 1 hour") {
		t.Fatalf("told before the payment %q", got)
	}
	if o, err = db.Order(ctx, o.ID); err != nil {
		t.Fatal(err)
	}
	o.State = catch.Cancelled
	if err := db.SaveOrder(ctx, o, "by you"); err != nil {
		t.Fatal(err)
	}
	send()
	if _, err := svc.Remove(ctx, "tinplate.com"); err != nil {
		t.Fatal(err)
	}
	if left, err := svc.Outbox(ctx, 10); err != nil || len(left) != 0 {
		t.Fatalf("a name that is off the list still announces %+v, %v", left, err)
	}
}

func TestAlertThatDiedIsRepeatedOnceAndMarked(t *testing.T) {
	ctx := t.Context()
	now := time.Now()
	path := filepath.Join(keptFolder(t), "lapse.db")
	db, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	phone := &recorder{}
	svc := watch.New(watch.Options{Store: db, Channels: []alert.Channel{phone}, Alerts: alert.Rules{Channels: []string{"phone"}}})
	items, err := svc.TestAlert(ctx)
	if err != nil || len(items) != 1 {
		t.Fatalf("%+v, %v", items, err)
	}
	// It went out, and the process died before it could say so.
	if err := db.StartAlerts(ctx, items, now); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = store.Open(ctx, path, store.Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	watch.New(watch.Options{Store: db, Channels: []alert.Channel{phone}, Alerts: alert.Rules{Channels: []string{"phone"}}})
	s := alert.Sender{Outbox: db, Channels: map[string]alert.Channel{"phone": phone}, Now: time.Now}
	for range 3 {
		if _, err := s.Deliver(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(phone.told) != 1 || !phone.told[0].Repeat || phone.told[0].ID != items[0].ID {
		t.Fatalf("told %+v", phone.told)
	}
}
