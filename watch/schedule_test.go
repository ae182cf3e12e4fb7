package watch

import "testing"

// What lands while the list is being read is not asked about a second time: the
// list may still call it due.
func TestLandedWhileTheListIsRead(t *testing.T) {
	f := &flight{names: map[Name]bool{"a.com": true}, late: map[Name]bool{}, landed: make(chan struct{}, 1)}
	if n := f.read(); n != 1 || !f.has("a.com") {
		t.Fatal(n)
	}
	f.land([]Look{{Name: "a.com"}})
	if !f.has("a.com") {
		t.Error("it would be asked about twice")
	}
	if n := f.read(); n != 0 || f.has("a.com") {
		t.Error("it is never asked about again")
	}
}
