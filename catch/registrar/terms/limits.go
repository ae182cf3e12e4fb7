package terms

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limit is how many calls are allowed in a time.
type Limit struct {
	Calls int
	Per   time.Duration
}

// limits are those of one service, or of one kind of call there.
type limits struct {
	Service string   `toml:"service"`
	Op      string   `toml:"op"`    // empty: every call
	Calls   []string `toml:"calls"` // "60 in 1m"; all of them hold
	Source  string   `toml:"source"`
	Seen    string   `toml:"seen"`

	list []Limit
}

func (l *limits) read() error {
	if l.Service == "" || l.Source == "" || l.Seen == "" {
		return errors.New("service, source and seen are needed")
	}
	for _, s := range l.Calls {
		n, per, ok := strings.Cut(s, " in ")
		calls, err := strconv.Atoi(n)
		if err != nil || !ok || calls < 1 {
			return fmt.Errorf("calls %q: write it like 60 in 1m", s)
		}
		d, err := duration(per)
		if err != nil || d <= 0 {
			return fmt.Errorf("calls %q: write it like 60 in 1m", s)
		}
		l.list = append(l.list, Limit{calls, d})
	}
	if len(l.list) == 0 {
		return errors.New("no calls: write them like [\"60 in 1m\"]")
	}
	return nil
}

// polite is what a service gets whose limits nobody wrote down.
var polite = []Limit{{1, time.Second}}

// Limits returns how often a service may be called: in all, where op is empty,
// or for one kind of call, where there may be none. Where nobody wrote them
// down it is one call a second.
func (b *Book) Limits(service, op string) []Limit {
	if b != nil {
		for i := range b.limits {
			if l := &b.limits[i]; l.Service == service && l.Op == op {
				return l.list
			}
		}
	}
	if op != "" {
		return nil
	}
	return polite
}

// LimitedOps lists the kinds of calls of a service that have limits of their
// own.
func (b *Book) LimitedOps(service string) []string {
	if b == nil {
		return nil
	}
	var ops []string
	for i := range b.limits {
		if l := &b.limits[i]; l.Service == service && l.Op != "" {
			ops = append(ops, l.Op)
		}
	}
	return ops
}
