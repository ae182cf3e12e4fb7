package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/whoisx"
)

// printAnswer shows what came back.
func (a *app) printAnswer(acc *eppaccount.Account, c epp.Command, r *epp.Response) error {
	silent := func() error { return fmt.Errorf("epp %s: the answer does not hold what was asked for", c.Op()) }
	switch c := c.(type) {
	case epp.DomainCheck, epp.HostCheck, epp.ContactCheck:
		return a.printChecked(epp.ReadCheck(r))
	case epp.DomainInfo:
		d, ok := epp.ReadDomain(r)
		if !ok {
			return silent()
		}
		return a.printInfo(d, [][2]string{
			{"name", d.Name},
			{"roid", d.ROID},
			{"statuses", strings.Join(d.Statuses, ", ")},
			{"grace", strings.Join(d.RGP, ", ")},
			{"registrant", d.Registrant},
			{"contacts", contactList(d.Contacts)},
			{"name servers", strings.Join(d.NS, ", ")},
			{"hosts", strings.Join(d.Hosts, ", ")},
			{"sponsor", d.Sponsor},
			{"created", moment(d.Created)},
			{"updated", moment(d.Updated)},
			{"expires", moment(d.Expires)},
			{"transferred", moment(d.Transferred)},
			{"phase", d.Phase},
			{"application", d.Application},
			{"stands", d.Launch},
		})
	case epp.HostInfo:
		h, ok := epp.ReadHost(r)
		if !ok {
			return silent()
		}
		return a.printInfo(h, [][2]string{
			{"host", h.Name},
			{"roid", h.ROID},
			{"statuses", strings.Join(h.Statuses, ", ")},
			{"addresses", strings.Join(h.Addrs, ", ")},
			{"sponsor", h.Sponsor},
			{"created", moment(h.Created)},
			{"updated", moment(h.Updated)},
		})
	case epp.ContactInfo:
		k, ok := epp.ReadContact(r)
		if !ok {
			return silent()
		}
		rows := [][2]string{{"contact", k.ID}, {"roid", k.ROID}, {"statuses", strings.Join(k.Statuses, ", ")}}
		for _, p := range k.Postal {
			rows = append(rows, [2]string{p.Type, strings.Join(filled(append(append([]string{p.Name, p.Org}, p.Street...), p.City, p.State, p.Code, p.Country)), ", ")})
		}
		return a.printInfo(k, append(rows, [][2]string{
			{"voice", k.Voice}, {"fax", k.Fax}, {"email", k.Email}, {"sponsor", k.Sponsor}, {"created", moment(k.Created)}, {"updated", moment(k.Updated)},
		}...))
	case epp.BalanceInfo:
		b, ok := epp.ReadBalance(r)
		if !ok {
			return silent()
		}
		return a.printBalance(acc, b)
	case epp.Poll:
		return a.printPolled(c, epp.ReadPoll(r))
	}
	return nil
}

func filled(ss []string) (out []string) {
	for _, s := range ss {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func contactList(cs []epp.Contact) string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Role+" "+c.ID)
	}
	return strings.Join(out, ", ")
}

// printInfo shows an object: as JSON, or in rows of what is there.
func (a *app) printInfo(v any, rows [][2]string) error {
	if a.flags.json {
		return a.writeJSON(v)
	}
	t := &table{head: []string{"WHAT", ""}}
	for _, r := range rows {
		if r[1] != "" && r[1] != "-" {
			t.add(r[0], whoisx.CleanLine(r[1]))
		}
	}
	return a.writeTable(t)
}

func (a *app) printGreeting(g epp.Greeting) error {
	if a.flags.json {
		return a.writeJSON(struct {
			Server     string    `json:"server"`
			Date       time.Time `json:"date"`
			Received   time.Time `json:"received"`
			RTT        string    `json:"rtt"`
			Objects    []string  `json:"objects"`
			Extensions []string  `json:"extensions"`
		}{g.Server, g.Date.UTC(), g.Received.UTC(), g.RTT.String(), list(g.Objects), list(g.Extensions)})
	}
	t := &table{head: []string{"WHAT", ""}}
	t.add("server", g.Server)
	t.add("its clock", g.Date.UTC().Format(time.RFC3339Nano))
	t.add("round trip", g.RTT.String())
	for _, o := range g.Objects {
		t.add("object", o)
	}
	for _, e := range g.Extensions {
		t.add("extension", e)
	}
	return a.writeTable(t)
}

func (a *app) printChecked(cs []epp.Checked) error {
	type checked struct {
		Name   string      `json:"name"`
		Free   bool        `json:"free"`
		Reason string      `json:"reason,omitempty"`
		Fee    catch.Money `json:"fee,omitzero"`
		Class  string      `json:"class,omitempty"`
	}
	out, priced := []checked{}, false
	for _, c := range cs {
		x := checked{Name: c.ID, Free: c.Free, Reason: whoisx.CleanLine(c.Reason)}
		if q, ok := c.Fee("create"); ok {
			x.Fee, x.Class, priced = q.Total, q.Class, true
		}
		out = append(out, x)
	}
	if a.flags.json {
		return a.writeJSON(out)
	}
	t := &table{head: []string{"NAME", "COULD BE CREATED", "REASON"}}
	if priced {
		t.head = append(t.head, "FEE", "CLASS")
	}
	for _, x := range out {
		row := []string{x.Name, map[bool]string{true: "yes", false: "no"}[x.Free], x.Reason}
		if priced {
			row = append(row, x.Fee.String(), x.Class)
		}
		t.add(row...)
	}
	return a.writeTable(t)
}

func (a *app) printBalance(acc *eppaccount.Account, b epp.Balance) error {
	if a.flags.json {
		return a.writeJSON(struct {
			Account string `json:"account"`
			epp.Balance
		}{acc.Describe().Route, b})
	}
	t := &table{head: []string{"WHAT", ""}}
	for _, r := range [][2]string{{"balance", b.Balance}, {"credit limit", b.Limit}, {"available", b.Available}, {"warns below", b.Threshold}} {
		if r[1] != "" {
			t.add(r[0], whoisx.CleanLine(strings.TrimSpace(r[1]+" "+b.Currency)))
		}
	}
	return a.writeTable(t)
}

func (a *app) printPolled(c epp.Poll, p epp.Polled) error {
	if a.flags.json {
		return a.writeJSON(polled(p))
	}
	switch {
	case c.Ack != "":
		return a.printf("message %s is out of the queue; %d wait\n", whoisx.CleanLine(c.Ack), p.Count)
	case p.Empty:
		return a.printf("no message waits\n")
	}
	t := &table{head: []string{"WHAT", ""}}
	for _, r := range [][2]string{
		{"message", p.ID},
		{"waiting", strconv.Itoa(p.Count)},
		{"date", moment(p.Date)},
		{"text", p.Text},
		{"about", p.Object},
		{"decided", map[bool]string{true: map[bool]string{true: "granted", false: "refused"}[p.Granted]}[p.Decided]},
		{"transfer", p.Transfer.Status},
		{"application", strings.TrimSpace(p.Application + " " + p.Launch)},
		{"change", strings.TrimSpace(p.Change + " " + p.ChangeOp)},
		{"by", p.Who},
		{"when", moment(p.When)},
		{"case", strings.TrimSpace(p.Case + " " + p.CaseID)},
		{"why", p.Why},
		{"unhandled", strings.Join(p.Unhandled, ", ")},
	} {
		if r[1] != "" && r[1] != "-" {
			t.add(r[0], whoisx.CleanLine(r[1]))
		}
	}
	return a.writeTable(t)
}

// polled is a message as JSON has it.
func polled(p epp.Polled) any {
	return struct {
		Count       int       `json:"count"`
		ID          string    `json:"id,omitempty"`
		Date        time.Time `json:"date,omitzero"`
		Text        string    `json:"text,omitempty"`
		About       string    `json:"about,omitempty"`
		Decided     bool      `json:"decided,omitempty"`
		Granted     bool      `json:"granted,omitempty"`
		Transfer    string    `json:"transfer,omitempty"`
		Application string    `json:"application,omitempty"`
		Stands      string    `json:"stands,omitempty"`
		Change      string    `json:"change,omitempty"`
		By          string    `json:"by,omitempty"`
		When        time.Time `json:"when,omitzero"`
		Case        string    `json:"case,omitempty"`
		Why         string    `json:"why,omitempty"`
		Unhandled   []string  `json:"unhandled,omitempty"`
	}{
		p.Count, p.ID, p.Date, whoisx.CleanLine(p.Text), p.Object, p.Decided, p.Granted, p.Transfer.Status, p.Application, p.Launch,
		strings.TrimSpace(p.Change + " " + p.ChangeOp), p.Who, p.When, strings.TrimSpace(p.Case + " " + p.CaseID), p.Why, p.Unhandled,
	}
}
