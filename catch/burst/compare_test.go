package burst

import (
	"strings"
	"testing"
	"time"
)

func TestCompare(t *testing.T) {
	base := func(change func(*Rehearsed)) *Rehearsed {
		r := &Rehearsed{Runs: 10, Won: 5, Strategy: "staggered pipeline", Sessions: 4, Policy: "uk", Rivals: 3, RTT: 20 * time.Millisecond, SpentAll: 100, Receipt: Quantiles{P50: 1000}}
		if change != nil {
			change(r)
		}
		return r
	}
	for name, c := range map[string]struct {
		now  *Rehearsed
		says string
	}{
		"the same":       {base(nil), "as good as"},
		"a hair slower":  {base(func(r *Rehearsed) { r.Receipt.P50 = 1050 }), "as good as"},
		"more wins":      {base(func(r *Rehearsed) { r.Won, r.Receipt.P50 = 6, 5000 }), "better than"},
		"fewer wins":     {base(func(r *Rehearsed) { r.Won = 4 }), "worse than"},
		"more runs":      {base(func(r *Rehearsed) { r.Runs, r.Won, r.SpentAll = 20, 10, 200 }), "as good as"},
		"sooner":         {base(func(r *Rehearsed) { r.Receipt.P50 = 700 }), "better than"},
		"later":          {base(func(r *Rehearsed) { r.Receipt.P50 = 1500 }), "worse than"},
		"cheaper":        {base(func(r *Rehearsed) { r.SpentAll = 50 }), "better than"},
		"broke a policy": {base(func(r *Rehearsed) { r.Violations, r.Won = 1, 10 }), "worse than"},
	} {
		if got := c.now.Compare(base(nil)); !strings.HasPrefix(got, c.says) || !strings.Contains(got, "then 5 of 10") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if base(nil).Like(base(func(r *Rehearsed) { r.RTT = time.Millisecond })) || !base(nil).Like(base(func(r *Rehearsed) { r.Sessions = 9 })) {
		t.Error("what is alike is wrong")
	}
}
