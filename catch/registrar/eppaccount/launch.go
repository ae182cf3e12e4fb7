package eppaccount

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// launchCreate is the extension of a create in a phase.
func launchCreate(l *catch.Launch) *epp.LaunchCreate {
	if l == nil {
		return nil
	}
	c := &epp.LaunchCreate{Phase: epp.Phase{Phase: l.Phase, Name: l.Name}, Application: l.Application, SignedMarks: l.Marks}
	if n := l.Notice; n != nil {
		c.Notice = &epp.Notice{ID: n.ID, Validator: n.Validator, NotAfter: n.NotAfter, Accepted: n.Accepted}
	}
	return c
}

// Claims asks whether trademark claims stand against a name (RFC 8334 §3.1.1).
// The keys lead to the claims notice, which the person has to read and accept
// before a create; none means that no notice is needed.
func (a *Account) Claims(ctx context.Context, name string) ([]string, error) {
	op := "check the claims on " + name
	s, err := a.session(ctx, name, op)
	if err != nil {
		return nil, err
	}
	r, err := s.Do(ctx, epp.DomainCheck{Names: []string{strings.ToLower(name)}, Launch: &epp.LaunchCheck{Phase: epp.Phase{Phase: "claims"}, Claims: true}})
	if err != nil {
		return nil, a.fail(op, err, false)
	}
	for _, c := range epp.ReadCheck(r) {
		if c.ID != strings.ToLower(name) {
			continue
		}
		if c.Exists && len(c.Claims) == 0 {
			return nil, &catch.Error{Kind: catch.UpstreamDown, Service: title, Op: op, Words: "claims stand against it, and the answer has no key to the notice"}
		}
		return c.Claims, nil
	}
	return nil, &catch.Error{Kind: catch.UpstreamDown, Service: title, Op: op, Words: "the answer does not name what was asked"}
}

// unclaimed refuses a create in the claims phase without a notice, where a trade
// mark claim stands against the name: the registry would, and calls it something
// else.
func (a *Account) unclaimed(ctx context.Context, op, name string) error {
	keys, err := a.Claims(ctx, name)
	if err != nil || len(keys) == 0 {
		return err
	}
	return &catch.Error{
		Kind: catch.Guard, Service: title, Op: op, Words: "a trade mark claim stands against it, and its notice was not accepted (key " + strings.Join(keys, ", ") + ")",
		Hint: "read the notice that the clearinghouse gives out under that key, then order with --notice FILE",
	}
}

// findApplication asks where an application stands, and takes the message about
// its decision out of the registry's queue.
func (a *Account) findApplication(ctx context.Context, s *epp.Session, o catch.Order, l *catch.Launch) (catch.Report, error) {
	op := "find the application for " + o.Name
	if o.Ref == "" {
		// It may stand: a second one would be a second fee, so it is never "not
		// found" as long as somebody looks.
		return catch.Report{}, &catch.Error{
			Kind: catch.UpstreamDown, Service: title, Op: op, Words: "the answer with the application's id never came",
			Hint: "ask the registry whether it has one, then record it with lapse orders",
		}
	}
	r, err := s.Do(ctx, epp.DomainInfo{Name: o.Name, Launch: &epp.LaunchInfo{Phase: epp.Phase{Phase: l.Phase, Name: l.Name}, Application: o.Ref}})
	var re *epp.ResultError
	switch {
	case errors.As(err, &re) && re.Code == epp.DoesNotExist:
		return catch.Report{}, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "the registry knows no application " + o.Ref}
	case err != nil:
		return catch.Report{}, a.fail(op, err, false)
	}
	d, ok := epp.ReadDomain(r)
	if !ok || d.Application != o.Ref {
		return catch.Report{}, &catch.Error{Kind: catch.UpstreamDown, Service: title, Op: op, Words: "the answer is about something else"}
	}
	rep := catch.Report{Ref: o.Ref, Words: "application " + o.Ref + ": " + d.Launch, Price: o.Price, Paid: o.Paid}
	switch d.Launch {
	case "allocated":
		rep.State = catch.Won
		if rep.Paid.IsZero() {
			rep.Paid = o.Price
		}
	case "rejected", "invalid":
		rep.State = catch.Lost
	default:
		rep.State = catch.Processing
		return rep, nil
	}
	pace := a.pacer(a.Policy(o.Name))
	if pace.Wait(ctx) != nil {
		return rep, nil // what was decided is known already
	}
	if m, err := s.Poll(ctx); err == nil && strings.EqualFold(m.Object, o.Name) && m.ID != "" {
		rep.Words += " (" + m.Text + ")"
		if pace.Wait(ctx) != nil {
			return rep, nil
		}
		if _, err := s.Do(ctx, epp.Poll{Ack: m.ID}); err != nil {
			rep.Words += "; the message stays in the queue"
		}
	}
	return rep, nil
}

// Cancel withdraws an application (RFC 8334 §3.4). Anything else that was sent
// is done at once and cannot be taken back.
func (a *Account) Cancel(ctx context.Context, o catch.Order) (catch.Report, error) {
	op := "cancel " + o.Name
	l, err := catch.LaunchOf(o.Consents)
	if err != nil || l == nil || !l.Application || o.Ref == "" {
		return catch.Report{}, &catch.Error{
			Kind: catch.Guard, Service: title, Op: op, Words: "a create is done at once and cannot be taken back",
			Hint: "within the add grace period the name can be deleted; see the registry's terms",
		}
	}
	s, err := a.session(ctx, o.Name, op)
	if err != nil {
		return catch.Report{}, err
	}
	_, err = s.Do(ctx, epp.DomainDelete{Name: o.Name, Launch: &epp.LaunchID{Phase: epp.Phase{Phase: l.Phase, Name: l.Name}, Application: o.Ref}})
	var re *epp.ResultError
	switch {
	case errors.As(err, &re) && re.Code == epp.DoesNotExist:
		return catch.Report{}, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "the registry knows no application " + o.Ref}
	case errors.As(err, &re) && re.Code == epp.StatusForbids:
		return catch.Report{}, &catch.Error{Kind: catch.Guard, Service: title, Op: op, Words: "application " + o.Ref + " is decided and cannot be withdrawn: " + re.Error()}
	case err != nil:
		return catch.Report{}, a.fail(op, err, true)
	}
	rep := catch.Report{State: catch.Cancelled, Ref: o.Ref, Words: "application " + o.Ref + " withdrawn"}
	if o.Paid.Units > 0 {
		rep.Words += fmt.Sprintf("; %s was charged for it, and whether that comes back is in the registry's terms: record what does", o.Paid)
	}
	return rep, nil
}

// keptClass says whether the registry keeps a name for itself, by the words of
// its check: "reserved", "blocked", or "" where it does not. A premium name is
// for sale, whatever else its reason says.
func keptClass(l Looked) string {
	words := strings.ToLower(l.Reason)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(words, p) })
	}
	switch {
	case l.Free || has("premium", "platinum"):
		return ""
	case has("blocked", "dpml", "cannot be delegated", "globalblock", "adultblock"):
		return "blocked"
	case has("reserved", "unassignable"):
		return "reserved"
	}
	return ""
}

// maxMark is the most that a signed mark may be: the clearinghouse's are about
// 10 kB.
const maxMark = 256 << 10

// ReadMark reads a signed mark from a file as the clearinghouse gives it out
// (SMD, RFC 7848): a text with the base64 between two lines, or the signed XML
// itself. What comes back is the base64 that a create carries; the signature is
// the registry's to check.
func ReadMark(r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxMark+1))
	if err != nil {
		return "", fmt.Errorf("read signed mark: %w", err)
	}
	if len(raw) > maxMark {
		return "", fmt.Errorf("read signed mark: more than %d bytes", maxMark)
	}
	text := strings.TrimSpace(string(raw))
	if i := strings.Index(text, "-----BEGIN ENCODED SMD-----"); i >= 0 {
		text = text[i+len("-----BEGIN ENCODED SMD-----"):]
		end := strings.Index(text, "-----END ENCODED SMD-----")
		if end < 0 {
			return "", errors.New("read signed mark: its end is missing")
		}
		text = text[:end]
	}
	if strings.HasPrefix(text, "<") {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	text = strings.Join(strings.Fields(text), "")
	inner, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(inner) == 0 {
		return "", errors.New("read signed mark: it is neither XML nor base64")
	}
	var x struct {
		XMLName xml.Name `xml:"urn:ietf:params:xml:ns:signedMark-1.0 signedMark"`
		ID      string   `xml:"id"`
		Until   string   `xml:"notAfter"`
	}
	if err := xml.Unmarshal(inner, &x); err != nil {
		return "", fmt.Errorf("read signed mark: %w", err)
	}
	if strings.TrimSpace(x.ID) == "" {
		return "", errors.New("read signed mark: it has no id")
	}
	return text, nil
}

// ClaimsNotice is a trademark claims notice as the clearinghouse gives it out
// (tmNotice, RFC 9361 §6.6), for a person to read.
type ClaimsNotice struct {
	ID        string    `json:"id"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Label     string    `json:"label"`
	Claims    []Claim   `json:"claims"`
}

// Claim is one mark in a notice.
type Claim struct {
	Mark         string   `json:"mark"`
	Holder       string   `json:"holder"`
	Jurisdiction string   `json:"jurisdiction"`
	Goods        string   `json:"goods"`
	Classes      []string `json:"classes,omitempty"`
}

// maxNotice is the most that a notice may be.
const maxNotice = 1 << 20

// ReadNotice reads a claims notice.
func ReadNotice(r io.Reader) (ClaimsNotice, error) {
	var x struct {
		XMLName   xml.Name `xml:"urn:ietf:params:xml:ns:tmNotice-1.0 notice"`
		ID        string   `xml:"id"`
		NotBefore string   `xml:"notBefore"`
		NotAfter  string   `xml:"notAfter"`
		Label     string   `xml:"label"`
		Claims    []struct {
			Mark    string `xml:"markName"`
			Holders []struct {
				Name string `xml:"name"`
				Org  string `xml:"org"`
			} `xml:"holder"`
			Juris   string   `xml:"jurDesc"`
			Goods   string   `xml:"goodsAndServices"`
			Classes []string `xml:"classDesc"`
		} `xml:"claim"`
	}
	var n ClaimsNotice
	if err := xml.NewDecoder(io.LimitReader(r, maxNotice)).Decode(&x); err != nil {
		return n, fmt.Errorf("read claims notice: %w", err)
	}
	n.ID, n.Label = catch.Words(x.ID), catch.Words(x.Label)
	if n.ID == "" || strings.ContainsAny(n.ID, "| ") {
		return n, errors.New("read claims notice: it has no id")
	}
	var err error
	if n.NotBefore, err = time.Parse(time.RFC3339, strings.TrimSpace(x.NotBefore)); err != nil {
		return n, fmt.Errorf("read claims notice: its beginning: %w", err)
	}
	if n.NotAfter, err = time.Parse(time.RFC3339, strings.TrimSpace(x.NotAfter)); err != nil {
		return n, fmt.Errorf("read claims notice: its end: %w", err)
	}
	for _, c := range x.Claims {
		out := Claim{Mark: catch.Words(c.Mark), Jurisdiction: catch.Words(c.Juris), Goods: catch.Words(c.Goods)}
		var holders []string
		for _, h := range c.Holders {
			name := catch.Words(h.Name)
			if name == "" {
				name = catch.Words(h.Org)
			}
			if name != "" && !slices.Contains(holders, name) {
				holders = append(holders, name)
			}
		}
		out.Holder = strings.Join(holders, ", ")
		for _, d := range c.Classes {
			out.Classes = append(out.Classes, catch.Words(d))
		}
		n.Claims = append(n.Claims, out)
	}
	if len(n.Claims) == 0 {
		return n, errors.New("read claims notice: it names no mark")
	}
	return n, nil
}

// Accept keeps that a person accepted the notice at a time, as a create sends
// it. A notice that is not valid then is refused.
func (n ClaimsNotice) Accept(name string, at time.Time) (*catch.Notice, error) {
	label, _, _ := strings.Cut(name, ".")
	switch {
	case n.Label != "" && !strings.EqualFold(n.Label, label):
		return nil, fmt.Errorf("accept claims notice %s: it is about %q, not %q", n.ID, n.Label, label)
	case at.Before(n.NotBefore) || !at.Before(n.NotAfter):
		return nil, fmt.Errorf("accept claims notice %s: it is valid from %s to %s; get a new one", n.ID, n.NotBefore.UTC().Format(time.RFC3339), n.NotAfter.UTC().Format(time.RFC3339))
	}
	return &catch.Notice{ID: n.ID, NotAfter: n.NotAfter.UTC(), Accepted: at.UTC()}, nil
}
