package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// TestPace checks that calls leave no faster than every limit allows.
func TestPace(t *testing.T) {
	book := terms.Default()
	if err := book.Overlay("test", []byte("[[limits]]\nservice='x'\ncalls=['2 in 1s','5 in 1m']\nsource='a'\nseen='2026-11'\n[[limits]]\nservice='x'\nop='slow'\ncalls=['1 in 10s']\nsource='a'\nseen='2026-11'\n")); err != nil {
		t.Fatal(err)
	}
	clock := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	start := clock
	rest := func(_ context.Context, d time.Duration) error { clock = clock.Add(d); return nil }
	p := newPace(account.Config{Service: "x", Terms: book, Wait: rest}, func() time.Time { return clock })
	for i, want := range []time.Duration{0, 0, 1050 * time.Millisecond, 1050 * time.Millisecond, 2100 * time.Millisecond} {
		if retry, err := p.wait(t.Context(), "any"); retry != 0 || err != nil || clock.Sub(start) != want {
			t.Errorf("call %d leaves after %s (%s, %v), want %s", i, clock.Sub(start), retry, err, want)
		}
	}
	if retry, _ := p.wait(t.Context(), "any"); retry != 60900*time.Millisecond {
		t.Errorf("the sixth within a minute would wait %s", retry)
	}
	clock = clock.Add(2 * time.Minute)
	before := clock
	for range 2 {
		_, _ = p.wait(t.Context(), "slow")
	}
	if d := clock.Sub(before); d != 10500*time.Millisecond {
		t.Errorf("two slow calls took %s", d)
	}
	p.pause(time.Hour)
	if retry, _ := p.wait(t.Context(), "any"); retry != time.Hour {
		t.Errorf("after a pause was asked for: %s", retry)
	}
	c := &Client{pace: newPace(account.Config{Service: "x", Terms: book}, time.Now)}
	for d, want := range map[time.Duration]int{0: 2, 2 * time.Second: 4, 3 * time.Second: 5, 2 * time.Minute: 10} {
		if got := c.Fits("any", d); got != want {
			t.Errorf("%d calls fit into %s, want %d", got, d, want)
		}
	}
	if got := c.Fits("slow", time.Minute); got != 5 {
		t.Errorf("%d slow calls fit into a minute", got)
	}
}

// TestSecretAtTheCut answers with the key right where words are cut off.
func TestSecretAtTheCut(t *testing.T) {
	const key = "a-very-secret-key-of-some-length"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(strings.Repeat("x", 290) + key + strings.Repeat("y", 100)))
	}))
	defer srv.Close()
	c := New("Test", "", account.Config{Service: "x", URL: srv.URL, Key: catch.NewSecret(key)})
	r := Request{Op: "test", Method: http.MethodGet, Path: "/"}
	resp, err := c.Do(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Status(r, resp); catch.KindOf(err) != catch.Auth || strings.Contains(err.Error(), "a-very-se") {
		t.Errorf("got %v", err)
	}
}

// TestHideWhileOthersPrint buys tokens while errors of other calls are written:
// for the race detector.
func TestHideWhileOthersPrint(t *testing.T) {
	c := New("Test", "", account.Config{Service: "x", Key: catch.NewSecret("the-first-key")})
	var wg sync.WaitGroup
	for i := range 20 {
		token := fmt.Sprintf("token-%02d-of-twenty", i)
		wg.Go(func() { c.Hide(token) })
		wg.Go(func() { _ = c.Fail(Request{}, catch.Busy, "the-first-key") })
	}
	wg.Wait()
	for i := range 20 {
		token := fmt.Sprintf("token-%02d-of-twenty", i)
		if err := c.Fail(Request{}, catch.Busy, token); strings.Contains(err.Error(), token) {
			t.Errorf("printed: %v", err)
		}
	}
}

// TestPaidCallGoesOutOnce counts what arrives when the connection dies after
// the request.
func TestPaidCallGoesOutOnce(t *testing.T) {
	var arrived atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/paid" {
			return
		}
		arrived.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer srv.Close()
	c := New("Test", "", account.Config{Service: "x", URL: srv.URL, Wait: func(context.Context, time.Duration) error { return nil }})
	if _, err := c.Do(t.Context(), Request{Op: "warm", Method: http.MethodGet, Path: "/"}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), Request{Op: "buy", Method: http.MethodGet, Path: "/paid", Paid: true})
	if catch.KindOf(err) != catch.OutcomeUnknown || arrived.Load() != 1 {
		t.Errorf("got %v after %d arrivals", err, arrived.Load())
	}
}
