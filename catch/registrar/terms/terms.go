// Package terms knows what each service's orders cost if they win and if they
// lose. The facts are dated TOML, embedded, and a person's file of the same
// shape overrides them entry by entry: prices and terms change, and what one's
// own account shows is always newer.
package terms

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/catch"
)

//go:embed terms.toml
var embedded []byte

// entry is one service and kind as it stands in the file.
type entry struct {
	Service      string   `toml:"service"`
	Kind         string   `toml:"kind"`
	TLDs         []string `toml:"tlds"` // empty: every one that no other entry names
	Fee          string   `toml:"fee"`
	Charged      string   `toml:"charged"`
	Deposit      string   `toml:"deposit"`
	LoseFee      string   `toml:"lose_fee"`
	Refund       string   `toml:"refund"`
	RefundWhen   string   `toml:"refund_when"`
	Several      string   `toml:"several"`
	CancelBy     string   `toml:"cancel_by"`
	CutOff       string   `toml:"cut_off"`
	CutOffBefore string   `toml:"cut_off_before"`
	PayWithin    string   `toml:"pay_within"`
	Unpaid       string   `toml:"unpaid"`
	Provisional  string   `toml:"provisional"`
	Burst        string   `toml:"burst"`
	Pool         string   `toml:"pool"`
	Notes        []string `toml:"notes"`
	Source       string   `toml:"source"`
	Seen         string   `toml:"seen"`
	Confidence   string   `toml:"confidence"`

	terms catch.Terms
	file  string
}

type file struct {
	Terms  []entry  `toml:"terms"`
	Limits []limits `toml:"limits"`
}

// Book holds the terms of every service, and how often each may be called.
type Book struct {
	entries []entry
	limits  []limits
}

// Default reads the embedded terms.
func Default() *Book {
	b := &Book{}
	if err := b.Overlay("terms.toml", embedded); err != nil {
		panic("embedded terms: " + err.Error()) // a broken build, found by its own test
	}
	return b
}

// Overlay adds a file; its entries go before what was there. An unknown key,
// amount or word is an error that names file and line.
func (b *Book) Overlay(path string, data []byte) error {
	var f file
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		var strict *toml.StrictMissingError
		var decode *toml.DecodeError
		switch {
		case errors.As(err, &strict) && len(strict.Errors) > 0:
			row, _ := strict.Errors[0].Position()
			return fmt.Errorf("read %s: line %d: unknown key %q", path, row, strings.Join(strict.Errors[0].Key(), "."))
		case errors.As(err, &decode):
			row, _ := decode.Position()
			return fmt.Errorf("read %s: line %d: %w", path, row, err)
		}
		return fmt.Errorf("read %s: %w", path, err)
	}
	for i := range f.Terms {
		e := &f.Terms[i]
		e.file = path
		if err := e.read(); err != nil {
			return fmt.Errorf("read %s: terms of %q %q: %w", path, e.Service, e.Kind, err)
		}
	}
	for i := range f.Limits {
		if err := f.Limits[i].read(); err != nil {
			return fmt.Errorf("read %s: limits of %q %q: %w", path, f.Limits[i].Service, f.Limits[i].Op, err)
		}
	}
	b.entries = append(f.Terms, b.entries...)
	b.limits = append(f.Limits, b.limits...)
	return nil
}

func (e *entry) read() error {
	if e.Service == "" || e.Kind == "" {
		return errors.New("service and kind are needed")
	}
	if e.Source == "" || e.Seen == "" {
		return errors.New("source and seen are needed: say where it stands and when you read it")
	}
	t := catch.Terms{
		Service: e.Service, Kind: catch.Kind(e.Kind), Charged: e.Charged, RefundWhen: e.RefundWhen,
		CancelBy: e.CancelBy, CutOff: e.CutOff, Unpaid: e.Unpaid, Pool: e.Pool, Notes: e.Notes,
		Source: e.Source, Seen: e.Seen, Confidence: e.Confidence,
		Refund: catch.Refund(e.Refund), Several: catch.Contest(e.Several), Burst: catch.Burst(e.Burst),
	}
	switch t.Refund {
	case catch.RefundUnknown, catch.RefundCash, catch.RefundCredit, catch.RefundNone:
	default:
		return fmt.Errorf("refund is %q; it can be cash, credit or none", e.Refund)
	}
	switch t.Several {
	case catch.ContestUnknown, catch.PublicAuction, catch.PrivateAuction, catch.FirstCome, catch.Lottery, catch.Priority:
	default:
		return fmt.Errorf("several is %q; it can be public-auction, private-auction, first-come, lottery or priority", e.Several)
	}
	switch t.Burst {
	case "":
		t.Burst = catch.BurstUnstated
	case catch.BurstAllowed, catch.BurstForbidden, catch.BurstUnstated:
	default:
		return fmt.Errorf("burst is %q; it can be allowed, forbidden or unstated", e.Burst)
	}
	for _, m := range []struct {
		text string
		to   *catch.Money
	}{{e.Fee, &t.Fee}, {e.Deposit, &t.Deposit}, {e.LoseFee, &t.LoseFee}} {
		if m.text == "" {
			continue
		}
		v, err := catch.ParseMoney(m.text)
		if err != nil {
			return err
		}
		*m.to = v
	}
	for _, d := range []struct {
		text string
		to   *time.Duration
	}{{e.CutOffBefore, &t.CutOffBefore}, {e.PayWithin, &t.PayWithin}, {e.Provisional, &t.Provisional}} {
		if d.text == "" {
			continue
		}
		v, err := duration(d.text)
		if err != nil {
			return err
		}
		*d.to = v
	}
	t.Text = words(t)
	e.terms = t
	return nil
}

// duration reads Go's durations and days ("10d").
func duration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		d, err := time.ParseDuration(days + "h")
		if err == nil {
			return d * 24, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("duration %q: write it like 47h or 10d", s)
	}
	return d, nil
}

// For returns the terms of a service for a name: those that name its zone
// before those for every TLD. Terms that nobody wrote down are empty, with
// burst unstated: ask first.
func (b *Book) For(service string, kind catch.Kind, name string) catch.Terms {
	_, zone, _ := strings.Cut(name, ".")
	tld := zone[strings.LastIndexByte(zone, '.')+1:]
	var general *catch.Terms
	for i := range b.entries {
		e := &b.entries[i]
		if e.Service != service || e.Kind != string(kind) {
			continue
		}
		if len(e.TLDs) == 0 {
			if general == nil {
				general = &e.terms
			}
			continue
		}
		for _, t := range e.TLDs {
			if name != "" && (t == zone || t == tld) {
				return e.terms
			}
		}
	}
	if general != nil {
		return *general
	}
	return catch.Terms{Service: service, Kind: kind, Burst: catch.BurstUnstated, Notes: []string{"nobody wrote these terms down: ask first"}}
}

// All lists every entry, a person's own first.
func (b *Book) All() []catch.Terms {
	out := make([]catch.Terms, 0, len(b.entries))
	for _, e := range b.entries {
		out = append(out, e.terms)
	}
	return out
}

// words writes the terms as plain text: what a person reads and accepts.
func words(t catch.Terms) string {
	var b strings.Builder
	say := func(what, text string) {
		if text == "" {
			text = "ask first"
		}
		fmt.Fprintf(&b, "%s: %s\n", what, text)
	}
	money := func(m catch.Money) string {
		if m == (catch.Money{}) {
			return ""
		}
		return m.String()
	}
	say("if it wins, as the only order", money(t.Fee))
	say("charged", t.Charged)
	say("several orders", string(t.Several))
	say("deposit", money(t.Deposit))
	say("lost in any case", money(t.LoseFee))
	say("refund", string(t.Refund))
	say("cancel by", t.CancelBy)
	say("orders close", t.CutOff)
	if t.PayWithin > 0 {
		say("pay within", t.PayWithin.String())
	}
	say("unpaid", t.Unpaid)
	say("repeated register calls", string(t.Burst))
	for _, n := range t.Notes {
		say("note", n)
	}
	say("source", t.Source+", "+t.Seen)
	return b.String()
}
