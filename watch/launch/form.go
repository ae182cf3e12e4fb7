package launch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Field is one line of the form in which a person types in an offer: the list
// of what to ask before handing over a card. A field that stays empty stays
// open, and is listed by Offer.AskFirst.
type Field struct {
	Key    string   // as in a file: "application_fee"
	Label  string   // in a word or two
	Ask    string   // the question to the registrar
	Write  string   // how the answer is written; "" where Choice tells
	Choice []string // what may be answered; empty: free text, an amount or a time

	get   func(*offerTOML) *string
	moot  func(Offer) bool // what else was answered makes it no question; nil: it always is one
	extra bool             // not for the registrar to answer: never open
}

// fields is the form, in the order in which it asks.
var fields = []Field{
	{
		Key: "tier", Label: "sold as", Ask: "What is sold: standard, priority, a purchase in a running phase, an application, or an interest that orders nothing?",
		Choice: []string{string(Standard), string(Priority), string(Purchase), string(Apply), string(Interest)}, get: func(t *offerTOML) *string { return &t.Tier },
	},
	{Key: "price", Label: "price", Ask: "What does it cost, all in?", Write: "an amount like 100USD", get: func(t *offerTOML) *string { return &t.Price }},
	{
		Key: "application_fee", Label: "of that a fee", Ask: "How much of that is an application fee that is never given back?",
		Write: "an amount; 0USD where there is none", get: func(t *offerTOML) *string { return &t.ApplicationFee },
	},
	{
		Key: "deposit", Label: "deposit", Ask: "Is a deposit held?",
		Write: "an amount; 0USD where there is none", get: func(t *offerTOML) *string { return &t.Deposit },
	},
	{
		Key: "icann_fee", Label: "ICANN's fee", Ask: "Is ICANN's fee charged on top?",
		Write: "an amount; 0USD where it is in the price", get: func(t *offerTOML) *string { return &t.ICANNFee },
	},
	{
		Key: "charged", Label: "charged", Ask: "When is it charged: at the order, when the phase opens, or only on success?",
		Choice: []string{string(AtOrder), string(AtPhase), string(OnSuccess)}, get: func(t *offerTOML) *string { return &t.Charged },
	},
	{
		Key: "refund", Label: "if it is lost", Ask: "If somebody else gets the name: is the rest given back in cash, as credit, or not at all?",
		Choice: []string{"cash", "credit", "none"}, get: func(t *offerTOML) *string { return &t.Refund },
		moot: func(o Offer) bool { return o.Charged == OnSuccess },
	},
	{
		Key: "refund_in", Label: "given back in", Ask: "When is it given back?", Write: "a time like 14d", get: func(t *offerTOML) *string { return &t.RefundIn },
		moot: func(o Offer) bool { return o.Refund == catch.RefundNone || o.Charged == OnSuccess },
	},
	{
		Key: "one_per_name", Label: "one a name", Ask: "Do you take one order a name, or several?", Choice: []string{"yes", "no"},
		Write: "yes for one, no for several",
	},
	{
		Key: "several", Label: "several", Ask: "If several customers want it: an auction, a queue, a lottery?",
		Choice: []string{"public-auction", "private-auction", "first-come", "lottery", "priority"}, get: func(t *offerTOML) *string { return &t.Several },
		moot: func(o Offer) bool { return o.OnePerName != nil && *o.OnePerName },
	},
	{
		Key: "who_may_join", Label: "who may join", Ask: "Who may join that auction?", Write: "in words", get: func(t *offerTOML) *string { return &t.WhoMayJoin },
		moot: func(o Offer) bool { return o.Several != catch.PublicAuction && o.Several != catch.PrivateAuction },
	},
	{
		Key: "premium", Label: "if premium", Ask: "What happens if the registry calls the name premium: cancelled, quoted again, or is the higher price binding?",
		Choice: []string{string(PremiumCancelled), string(PremiumRequoted), string(PremiumBinding)}, get: func(t *offerTOML) *string { return &t.Premium },
	},
	{
		Key: "if_reserved", Label: "if reserved", Ask: "What happens to the money if the registry reserves the name?",
		Write: "in words", get: func(t *offerTOML) *string { return &t.IfReserved },
	},
	{
		Key: "binding_on", Label: "binding from", Ask: "From when is it binding?", Write: "a time like 2026-10-01T16:00:00Z, or a day",
		get: func(t *offerTOML) *string { return &t.BindingOn }, moot: func(o Offer) bool { return o.Charged == AtOrder },
	},
	{
		Key: "tries", Label: "tries", Ask: "Do you buy before general availability, or try when it opens?",
		Choice: []string{"before-ga", "at-ga"}, get: func(t *offerTOML) *string { return &t.Tries },
		moot: func(o Offer) bool { return o.Tier == Purchase },
	},
	{Key: "renewal", Label: "renewal", Ask: "What does a renewal cost?", Write: "an amount a year", get: func(t *offerTOML) *string { return &t.Renewal }},
	{
		Key: "premium_renewal", Label: "premium renewal", Ask: "What does the renewal of a premium name cost?", Write: "an amount a year",
		get: func(t *offerTOML) *string { return &t.PremiumRenewal }, moot: func(o Offer) bool { return o.Premium == PremiumCancelled },
	},
	{Key: "source", Label: "says so", Ask: "Where does it say so?", Write: "an address, a mail, a name", get: func(t *offerTOML) *string { return &t.Source }, extra: true},
}

// Fields is the form, in the order in which it asks.
func Fields() []Field { return slices.Clone(fields) }

// Asked reports whether it is a question, after what else was answered.
func (f Field) Asked(o Offer) bool { return f.moot == nil || !f.moot(o) }

// Open reports whether an offer leaves the question open.
func (f Field) Open(o Offer) bool { return !f.extra && f.Of(o) == "" && f.Asked(o) }

// Of is what an offer answers, as it is written in a file; "" where it is open.
func (f Field) Of(o Offer) string {
	t := writeOffer(o)
	if f.get != nil {
		return *f.get(&t)
	}
	switch {
	case t.OnePerName == nil:
		return ""
	case *t.OnePerName:
		return "yes"
	}
	return "no"
}

// With returns the offer with one field answered, or says why the answer cannot
// be read. "" opens the question again.
func (f Field) With(o Offer, value string) (Offer, error) {
	return Answered(o, map[string]string{f.Key: value})
}

// Answered is an offer with several fields answered, by their keys; they are
// held against each other once all are there.
func Answered(o Offer, answers map[string]string) (Offer, error) {
	t := writeOffer(o)
	for _, f := range fields {
		value, ok := answers[f.Key]
		if value = strings.TrimSpace(value); !ok {
			continue
		}
		if f.get != nil {
			*f.get(&t) = value
			continue
		}
		switch yes, no := true, false; strings.ToLower(value) {
		case "":
			t.OnePerName = nil
		case "y", "yes", "true":
			t.OnePerName = &yes
		case "n", "no", "false":
			t.OnePerName = &no
		default:
			return o, fmt.Errorf("offer %s: %s is %q; it is yes or no", o.ID, f.Key, value)
		}
	}
	out, err := t.offer()
	if err != nil {
		return o, err
	}
	out.Origin = o.Origin
	return out, nil
}

// NewOffer makes an offer for a phase, with every question open.
func NewOffer(id, registrar, tld, phase string) Offer {
	return Offer{ID: id, Registrar: registrar, TLD: strings.ToLower(strings.Trim(tld, ".")), Phase: phase, Tier: Standard}
}

// Put lays a launch over the book after checking it; it returns what moved.
func (b *Book) Put(l Launch) ([]Moved, error) {
	l.TLD = strings.ToLower(strings.Trim(l.TLD, "."))
	if l.TLD == "" || strings.ContainsAny(l.TLD, " ./\\") {
		return nil, fmt.Errorf("launch: %q is no TLD", l.TLD)
	}
	l.Phases = slices.Clone(l.Phases)
	l.sort()
	if err := l.Check(); err != nil {
		return nil, err
	}
	var moved []Moved
	if before, ok := b.launches[l.TLD]; ok {
		moved = Changes(before, l)
	}
	for _, o := range b.offers {
		if o.TLD == l.TLD && o.Tier != Interest && l.Phase(o.Phase) == nil {
			return nil, fmt.Errorf(".%s: the offer %s is for the phase %q, which would be gone", l.TLD, o.ID, o.Phase)
		}
	}
	b.launches[l.TLD] = l
	return moved, nil
}

// PutOffer lays an offer over the book after checking it.
func (b *Book) PutOffer(o Offer) error {
	l, ok := b.launches[o.TLD]
	switch {
	case o.ID == "" || o.Registrar == "":
		return fmt.Errorf("offer %q: it needs an id and a registrar", o.ID)
	case o.Tier == Interest:
	case !ok:
		return fmt.Errorf("offer %s: there is no launch of .%s", o.ID, o.TLD)
	case l.Phase(o.Phase) == nil:
		return fmt.Errorf("offer %s: .%s has no phase %q; it has %s", o.ID, o.TLD, o.Phase, strings.Join(l.names(), ", "))
	}
	if i := slices.IndexFunc(b.offers, func(have Offer) bool { return have.ID == o.ID }); i >= 0 {
		b.offers[i] = o
	} else {
		b.offers = append(b.offers, o)
	}
	return nil
}

// Own returns the launches and offers that came from one file.
func (b *Book) Own(origin string) ([]Launch, []Offer) {
	launches := slices.DeleteFunc(b.Launches(), func(l Launch) bool { return l.Origin != origin })
	offers := slices.DeleteFunc(slices.Clone(b.offers), func(o Offer) bool { return o.Origin != origin })
	return launches, offers
}

func (l Launch) names() []string {
	out := make([]string, len(l.Phases))
	for i, p := range l.Phases {
		out[i] = p.Name
	}
	return out
}

// ReadPhase reads a phase as a person types it: name, kind, from, to, fee and
// how the registry decides between several, separated by commas; what is not
// known is left empty.
func ReadPhase(s string) (Phase, error) {
	parts := strings.Split(s, ",")
	if len(parts) < 2 || len(parts) > 6 {
		return Phase{}, fmt.Errorf("phase %q: write it as NAME,KIND,FROM,TO,FEE,CONTEST; what is not known stays empty", s)
	}
	parts = append(parts, "", "", "", "")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	p := Phase{Name: parts[0], Kind: Kind(parts[1]), Contest: catch.Contest(parts[5])}
	if !slices.Contains(kinds, p.Kind) {
		return p, fmt.Errorf("phase %q: unknown kind %q; it is one of %s", p.Name, p.Kind, kindWords())
	}
	var err error
	if p.From, err = moment("from", parts[2]); err != nil {
		return p, fmt.Errorf("phase %q: %w", p.Name, err)
	}
	if p.To, err = moment("to", parts[3]); err != nil {
		return p, fmt.Errorf("phase %q: %w", p.Name, err)
	}
	if p.Fee, err = money("fee", parts[4]); err != nil {
		return p, fmt.Errorf("phase %q: %w", p.Name, err)
	}
	return p, nil
}

// ReadTime reads a time as files and flags write it: RFC 3339, or a day.
func ReadTime(s string) (whoisx.Date, error) { return moment("time", s) }

// Remove takes a launch or an offer of one file out of the book, by TLD or id,
// and reports whether there was one. What the file had covered is not seen
// before the book is read again.
func (b *Book) Remove(what, origin string) bool {
	if i := slices.IndexFunc(b.offers, func(o Offer) bool { return o.ID == what && o.Origin == origin }); i >= 0 {
		b.offers = slices.Delete(b.offers, i, i+1)
		return true
	}
	tld := strings.ToLower(strings.Trim(what, "."))
	if l, ok := b.launches[tld]; ok && l.Origin == origin {
		delete(b.launches, tld)
		return true
	}
	return false
}
