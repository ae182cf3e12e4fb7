package ui

import (
	"context"
	"fmt"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// cappedCore is the core of a session that may not spend more than so much a
// name: it sets no cap above that either, since a cap that stands is what an
// order may cost. Every way to a cap goes through it, an import and undo among
// them.
type cappedCore struct {
	Core
	most catch.Money
}

// capCore bounds a core; without a bound it stays as it is.
func capCore(c Core, most catch.Money) Core {
	if c == nil || most.IsZero() {
		return c
	}
	return cappedCore{c, most}
}

func (c cappedCore) within(what string, m *catch.Money) error {
	if m == nil || m.IsZero() {
		return nil
	}
	if n, err := m.Cmp(c.most); err != nil || n > 0 {
		return fmt.Errorf("%s %s: this session sets caps of at most %s", what, m, c.most)
	}
	return nil
}

func (c cappedCore) Edit(ctx context.Context, n watch.Name, p watch.Patch) (watch.Watch, error) {
	for what, m := range map[string]*catch.Money{"cap": p.Cap, "bid cap": p.BidCap} {
		if err := c.within(what, m); err != nil {
			return watch.Watch{}, err
		}
	}
	return c.Core.Edit(ctx, n, p)
}

func (c cappedCore) Add(ctx context.Context, ws []watch.NewWatch) ([]watch.AddResult, error) {
	out := make([]watch.AddResult, len(ws))
	var pass []watch.NewWatch
	var at []int
	for i := range ws {
		err := c.within("cap", &ws[i].Cap)
		if err == nil {
			err = c.within("bid cap", &ws[i].BidCap)
		}
		if err != nil {
			out[i] = watch.AddResult{Input: ws[i].Input, Why: err.Error()}
			continue
		}
		pass, at = append(pass, ws[i]), append(at, i)
	}
	if len(pass) == 0 {
		return out, nil
	}
	rs, err := c.Core.Add(ctx, pass)
	if err != nil {
		return nil, err
	}
	for k, r := range rs {
		out[at[k]] = r
	}
	return out, nil
}
