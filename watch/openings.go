package watch

import (
	"context"
	"errors"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Opening is a launch as it stands for this list: what beats what, the clock of
// its early access fee, and what is at stake for the names that wait for it.
type Opening struct {
	launch.Launch
	Ladder []launch.Rung    `json:"ladder"`
	EAP    []launch.EAPStep `json:"eap,omitempty"`
	Offers []launch.Offer   `json:"offers"`
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
		o := Opening{Launch: l, Offers: b.Offers(l.TLD), Names: []Waiting{}}
		o.Ladder = launch.Ladder(l, o.Offers)
		fee := launch.EAPOf(l)
		o.EAP = fee.Steps
		for _, r := range waiting[l.TLD] {
			w := Waiting{Name: r.Name, Cap: r.Cap, Taken: launch.TakenOf(b, r.Orders)}
			if w.Exposure, err = launch.ExposureOf(string(r.Name), l, w.Taken); err != nil {
				w.Trouble = err.Error()
			}
			if !r.Cap.IsZero() && len(o.EAP) > 0 {
				if m, ok, err := launch.CapMet(fee.Steps, r.Cap, fee.Year, catch.Money{}); err == nil && ok {
					w.Met = &m
				}
			}
			o.Names = append(o.Names, w)
		}
		out = append(out, o)
	}
	return out, nil
}

// SaveOffer keeps what a registrar offers in the person's own part of the book,
// dated today, and makes the names that wait for its TLD due.
func (s *Service) SaveOffer(ctx context.Context, o launch.Offer) (launch.Offer, error) {
	if err := s.writable(); err != nil {
		return o, err
	}
	if s.o.ChangeLaunches == nil {
		return o, errors.New("keep the offer: the launch book cannot be edited from here")
	}
	o.Registrar, o.Seen = whoisx.CleanLine(o.Registrar), s.now().UTC().Format(time.DateOnly)
	err := s.o.ChangeLaunches(ctx, func(b *launch.Book, origin string) error {
		o.Origin = origin
		return b.PutOffer(o)
	})
	if err != nil {
		return o, err
	}
	page, err := s.store.List(ctx, Query{TLDs: []string{o.TLD}, Kinds: []Kind{Launch}})
	if err != nil {
		return o, err
	}
	for _, r := range page.Rows {
		if err := s.store.Touch(ctx, r.Name, s.now(), "its launch was edited"); err != nil {
			return o, err
		}
	}
	s.wake()
	return o, nil
}
