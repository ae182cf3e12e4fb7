package store_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
)

// TestUseOfAnAccount counts in one document through two handles at once: no
// count is lost, and a change that fails leaves it as it was.
func TestUseOfAnAccount(t *testing.T) {
	ctx := context.Background()
	path := temp(t)
	a, b := open(t, path), open(t, path)
	if doc, err := a.ReadAccount(ctx, "me@registry"); err != nil || doc != nil {
		t.Fatalf("%q, %v", doc, err)
	}
	count := func(doc []byte) ([]byte, error) {
		n, _ := strconv.Atoi(string(doc))
		return []byte(strconv.Itoa(n + 1)), nil
	}
	var wg sync.WaitGroup
	for _, s := range []interface {
		ChangeAccount(context.Context, string, func([]byte) ([]byte, error)) error
	}{a, b, a, b} {
		wg.Go(func() {
			for range 10 {
				if err := s.ChangeAccount(ctx, "me@registry", count); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	no := errors.New("no")
	if err := b.ChangeAccount(ctx, "me@registry", func([]byte) ([]byte, error) { return []byte("0"), no }); !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
	if doc, err := b.ReadAccount(ctx, "me@registry"); err != nil || string(doc) != "40" {
		t.Errorf("%q, %v", doc, err)
	}
}
