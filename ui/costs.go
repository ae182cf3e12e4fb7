package ui

import (
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// money says what a name's orders can cost, in several lengths; none where
// there are none.
func (a *app) money(orders []catch.Order) []string {
	var due []catch.Money
	var others []catch.Order
	for _, o := range orders {
		if o.State == catch.PaymentDue {
			due = append(due, watch.Owed(o))
		} else {
			others = append(others, o)
		}
	}
	if s := moneyList(due, ""); s != "" { // it is won: what it could cost has become what it costs
		return toPay("To pay: "+s+".", watch.ExposureOf(others))
	}
	e := watch.ExposureOf(orders)
	most, lost := moneyList(e.MostOwed, ""), moneyList(e.LostAnyway, "")
	if most == "" && lost == "" {
		return nil
	}
	var parts []string
	if most != "" {
		parts = append(parts, "Most owed: "+most+".")
	}
	if lost == "" {
		lost = "nothing"
	}
	parts = append(parts, "If lost: "+lost+".")
	if s := moneyList(e.Frozen, ""); s != "" {
		parts = append(parts, "Frozen: "+s+".")
	}
	ways := []string{strings.Join(parts, " ")}
	if most != "" {
		ways = append(ways, parts[0]+" Lost: "+lost+".")
	}
	ways = append(ways, parts[0])
	if won := ifOneWins(orders); won != "" && most != "" {
		ways = append([]string{won + " " + strings.Join(append(parts[1:len(parts):len(parts)], parts[0]), " ")}, ways...)
	}
	return ways
}

// toPay is what has to be paid for the order that won and, where there is room,
// what the others lose and have frozen.
func toPay(text string, others watch.Exposure) []string {
	all := text
	if s := moneyList(others.LostAnyway, ""); s != "" {
		all += " Lost on others: " + s + "."
	}
	if s := moneyList(others.Frozen, ""); s != "" {
		all += " Frozen: " + s + "."
	}
	return slices.Compact([]string{all, text})
}

// ifOneWins is what the order that wins costs: alone, and at most where it comes to
// an auction. Empty where no price has been read, or in several currencies.
func ifOneWins(orders []catch.Order) string {
	var low, high, bid catch.Money
	for i := range orders {
		o := &orders[i]
		if !o.State.Holds() || o.Price.IsZero() {
			continue
		}
		if !low.IsZero() && low.Currency != o.Price.Currency {
			return ""
		}
		if n, err := o.Price.Cmp(low); low.IsZero() || (err == nil && n < 0) {
			low = o.Price
		}
		if n, err := o.Price.Cmp(high); high.IsZero() || (err == nil && n > 0) {
			high = o.Price
		}
		most := watch.BidUpTo(*o)
		if n, err := most.Cmp(bid); !most.IsZero() && (bid.IsZero() || (err == nil && n > 0)) {
			bid = most
		}
	}
	if low.IsZero() {
		return ""
	}
	text := "If won: " + round(low)
	if high != low {
		text += " to " + round(high)
	}
	if !bid.IsZero() && bid.Currency == low.Currency {
		text += " alone, auction to " + round(bid)
	}
	return text + "."
}

// round is an amount without its currency, cents only where there are any.
func round(m catch.Money) string { return strings.TrimSuffix(m.Amount(), ".00") }

var signs = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

// letters stand for signs that ASCII lacks, behind the amount.
var letters = map[string]string{"EUR": "E", "GBP": "G", "JPY": "Y"}

// amount writes an amount of money, in several lengths; cents only where there
// are any.
func (a *app) amount(m catch.Money) []string {
	if m.IsZero() {
		return []string{"-"}
	}
	n := round(m)
	sign, letter := signs[m.Currency], letters[m.Currency]
	if sign == "" || (a.ascii && letter == "") && sign != "$" {
		return []string{n + " " + m.Currency, n + m.Currency}
	}
	short := func(n string) string {
		if a.ascii && letter != "" {
			return n + letter
		}
		return sign + n
	}
	ways := []string{n + " " + m.Currency, short(n)}
	if k, ok := strings.CutSuffix(n, "000"); ok {
		ways = append(ways, short(k+"k"))
	}
	return ways
}

// moneyOr is an amount in full, or a word where there is none.
func moneyOr(m catch.Money, or string) string {
	if m.IsZero() {
		return or
	}
	return m.String()
}

func moneyList(ms []catch.Money, none string) string {
	var out []string
	for _, m := range ms {
		if !m.IsZero() {
			out = append(out, m.String())
		}
	}
	if len(out) == 0 {
		return none
	}
	return strings.Join(out, " and ")
}
