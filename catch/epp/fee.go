package epp

import (
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/catch"
)

// FeeCheck asks for prices along with a check (RFC 8748, section 5.1.1, and its
// drafts).
type FeeCheck struct {
	Currency string   // "" leaves it to the server
	Commands []string // create, renew, transfer, restore; none asks for create
	Years    int
	// Phase and Subphase of a launch, whose prices are asked for; with the name
	// of a custom phase as the subphase (RFC 8748, section 3.8).
	Phase, Subphase string
}

func (f FeeCheck) encode(w *writer, names []string) {
	cmds := f.Commands
	if len(cmds) == 0 {
		cmds = []string{"create"}
	}
	for _, c := range cmds {
		switch c {
		case "create", "renew", "transfer", "restore", "delete", "update":
		default:
			w.fail("write frame: %q is no command that has a fee", c)
		}
	}
	if f.Currency != "" && !isCurrency(f.Currency) {
		w.fail("write frame: %q is no currency", f.Currency)
	}
	cur := func() { w.opt("fee:currency", f.Currency) }
	phase := func() {
		w.attr("phase", f.Phase)
		w.attr("subphase", f.Subphase)
	}
	command := func(name string) {
		w.raw(`<fee:command`)
		phase()
		w.raw(`>` + name + `</fee:command>`)
	}
	w.raw(`<fee:check xmlns:fee="` + w.svc.Fee + `">`)
	switch w.svc.Fee {
	case NSFee10, NSFee12:
		cur()
		for _, c := range cmds {
			w.raw(`<fee:command name="` + c + `"`)
			phase()
			if f.Years == 0 || c == "restore" || c == "delete" || c == "update" {
				w.raw(`/>`)
				continue
			}
			w.raw(`>`)
			w.years("fee:period", f.Years)
			w.raw(`</fee:command>`)
		}
	case NSFee11: // one command a check
		command(cmds[0])
		cur()
		w.years("fee:period", f.Years)
	case NSFee06: // one entry a name and command
		for _, n := range names {
			for _, c := range cmds {
				w.raw(`<fee:domain>`)
				w.name("fee:name", n)
				cur()
				command(c)
				w.years("fee:period", f.Years)
				w.raw(`</fee:domain>`)
			}
		}
	default:
		w.fail("write frame: the server offers no fee extension")
	}
	w.raw(`</fee:check>`)
}

// Fee is the price that goes along with a command: a server refuses the
// command where its own price is another one (RFC 8748, section 3.8).
type Fee struct {
	Price catch.Money
	Items []FeeItem // the parts, where a quote had several; their sum must be Price
	// Unread prints <price> in the price's place. Such a fee cannot be sent.
	Unread bool
}

func (f Fee) encode(w *writer, op string) {
	if w.svc.Fee == "" {
		w.fail("write frame: the server offers no fee extension, so that no price can be sent along")
	}
	if f.Unread {
		if w.reveal {
			w.fail("write frame: the price has not been read")
		}
		w.raw(`<fee:` + op + ` xmlns:fee="` + w.svc.Fee + `"><fee:currency>` + f.Price.Currency + `</fee:currency>`)
		w.elem("fee:fee", "<price>")
		w.raw(`</fee:` + op + `>`)
		return
	}
	if f.Price.Units < 0 {
		w.fail("write frame: the price %s is below zero", f.Price)
	}
	if !isCurrency(f.Price.Currency) {
		w.fail("write frame: the price has no currency")
	}
	w.raw(`<fee:` + op + ` xmlns:fee="` + w.svc.Fee + `">`)
	w.elem("fee:currency", f.Price.Currency)
	if len(f.Items) < 2 {
		w.elem("fee:fee", f.Price.Amount())
	} else {
		var sum int64
		for _, it := range f.Items {
			sum += it.Amount.Units
			w.raw(`<fee:fee`)
			w.attr("description", it.Description)
			w.raw(`>` + it.Amount.Amount() + `</fee:fee>`)
		}
		if sum != f.Price.Units {
			w.fail("write frame: the parts of the fee do not sum up to %s", f.Price)
		}
	}
	w.raw(`</fee:` + op + `>`)
}

// FeeItem is one part of a fee.
type FeeItem struct {
	Amount      catch.Money
	Description string
	Refundable  string // "1", "0", "" where the server does not say
	Grace       string // an ISO 8601 duration
	Applied     string // immediate or delayed
}

// Early reports whether it is the fee of an early or expiry access period, by
// its description.
func (it FeeItem) Early() bool {
	d := strings.ToLower(it.Description)
	return strings.Contains(d, "access period") || strings.Contains(d, "early access") || strings.Contains(d, "eap")
}

// FeeQuote is what a server says that a command costs.
type FeeQuote struct {
	Name     string
	Command  string
	Years    int
	Total    catch.Money
	Items    []FeeItem
	Class    string // "standard", "premium", a tier
	Premium  bool   // by class, or because the server says that it is not standard
	Early    bool   // the fee of an early or expiry access period is in it
	Refused  bool   // the server gives no price
	Reason   string
	Balance  catch.Money
	Credit   catch.Money
	NotAfter string
}

// feeQuotes reads every quote of a check answer, in whichever version.
func feeQuotes(r *Response) []FeeQuote {
	var out []FeeQuote
	for _, ext := range r.Extension {
		if ext.Local != "chkData" || !isFee(ext.Space) {
			continue
		}
		top := ext.Child("currency").Str()
		for _, cd := range ext.All("cd") {
			name := cd.Child("objID").Str()
			if name == "" {
				name = cd.Child("name").Str()
			}
			if name == "" {
				if o := cd.Child("object"); o != nil && len(o.Kids) > 0 {
					name = o.Kids[0].Str()
					if n := o.Kids[0].Child("name"); n != nil {
						name = n.Str()
					}
				}
			}
			cur := cd.Child("currency").Str()
			if cur == "" {
				cur = top
			}
			cmds := cd.All("command")
			if ext.Space == NSFee06 || ext.Space == NSFee11 {
				q := quote(cd, cur)
				q.Name = strings.ToLower(clean(name, 255))
				if len(cmds) > 0 {
					q.Command = cmds[0].Str()
				}
				q.Refused = q.Refused || cd.attr("avail") == "0" || cd.attr("avail") == "false"
				q.finish("")
				out = append(out, q)
				continue
			}
			for _, c := range cmds {
				q := quote(c, cur)
				q.Name, q.Command = strings.ToLower(clean(name, 255)), c.attr("name")
				if q.Class == "" {
					q.Class = clean(cd.Child("class").Str(), 64)
				}
				if a := cd.attr("avail"); a == "0" || a == "false" {
					q.Refused = true
				}
				if q.Reason == "" {
					q.Reason = clean(cd.Child("reason").Str(), 200)
				}
				q.finish(c.attr("standard"))
				out = append(out, q)
			}
			if len(cmds) == 0 {
				q := FeeQuote{Name: strings.ToLower(clean(name, 255)), Refused: true, Reason: clean(cd.Child("reason").Str(), 200)}
				out = append(out, q)
			}
		}
	}
	return out
}

func (q *FeeQuote) finish(standard string) {
	class := strings.ToLower(q.Class)
	q.Premium = class != "" && class != "standard" && class != "default" && class != "normal" || class == "" && (standard == "0" || standard == "false")
	for _, it := range q.Items {
		q.Early = q.Early || it.Early()
	}
}

// quote reads the fees under one element. A part that cannot be read makes the
// quote refused: half a price is no price.
func quote(n *Node, cur string) FeeQuote {
	var q FeeQuote
	q.Years, _ = strconv.Atoi(n.Child("period").Str())
	q.Class = clean(n.Child("class").Str(), 64)
	q.Reason = clean(n.Child("reason").Str(), 200)
	q.NotAfter = clean(n.Child("notAfter").Str(), 40)
	if c := n.Child("currency").Str(); c != "" {
		cur = c
	}
	fees := n.All("fee")
	if len(fees) == 0 && (n.Local != "delData" || n.Child("credit") == nil) { // a deletion only gives back
		q.Refused = true
		return q
	}
	for _, f := range append(fees, n.All("credit")...) {
		m, err := money(f.Str(), cur)
		if err != nil {
			q.Refused, q.Reason = true, "the server's price cannot be read"
			return q
		}
		if f.Local == "credit" && m.Units > 0 {
			m = m.Neg()
		}
		if q.Total.Currency == "" {
			q.Total = catch.Money{Currency: m.Currency}
		}
		if q.Total, err = q.Total.Add(m); err != nil {
			q.Refused, q.Reason = true, "the server's prices cannot be summed up"
			return q
		}
		if f.Local == "fee" {
			q.Items = append(q.Items, FeeItem{
				Amount: m, Description: clean(f.attr("description"), 100), Refundable: clean(f.attr("refundable"), 5),
				Grace: clean(f.attr("grace-period"), 20), Applied: clean(f.attr("applied"), 10),
			})
		}
	}
	if len(n.All("credit")) > 0 {
		q.Items = nil // the parts no longer sum up to the total; send the total alone
	}
	return q
}

// isCurrency holds a currency against the form of ISO 4217.
func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func money(amount, cur string) (catch.Money, error) {
	cur = strings.TrimSpace(cur)
	if !isCurrency(cur) {
		return catch.Money{}, errCurrency
	}
	return catch.MoneyOf(amount, cur)
}

func isFee(ns string) bool {
	for _, v := range feeVersions {
		if ns == v {
			return true
		}
	}
	return false
}

// feeResult reads the fee, balance and credit limit beside a transform answer.
func feeResult(r *Response) (FeeQuote, bool) {
	for _, ext := range r.Extension {
		if !isFee(ext.Space) || !strings.HasSuffix(ext.Local, "Data") || ext.Local == "chkData" {
			continue
		}
		cur := ext.Child("currency").Str()
		q := quote(ext, cur)
		q.finish("")
		if b := ext.Child("balance"); b != nil {
			q.Balance, _ = money(b.Str(), cur)
		}
		if b := ext.Child("creditLimit"); b != nil {
			q.Credit, _ = money(b.Str(), cur)
		}
		return q, true
	}
	return FeeQuote{}, false
}
