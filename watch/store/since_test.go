package store_test

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// TestSinceIsWhenTheStateCame stores an order again and again: only its state
// moves the time since which it stands there.
func TestSinceIsWhenTheStateCame(t *testing.T) {
	b := newBench(t)
	given := b.order.Created
	save := func(st catch.State) catch.Order {
		t.Helper()
		b.now = b.now.Add(time.Minute)
		o, err := b.Order(t.Context(), b.order.ID)
		if err != nil {
			t.Fatal(err)
		}
		o.State, o.Since = st, time.Time{}
		if err := b.SaveOrder(t.Context(), o, ""); err != nil {
			t.Fatal(err)
		}
		if o, err = b.Order(t.Context(), b.order.ID); err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := save(catch.Requested); !o.Since.Equal(given) {
		t.Errorf("requested since %s, want %s", o.Since, given)
	}
	moved := save(catch.Processing)
	if !moved.Since.Equal(b.now) {
		t.Errorf("processing since %s, want %s", moved.Since, b.now)
	}
	if o := save(catch.Processing); !o.Since.Equal(moved.Since) || !o.Updated.Equal(b.now) {
		t.Errorf("processing since %s, stored %s", o.Since, o.Updated)
	}
}
