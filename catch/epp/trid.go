package epp

import (
	"crypto/rand"
	"encoding/base32"
	"strconv"
	"sync/atomic"
)

// A clTRID is unique at the registry, across sessions and restarts, because a
// repeated one makes some servers close the session without a word. Each
// session draws 80 random bits and counts from there. The count has a fixed
// width, so that a frame encoded long before can have its number patched in
// place.
const tridDigits = 7

type trids struct {
	prefix string // "lapse-8YQX2M4TD1K5W0QS-"
	n      atomic.Uint64
}

func newTRIDs(prefix string) *trids {
	if prefix == "" || !validTRID(prefix) || len(prefix) > 32 {
		prefix = "lapse"
	}
	var r [10]byte
	_, _ = rand.Read(r[:]) // never fails (crypto/rand)
	return &trids{prefix: prefix + "-" + base32.StdEncoding.EncodeToString(r[:]) + "-"}
}

func (t *trids) next() string { return t.at(t.reserve(1)) }

// reserve takes n numbers and returns the first.
func (t *trids) reserve(n int) uint64 { return t.n.Add(uint64(n)) - uint64(n) + 1 }

func (t *trids) at(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for len(s) < tridDigits {
		s = "0" + s
	}
	return t.prefix + s
}

// validTRID reports whether a clTRID fits the schema (epp:trIDStringType) and
// needs no escaping.
func validTRID(s string) bool {
	if len(s) < 3 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-':
		default:
			return false
		}
	}
	return true
}
