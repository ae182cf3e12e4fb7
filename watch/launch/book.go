package launch

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
	"github.com/pelletier/go-toml/v2"
)

//go:embed launches.toml
var embedded []byte

// Embedded is the origin of the launches that come with the program.
const Embedded = "embedded"

// Milestone is a date of a whole round of new TLDs, not of one of them.
type Milestone struct {
	Name       string `toml:"name" json:"name"`
	On         string `toml:"on" json:"on"` // a day, or a month where no more is known
	Note       string `toml:"note" json:"note,omitempty"`
	Confidence string `toml:"confidence" json:"confidence"`
	Source     string `toml:"source" json:"source"`
}

// Book is all launches and offers: those that come with the program, and those
// of a person's own file laid over them.
type Book struct {
	launches   map[string]Launch
	offers     []Offer
	Milestones []Milestone
}

var embeddedBook = sync.OnceValues(func() (*Book, error) {
	b := &Book{launches: map[string]Launch{}}
	return b, b.overlay("launches.toml", embedded, Embedded)
})

// Default returns the launches that come with the program.
func Default() *Book {
	b, err := embeddedBook()
	if err != nil {
		panic("launch: embedded launches: " + err.Error())
	}
	return &Book{launches: maps.Clone(b.launches), offers: slices.Clone(b.offers), Milestones: slices.Clone(b.Milestones)}
}

// Overlay lays a person's file over the book: a launch replaces the one of its
// TLD, an offer the one of its id. Errors name the file, and the line where
// the file cannot be read.
func (b *Book) Overlay(path string, data []byte) error { return b.overlay(path, data, path) }

// Launch returns the launch of a TLD.
func (b *Book) Launch(tld string) (Launch, bool) {
	l, ok := b.launches[strings.ToLower(strings.Trim(tld, "."))]
	return l, ok
}

// Launches returns all launches, by TLD.
func (b *Book) Launches() []Launch {
	out := make([]Launch, 0, len(b.launches))
	for _, k := range slices.Sorted(maps.Keys(b.launches)) {
		out = append(out, b.launches[k])
	}
	return out
}

// Offers returns the offers for a TLD; all of them for "".
func (b *Book) Offers(tld string) []Offer {
	var out []Offer
	for _, o := range b.offers {
		if tld == "" || strings.EqualFold(o.TLD, strings.Trim(tld, ".")) {
			out = append(out, o)
		}
	}
	return out
}

// Offer returns the offer of that id.
func (b *Book) Offer(id string) (Offer, bool) {
	for _, o := range b.offers {
		if o.ID == id {
			return o, true
		}
	}
	return Offer{}, false
}

// The shape of a file.
type (
	fileTOML struct {
		Checked    string       `toml:"checked,omitempty"`
		Milestones []Milestone  `toml:"milestone,omitempty"`
		Launches   []launchTOML `toml:"launch,omitempty"`
		Offers     []offerTOML  `toml:"offer,omitempty"`
	}
	launchTOML struct {
		TLD        string      `toml:"tld"`
		Registry   string      `toml:"registry,omitempty"`
		Backend    string      `toml:"backend,omitempty"`
		Nexus      string      `toml:"nexus,omitempty"`
		Checked    string      `toml:"checked,omitempty"`
		Confidence string      `toml:"confidence,omitempty"`
		Sources    []string    `toml:"sources,omitempty"`
		Notes      []string    `toml:"notes,omitempty"`
		Reserved   []string    `toml:"reserved,omitempty"`
		Phases     []phaseTOML `toml:"phase,omitempty"`
	}
	phaseTOML struct {
		Name string `toml:"name"`
		Kind string `toml:"kind"`
		From string `toml:"from,omitempty"`
		To   string `toml:"to,omitempty"`
		Fee  string `toml:"fee,omitempty"`

		Contest string `toml:"contest,omitempty"`
	}
	offerTOML struct {
		ID             string `toml:"id"`
		Registrar      string `toml:"registrar"`
		TLD            string `toml:"tld"`
		Phase          string `toml:"phase"`
		Tier           string `toml:"tier"`
		Price          string `toml:"price,omitempty"`
		ApplicationFee string `toml:"application_fee,omitempty"`
		Deposit        string `toml:"deposit,omitempty"`
		ICANNFee       string `toml:"icann_fee,omitempty"`
		Renewal        string `toml:"renewal,omitempty"`
		PremiumRenewal string `toml:"premium_renewal,omitempty"`
		Charged        string `toml:"charged,omitempty"`
		OnePerName     *bool  `toml:"one_per_name,omitempty"`
		Several        string `toml:"several,omitempty"`
		WhoMayJoin     string `toml:"who_may_join,omitempty"`
		Refund         string `toml:"refund,omitempty"`
		RefundIn       string `toml:"refund_in,omitempty"`
		Premium        string `toml:"premium,omitempty"`
		IfReserved     string `toml:"if_reserved,omitempty"`
		BindingOn      string `toml:"binding_on,omitempty"`
		Tries          string `toml:"tries,omitempty"`
		Source         string `toml:"source,omitempty"`
		Seen           string `toml:"seen,omitempty"`
	}
)

func (b *Book) overlay(path string, data []byte, origin string) error {
	var f fileTOML
	if err := lifecycle.DecodeStrict(path, data, &f); err != nil {
		return fmt.Errorf("read launches: %w", err)
	}
	launches, offers := maps.Clone(b.launches), slices.Clone(b.offers)
	for _, t := range f.Launches {
		l, err := t.launch(f.Checked, origin)
		if err == nil {
			err = l.Check()
		}
		if err != nil {
			return fmt.Errorf("read launches: %s:%d: %w", path, lineOf(data, "tld", t.TLD), err)
		}
		launches[l.TLD] = l
	}
	for _, t := range f.Offers {
		o, err := t.offer()
		o.Origin = origin
		if err == nil {
			l, ok := launches[o.TLD]
			switch {
			case o.Tier == Interest:
			case !ok:
				err = fmt.Errorf("offer %s: there is no launch of .%s", o.ID, o.TLD)
			case l.Phase(o.Phase) == nil:
				err = fmt.Errorf("offer %s: .%s has no phase %q", o.ID, o.TLD, o.Phase)
			}
		}
		if err != nil {
			return fmt.Errorf("read launches: %s:%d: %w", path, lineOf(data, "id", t.ID), err)
		}
		if i := slices.IndexFunc(offers, func(have Offer) bool { return have.ID == o.ID }); i >= 0 {
			offers[i] = o
		} else {
			offers = append(offers, o)
		}
	}
	b.launches, b.offers = launches, offers
	b.Milestones = append(slices.Clone(b.Milestones), f.Milestones...)
	return nil
}

// lineOf finds the line on which a key has a value.
func lineOf(data []byte, key, value string) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		k, v, ok := strings.Cut(string(line), "=")
		if v, _, _ = strings.Cut(v, "#"); ok && strings.TrimSpace(k) == key && strings.Trim(strings.TrimSpace(v), `"'`) == value {
			return i + 1
		}
	}
	return 1
}

// moment reads a time of a file: RFC 3339, a date and time in UTC, or a day
// whose hour is not known.
func moment(key, s string) (whoisx.Date, error) {
	if s == "" {
		return whoisx.Date{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04 UTC", "2006-01-02 15:04Z"} {
		if t, err := time.Parse(layout, s); err == nil {
			return whoisx.At(t), nil
		}
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return whoisx.Day(t.Date()), nil
	}
	return whoisx.Date{}, fmt.Errorf("%s: %q is no time like 2026-10-06T16:00:00Z, and no day", key, s)
}

func money(key, s string) (catch.Money, error) {
	if s == "" {
		return catch.Money{}, nil
	}
	m, err := catch.ParseMoney(s)
	if err != nil {
		return m, fmt.Errorf("%s: %w", key, err)
	}
	if m.Units < 0 {
		return m, fmt.Errorf("%s: %s is less than nothing", key, m)
	}
	return m, nil
}

func (t launchTOML) launch(checked, origin string) (Launch, error) {
	l := Launch{
		TLD: strings.ToLower(strings.Trim(t.TLD, ".")), Registry: t.Registry, Backend: t.Backend, Nexus: t.Nexus,
		Sources: t.Sources, Checked: t.Checked, Confidence: t.Confidence, Notes: t.Notes, Reserved: t.Reserved, Origin: origin, Phases: []Phase{},
	}
	if l.TLD == "" || strings.ContainsAny(l.TLD, " ./\\") {
		return l, fmt.Errorf("launch: %q is no TLD", t.TLD)
	}
	if l.Checked == "" {
		l.Checked = checked
	}
	if l.Confidence == "" {
		l.Confidence = "memory"
	}
	for _, p := range t.Phases {
		from, err := moment(p.Name+": from", p.From)
		if err != nil {
			return l, fmt.Errorf(".%s: %w", l.TLD, err)
		}
		to, err := moment(p.Name+": to", p.To)
		if err != nil {
			return l, fmt.Errorf(".%s: %w", l.TLD, err)
		}
		fee, err := money(p.Name+": fee", p.Fee)
		if err != nil {
			return l, fmt.Errorf(".%s: %w", l.TLD, err)
		}
		l.Phases = append(l.Phases, Phase{Name: p.Name, Kind: Kind(p.Kind), From: from, To: to, Fee: fee, Contest: catch.Contest(p.Contest)})
	}
	l.sort()
	return l, nil
}

func (t offerTOML) offer() (Offer, error) {
	o := Offer{
		ID: t.ID, Registrar: t.Registrar, TLD: strings.ToLower(strings.Trim(t.TLD, ".")), Phase: t.Phase, Tier: Tier(t.Tier),
		Charged: Charged(t.Charged), OnePerName: t.OnePerName, Several: catch.Contest(t.Several), WhoMayJoin: t.WhoMayJoin,
		Refund: catch.Refund(t.Refund), Premium: PremiumRule(t.Premium), IfReserved: t.IfReserved, Tries: t.Tries, Source: t.Source, Seen: t.Seen,
	}
	if o.ID == "" || o.Registrar == "" {
		return o, fmt.Errorf("offer %q: it needs an id and a registrar", t.ID)
	}
	for _, c := range []struct {
		key, v  string
		allowed []string
	}{
		{"tier", t.Tier, []string{string(Standard), string(Priority), string(Purchase), string(Apply), string(Interest)}},
		{"charged", t.Charged, []string{"", string(AtOrder), string(OnSuccess), string(AtPhase)}},
		{"several", t.Several, []string{"", string(catch.PublicAuction), string(catch.PrivateAuction), string(catch.FirstCome), string(catch.Lottery), string(catch.Priority)}},
		{"refund", t.Refund, []string{"", string(catch.RefundCash), string(catch.RefundCredit), string(catch.RefundNone)}},
		{"premium", t.Premium, []string{"", string(PremiumCancelled), string(PremiumRequoted), string(PremiumBinding)}},
		{"tries", t.Tries, []string{"", "before-ga", "at-ga"}},
	} {
		if !slices.Contains(c.allowed, c.v) {
			return o, fmt.Errorf("offer %s: %s is %q; it must be one of %s", t.ID, c.key, c.v, strings.Join(slices.DeleteFunc(c.allowed, func(s string) bool { return s == "" }), ", "))
		}
	}
	var err error
	for _, c := range []struct {
		key, s string
		to     *catch.Money
	}{
		{"price", t.Price, &o.Price},
		{"application_fee", t.ApplicationFee, &o.ApplicationFee},
		{"deposit", t.Deposit, &o.Deposit},
		{"icann_fee", t.ICANNFee, &o.ICANNFee},
		{"renewal", t.Renewal, &o.Renewal},
		{"premium_renewal", t.PremiumRenewal, &o.PremiumRenewal},
	} {
		if *c.to, err = money(c.key, c.s); err != nil {
			return o, fmt.Errorf("offer %s: %w", t.ID, err)
		}
		if c.to.Currency != "" && o.Price.Currency != "" && c.to.Currency != o.Price.Currency {
			return o, fmt.Errorf("offer %s: fees in two currencies: price in %s, %s in %s", t.ID, o.Price.Currency, c.key, c.to.Currency)
		}
	}
	if t.RefundIn != "" {
		if o.RefundIn, err = lifecycle.ParseSpan(t.RefundIn); err != nil {
			return o, fmt.Errorf("offer %s: refund_in: %w", t.ID, err)
		}
	}
	if o.BindingOn, err = moment("binding_on", t.BindingOn); err != nil {
		return o, fmt.Errorf("offer %s: %w", t.ID, err)
	}
	return o, nil
}

// Encode writes launches and offers as a file that Overlay reads.
func Encode(launches []Launch, offers []Offer) ([]byte, error) {
	var f fileTOML
	for _, l := range launches {
		t := launchTOML{TLD: l.TLD, Registry: l.Registry, Backend: l.Backend, Nexus: l.Nexus, Checked: l.Checked, Confidence: l.Confidence, Sources: l.Sources, Notes: l.Notes, Reserved: l.Reserved}
		for _, p := range l.Phases {
			w := phaseTOML{Name: p.Name, Kind: string(p.Kind), From: p.From.String(), To: p.To.String(), Fee: amount(p.Fee), Contest: string(p.Contest)}
			if p.impliedFrom {
				w.From = ""
			}
			if p.impliedTo {
				w.To = ""
			}
			t.Phases = append(t.Phases, w)
		}
		f.Launches = append(f.Launches, t)
	}
	for _, o := range offers {
		f.Offers = append(f.Offers, writeOffer(o))
	}
	out, err := toml.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("write launches: %w", err)
	}
	return out, nil
}

func amount(m catch.Money) string {
	if m.Currency == "" {
		return ""
	}
	return m.Amount() + m.Currency
}

// writeOffer is an offer as a file has it.
func writeOffer(o Offer) offerTOML {
	t := offerTOML{
		ID: o.ID, Registrar: o.Registrar, TLD: o.TLD, Phase: o.Phase, Tier: string(o.Tier),
		Price: amount(o.Price), ApplicationFee: amount(o.ApplicationFee), Deposit: amount(o.Deposit), ICANNFee: amount(o.ICANNFee),
		Renewal: amount(o.Renewal), PremiumRenewal: amount(o.PremiumRenewal), Charged: string(o.Charged), OnePerName: o.OnePerName,
		Several: string(o.Several), WhoMayJoin: o.WhoMayJoin, Refund: string(o.Refund), Premium: string(o.Premium),
		IfReserved: o.IfReserved, BindingOn: o.BindingOn.String(), Tries: o.Tries, Source: o.Source, Seen: o.Seen,
	}
	if o.RefundIn > 0 {
		t.RefundIn = lifecycle.FormatSpan(o.RefundIn)
	}
	return t
}
