package watch

import (
	"context"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/launch"
)

// Opening is a launch as it stands for this list: what beats what, the clock of
// its early access fee, and what is at stake for the names that wait for it.
type Opening struct {
	launch.Launch
	Ladder []launch.Rung    `json:"ladder"`
	EAP    []launch.EAPStep `json:"eap,omitempty"`
	Names  []Waiting        `json:"names"`
}

// Waiting is a name that waits for a launch.
type Waiting struct {
	Name     Name            `json:"name"`
	Cap      catch.Money     `json:"cap"`
	Met      *launch.Met     `json:"met,omitempty"` // the step at which the fee meets the cap
	Taken    []launch.Taken  `json:"taken"`
	Exposure launch.Exposure `json:"exposure"`
	Trouble  string          `json:"trouble,omitempty"` // why no exposure could be computed
}

// Openings lists every launch that is known.
func (s *Service) Openings(ctx context.Context) ([]Opening, error) {
	if s.o.Launches == nil {
		return nil, nil
	}
	page, err := s.store.List(ctx, Query{Kinds: []Kind{Launch}, Sort: "name"})
	if err != nil {
		return nil, err
	}
	waiting := map[string][]Row{}
	for _, r := range page.Rows {
		waiting[r.Name.TLD()] = append(waiting[r.Name.TLD()], r)
	}
	b := s.o.Launches()
	out := make([]Opening, 0, len(b.Launches()))
	for _, l := range b.Launches() {
		o := Opening{Launch: l, Ladder: launch.Ladder(l, b.Offers(l.TLD)), Names: []Waiting{}}
		o.EAP, _ = launch.EAPOf(l)
		for _, r := range waiting[l.TLD] {
			w := Waiting{Name: r.Name, Cap: r.Cap, Taken: launch.TakenOf(b, r.Orders)}
			if w.Exposure, err = launch.ExposureOf(string(r.Name), l, w.Taken); err != nil {
				w.Trouble = err.Error()
			}
			if !r.Cap.IsZero() && len(o.EAP) > 0 {
				var year catch.Money
				if ga := l.GA(); ga != nil {
					year = ga.Fee
				}
				if m, ok, err := launch.CapMet(o.EAP, r.Cap, year, catch.Money{}); err == nil && ok {
					w.Met = &m
				}
			}
			o.Names = append(o.Names, w)
		}
		out = append(out, o)
	}
	return out, nil
}
