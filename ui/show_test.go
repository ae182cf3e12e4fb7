package ui

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// TestMain opens the screens on the sample list instead of testing them when
// LAPSE_UI_SHOW is set, to look at them by eye:
//
//	go test -c -o /tmp/ui.test ./ui && LAPSE_UI_SHOW=dark /tmp/ui.test
//
// A number is that many made-up names.
func TestMain(m *testing.M) {
	show := os.Getenv("LAPSE_UI_SHOW")
	if show == "" {
		os.Exit(m.Run())
	}
	start := time.Now()
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		ny = time.UTC
	}
	o := Options{
		Core: sample(), Theme: show, Local: ny, Now: func() time.Time { return now.Add(time.Since(start)) },
		ASCII: os.Getenv("LAPSE_UI_ASCII") != "", NoColor: os.Getenv("NO_COLOR") != "",
	}
	n := 0
	if _, err := fmt.Sscan(show, &n); err == nil {
		o.Theme, o.Core = "dark", many(n)
	}
	if err := Run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// many is a list of n names.
func many(n int) *fakeCore {
	stages := []lifecycle.Stage{lifecycle.Registered, lifecycle.Expired, lifecycle.Redemption, lifecycle.PendingDelete}
	ds := make([]watch.Detail, n)
	for i := range ds {
		ds[i] = row(fmt.Sprintf("name-%06d.com", i), watch.Want, stages[i%len(stages)], usd("60"))
		ds[i].Rule = lifecycle.Rule{}
	}
	return newFake(ds...)
}
