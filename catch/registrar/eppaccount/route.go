package eppaccount

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

func parseLeaf(c tls.Certificate) *x509.Certificate {
	if len(c.Certificate) == 0 {
		return nil
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil
	}
	return leaf
}

// create is the command that registers a name for this account.
func (a *Account) create(r catch.Request, svc epp.Services) epp.DomainCreate {
	c := epp.DomainCreate{Name: strings.ToLower(r.Name), Years: max(r.Years, 1), Launch: launchCreate(r.Launch)}
	reg := r.Contact
	if reg == "" {
		reg = a.o.Contact
	}
	role := func(option string) string {
		switch v := a.option(option); v {
		case "":
			return reg
		case "none":
			return ""
		default:
			return v
		}
	}
	if reg != "" && reg != "none" {
		c.Registrant = reg
		for _, k := range []string{"admin", "tech"} {
			if id := role(k); id != "" {
				c.Contacts = append(c.Contacts, epp.Contact{Role: k, ID: id})
			}
		}
		if id := a.option("billing"); id != "" {
			c.Contacts = append(c.Contacts, epp.Contact{Role: "billing", ID: id})
		}
	}
	for _, h := range fields(a.option("ns")) {
		h = strings.ToLower(strings.TrimSuffix(h, "."))
		if a.option("ns_form") == "attributes" {
			c.Hosts = append(c.Hosts, epp.Host{Name: h})
		} else {
			c.NS = append(c.NS, h)
		}
	}
	if a.option("authinfo") == "random" {
		c.AuthInfo = catch.NewSecret("Aa1-" + rand.Text()[:12])
	}
	if svc.Fee != "" && r.Price.Currency != "" {
		c.Fee = &epp.Fee{Price: r.Price}
	}
	return c
}

// Print shows the frame that Place would send. Without a price <price> stands
// in its place; the clTRID's random part differs in the real one.
func (a *Account) Print(r catch.Request) (string, error) {
	c := a.create(r, epp.Everything())
	if c.Registrant == "" && a.o.Contact != "none" {
		c.Registrant = "<contact>"
	}
	if r.Price.Currency == "" {
		c.Fee = &epp.Fee{Price: catch.Money{Currency: a.o.CurrencyOr()}, Unread: true}
	}
	b, err := epp.Print(c, epp.Everything(), prefix(r.Key)+"-XXXXXXXXXXXXXXXX-0000001")
	if err != nil {
		return "", fmt.Errorf("print order: %w", err)
	}
	return string(b) + "\n", nil
}

// prefix makes the beginning of a clTRID from an order's key.
func prefix(key string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-':
			return r
		}
		return -1
	}, key)
	if len(s) < 3 {
		s = "lapse"
	}
	return s[:min(len(s), 32)]
}

// Quote reads the price of a create now.
func (a *Account) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	l, err := a.Look(ctx, name, years)
	if err != nil {
		return catch.Quote{}, err
	}
	if class := keptClass(l); class != "" {
		return catch.Quote{Name: l.Name, Class: class, Reason: l.Reason, Free: &l.Free, At: l.At, Basis: "EPP check at " + l.Server}, nil
	}
	if l.Price.Currency == "" {
		why := "the registry has no fee extension"
		if l.FeeReason != "" {
			why = l.FeeReason
		} else if l.Fee != "" {
			why = "the registry named no price for it"
		}
		return catch.Quote{Name: l.Name, Free: &l.Free, At: l.At, Basis: "EPP check at " + l.Server}, &catch.Error{
			Kind: catch.Guard, Service: title, Op: "read price of " + name, Words: why,
			Hint: "confirm the price from the registry's price list",
		}
	}
	q := catch.Quote{
		Name: l.Name, Price: l.Price, Renew: l.Renew, Premium: l.Premium, Class: l.Class, Free: &l.Free, At: l.At, Basis: "EPP check with fee at " + l.Server,
		Early: l.EarlyFee, EarlyWhat: l.EarlyWhat,
	}
	return q, nil
}

// Looked is what an EPP check said of a name: one of the sources that together
// may call it free.
type Looked struct {
	Name      string
	Free      bool   // the registry would take a create
	Reason    string // its words where not
	Drop      time.Time
	May       bool // it may drop at that time, or may not
	Price     catch.Money
	Renew     catch.Money
	Premium   bool
	Class     string
	Early     bool // an early access fee is in the price
	EarlyFee  catch.Money
	EarlyWhat string // the registry's words for it, with when it falls
	Fee       string
	FeeReason string
	Server    string // svID
	Addr      string
	At        time.Time
	Raw       []byte // the answer, as it came
}

// Look asks the registry about a name: free or not, and at what price.
func (a *Account) Look(ctx context.Context, name string, years int) (Looked, error) {
	op := "check " + name
	s, err := a.session(ctx, name, op)
	if err != nil {
		return Looked{}, err
	}
	svc := s.Services()
	cmd := epp.DomainCheck{Names: []string{strings.ToLower(name)}}
	if svc.Fee != "" {
		cmd.Fee = &epp.FeeCheck{Commands: []string{"create", "renew"}, Years: max(years, 1)}
		if svc.Fee == epp.NSFee11 {
			cmd.Fee.Commands = cmd.Fee.Commands[:1]
		}
	}
	r, err := s.Do(ctx, cmd)
	if err != nil {
		return Looked{}, a.fail(op, err, false)
	}
	l := Looked{Name: strings.ToLower(name), Fee: svc.Fee, Server: s.Greeting().Server, Addr: a.cfg.Addr, At: r.Received, Raw: r.Raw}
	got := epp.ReadCheck(r)
	i := slices.IndexFunc(got, func(c epp.Checked) bool { return c.ID == l.Name })
	if i < 0 {
		return l, &catch.Error{Kind: catch.UpstreamDown, Service: title, Op: op, Words: "the answer does not name what was asked"}
	}
	c := got[i]
	l.Free, l.Reason = c.Free, c.Reason
	l.Drop, l.May = dropReason(c.Reason)
	if q, ok := c.Fee("create"); ok {
		l.Price, l.Premium, l.Class, l.Early = q.Total, q.Premium, q.Class, q.Early
		for _, it := range q.Items {
			if it.Early() && l.EarlyFee.Units == 0 {
				l.EarlyFee, l.EarlyWhat = it.Amount, it.Description
			}
		}
	} else if len(c.Fees) > 0 {
		l.FeeReason = c.Fees[0].Reason
	}
	if q, ok := c.Fee("renew"); ok {
		l.Renew = q.Total
	}
	return l, nil
}

// dropReason reads a drop's time from a check's reason, as Nominet writes it:
// "Drop 2026-11-21T14:00:00Z", "May Drop ...".
func dropReason(s string) (at time.Time, may bool) {
	rest, may := strings.CutPrefix(s, "May ")
	rest, ok := strings.CutPrefix(rest, "Drop ")
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(rest))
	if err != nil {
		return time.Time{}, false
	}
	return t.UTC(), may
}

// Place registers the name with one create, after the price was read once more.
func (a *Account) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	op := "create " + r.Name
	l, err := a.Look(ctx, r.Name, r.Years)
	if err != nil {
		return catch.Report{}, err
	}
	if !l.Free {
		kind := catch.Taken
		if keptClass(l) != "" {
			kind = catch.Guard // it is nobody's, and nothing was sent
		}
		if !l.Drop.IsZero() {
			kind = catch.NotDroppableYet
		}
		return catch.Report{}, &catch.Error{Kind: kind, Service: title, Op: op, Words: l.Reason}
	}
	if r, err = a.locked(op, r, l); err != nil {
		return catch.Report{}, err
	}
	s, err := a.session(ctx, r.Name, op)
	if err != nil {
		return catch.Report{}, err
	}
	c := a.create(r, s.Services())
	if r.DryRun {
		if _, err := epp.Encode(c, s.Services(), "lapse-dry-run"); err != nil {
			return catch.Report{}, a.fail(op, err, false)
		}
		return catch.Report{State: catch.Requested, Words: "checked, not sent", Price: r.Price}, nil
	}
	done, err := s.Create(ctx, c)
	var re *epp.ResultError
	if errors.As(err, &re) && re.Code == epp.MissingParam && c.Registrant == "" && a.o.Contact != "none" && r.Launch == nil {
		return catch.Report{}, &catch.Error{
			Kind: catch.InvalidContact, Service: title, Op: op, Words: re.Error(), Hint: "set the account's contact: the registry wants a registrant",
		}
	}
	if err != nil {
		return catch.Report{}, a.fail(op, err, true)
	}
	rep := catch.Report{State: catch.Won, Ref: done.SvTRID, Price: r.Price, Paid: done.Fee.Total, Words: "registered"}
	if !done.Expires.IsZero() {
		rep.Words = "registered until " + done.Expires.Format(time.DateOnly)
	}
	if rep.Paid.Currency == "" {
		rep.Paid = r.Price
	}
	if done.Fee.Balance.Currency != "" {
		a.mu.Lock()
		a.balance = done.Fee.Balance
		a.mu.Unlock()
	}
	if done.Pending {
		rep.State, rep.Words, rep.Paid = catch.Processing, "the registry took the create and decides later (1001)", catch.Money{}
		if done.Application != "" {
			// Fees of applications are charged at once and seldom given back: the
			// worst is assumed.
			rep.Ref, rep.Words, rep.Paid = done.Application, "application "+done.Application+": the registry decides later", r.Price
		}
	}
	return rep, nil
}

// locked holds the price that was just read against what was agreed to, and
// returns the request with the price to send.
func (a *Account) locked(op string, r catch.Request, l Looked) (catch.Request, error) {
	refuse := func(kind catch.ErrorKind, words string) error {
		return &catch.Error{Kind: kind, Service: title, Op: op, Words: words}
	}
	if l.Price.Currency != "" {
		switch {
		case l.Premium && !r.Premium:
			return r, refuse(catch.PremiumRefused, fmt.Sprintf("it is a premium name (%s, %s) and that was not agreed to", orClass(l.Class), l.Price))
		case r.Class != "" && l.Class != "" && r.Class != l.Class:
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("its class is %s now, it was %s", l.Class, r.Class))
		case r.Price.Currency != "" && r.Price.Currency != l.Price.Currency:
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("the price is in another currency now: %s, it was %s", l.Price, r.Price))
		}
		r.Price = l.Price
	}
	if r.Price.Currency == "" {
		return r, refuse(catch.Guard, "no price: the registry named none and none was confirmed")
	}
	if r.Cap.Currency != "" {
		n, err := r.Price.Cmp(r.Cap)
		if err != nil {
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("the price %s cannot be held against a cap of %s", r.Price, r.Cap))
		}
		if n > 0 {
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("the price %s is above the cap of %s", r.Price, r.Cap))
		}
	}
	return r, nil
}

func orClass(s string) string {
	if s == "" {
		return "premium"
	}
	return s
}

// Find asks the registry who has the name.
func (a *Account) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	op := "find " + o.Name
	s, err := a.session(ctx, o.Name, op)
	if err != nil {
		return catch.Report{}, err
	}
	l, err := catch.LaunchOf(o.Consents)
	if err != nil {
		return catch.Report{}, &catch.Error{Kind: catch.Guard, Service: title, Op: op, Words: err.Error()}
	}
	if l != nil && l.Application {
		return a.findApplication(ctx, s, o, l)
	}
	d, err := s.Info(ctx, o.Name)
	var re *epp.ResultError
	switch {
	case errors.As(err, &re) && re.Code == epp.DoesNotExist:
		return catch.Report{}, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "the name is not registered"}
	case errors.As(err, &re) && re.Code == epp.NotAllowed:
		// Some registries show a name to its sponsor alone.
		return catch.Report{}, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "somebody else holds it: the registry does not show it to this account"}
	case err != nil:
		return catch.Report{}, a.fail(op, err, false)
	}
	rep := catch.Report{Ref: d.ROID, Price: o.Price}
	switch {
	case d.Sponsor == a.o.User && slices.Contains(d.Statuses, "pendingCreate"):
		rep.State, rep.Words = catch.Processing, "the registry has not decided yet"
	case d.Sponsor == a.o.User:
		rep.State, rep.Paid, rep.Words = catch.Won, o.Price, "registered at "+d.Created.Format("2006-01-02 15:04:05 UTC")
	case !o.Created.IsZero() && !d.Created.IsZero() && d.Created.Before(o.Created):
		// The registration that was there when the order was given: it has not
		// dropped yet, and nothing of ours is under way.
		return rep, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "still registered by " + d.Sponsor + ", as before the order"}
	default:
		rep.State, rep.Words = catch.Lost, "registered by "+d.Sponsor
	}
	return rep, nil
}

// Probe logs in and out.
func (a *Account) Probe(ctx context.Context) error {
	a.hangUp()
	if _, err := a.session(ctx, "", "log in"); err != nil {
		return err
	}
	a.hangUp()
	return nil
}

// Balance is the last one that an answer carried: EPP has no command for it.
func (a *Account) Balance(context.Context) (catch.Money, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.balance.Currency == "" {
		return catch.Money{}, &catch.Error{
			Kind: catch.Guard, Service: title, Op: "read balance", Words: "no answer carried a balance yet; EPP has no command that asks for it",
		}
	}
	return a.balance, nil
}

// AutoRenew cannot be set over EPP.
func (a *Account) AutoRenew(context.Context, string, bool) error {
	return &catch.Error{
		Kind: catch.Guard, Service: title, Op: "set auto-renew", Words: "EPP has no such switch: registries renew by themselves or delete, by their own rules",
	}
}

var lockStatuses = []string{"clientTransferProhibited", "clientDeleteProhibited"}

// Lock forbids transfer and deletion, or allows them again.
func (a *Account) Lock(ctx context.Context, name string, on bool) error {
	op := "lock " + name
	s, err := a.session(ctx, name, op)
	if err != nil {
		return err
	}
	d, err := s.Info(ctx, name)
	if err != nil {
		return a.fail(op, err, false)
	}
	u := epp.DomainUpdate{Name: d.Name}
	for _, st := range lockStatuses {
		has := slices.Contains(d.Statuses, st)
		if on && !has {
			u.Add.Statuses = append(u.Add.Statuses, st)
		}
		if !on && has {
			u.Rem.Statuses = append(u.Rem.Statuses, st)
		}
	}
	if len(u.Add.Statuses)+len(u.Rem.Statuses) == 0 {
		return nil
	}
	return a.update(ctx, op, u)
}

// Nameservers sets the name servers.
func (a *Account) Nameservers(ctx context.Context, name string, hosts []string) error {
	op := "set name servers of " + name
	s, err := a.session(ctx, name, op)
	if err != nil {
		return err
	}
	d, err := s.Info(ctx, name)
	if err != nil {
		return a.fail(op, err, false)
	}
	u := epp.DomainUpdate{Name: d.Name}
	attrs := a.option("ns_form") == "attributes"
	put := func(set *epp.DomainSet, h string) {
		if attrs {
			set.Hosts = append(set.Hosts, epp.Host{Name: h})
		} else {
			set.NS = append(set.NS, h)
		}
	}
	var want []string
	for _, h := range hosts {
		want = append(want, strings.ToLower(strings.TrimSuffix(h, ".")))
	}
	for _, h := range want {
		if !slices.Contains(d.NS, h) {
			put(&u.Add, h)
		}
	}
	for _, h := range d.NS {
		if !slices.Contains(want, h) {
			put(&u.Rem, h)
		}
	}
	if len(u.Add.NS)+len(u.Add.Hosts)+len(u.Rem.NS)+len(u.Rem.Hosts) == 0 {
		return nil
	}
	return a.update(ctx, op, u)
}

func (a *Account) update(ctx context.Context, op string, u epp.DomainUpdate) error {
	s, err := a.session(ctx, u.Name, op)
	if err != nil {
		return err
	}
	if _, err := s.Do(ctx, u); err != nil {
		return a.fail(op, err, false)
	}
	return nil
}

// fail puts an error into the words that every route shares. sent says that a
// command that costs money left: an answer that never came then leaves its
// outcome unknown.
func (a *Account) fail(op string, err error, sent bool) error {
	e := &catch.Error{Service: title, Op: op, Kind: catch.UpstreamDown, Err: err}
	var re *epp.ResultError
	var back *epp.BackoffError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, burst.ErrArmed): // it passes
		e.Kind, e.RetryAfter = catch.Busy, 10*time.Second
	case errors.As(err, &re):
		e.Err = nil
		e.Kind, e.Words = kind(re.Code), re.Error()
		if re.Code == epp.AuthFailed || re.Code == epp.AuthClosing {
			e.Hint = "check the account's user and secret; the login is not tried again, because accounts lock"
		}
	case errors.As(err, &back):
		e.Kind, e.RetryAfter = catch.RateLimited, time.Until(back.Until)
	case errors.As(err, &unknown):
		e.Hint = "set the account's ca to the registry's certificate"
	case errors.Is(err, context.Canceled) && !sent:
		return err
	case errors.Is(err, io.EOF) && strings.Contains(err.Error(), "before its greeting"):
		e.Kind, e.Hint = catch.IPNotAllowed, "ask the registry to list this machine's address"
	case sent && (errors.Is(err, epp.ErrTimeout) || errors.Is(err, epp.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		e.Kind = catch.OutcomeUnknown
	case sent && !errors.Is(err, epp.ErrBusy) && !strings.Contains(err.Error(), "write frame:"):
		e.Kind = catch.OutcomeUnknown // an answer that cannot be read is no answer
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() && !sent {
		e.Kind = catch.UpstreamDown
	}
	return e
}

// kind maps the registry's codes.
func kind(c epp.Code) catch.ErrorKind {
	switch c {
	case epp.Exists:
		return catch.Taken
	case epp.Billing:
		return catch.InsufficientFunds
	case epp.AuthFailed, epp.AuthClosing, epp.NotAllowed:
		return catch.Auth
	case epp.DoesNotExist:
		return catch.InvalidContact // of a create: a contact or host that it names
	case epp.RangeError:
		return catch.PriceMismatch // with the fee extension: RFC 8748, section 3.8
	case epp.MissingParam:
		return catch.PriceMismatch // a premium name whose fee was not sent
	case epp.BadService:
		return catch.TLDUnsupported
	case epp.StatusForbids:
		return catch.NotDroppableYet
	case epp.DataPolicy, epp.TooManySessions:
		return catch.RateLimited
	case epp.Failed, epp.FailedClosing:
		return catch.Busy
	case 8455:
		return catch.NotDroppableYet
	}
	return catch.UpstreamDown
}
