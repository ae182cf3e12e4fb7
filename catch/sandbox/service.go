package sandbox

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// service is the registrar with an API and backorders, in the api3 dialect:
// GET /api3.json?key=…&command=…, everything in the query string, codes now as
// numbers and now as strings, as its answers were seen to flip.
type service struct {
	o       Service
	acc     *account // the registrar's account at the registry
	balance int64
	price   int64

	requests map[string]*request
	owned    map[string]*holding
	auctions map[string]*auction
	calls    int
	lastCall []time.Time
	nextID   int
}

// request is a backorder of ours.
type request struct {
	name   string
	placed time.Time
	status string // Active, In Auction, Pending Payment, Unpaid, Completed, Missed
	payBy  time.Time
	price  int64
}

// holding is a name in our account at the service.
type holding struct {
	autoRenew string
	locked    bool
	ns        []string
}

func newService(o Service) (*service, error) {
	o.Name, o.IANA = or(o.Name, "Sandbox Backorders LLC"), or(o.IANA, "9998")
	o.Balance, o.Price = or(o.Balance, "100.00"), or(o.Price, "24.99")
	o.Key = or(o.Key, "sandbox-service-key")
	if o.PayWithin == 0 {
		o.PayWithin = 47 * time.Hour
	}
	if o.AuctionFor == 0 {
		o.AuctionFor = 20 * time.Second
	}
	s := &service{o: o, requests: map[string]*request{}, owned: map[string]*holding{}, auctions: map[string]*auction{}, nextID: 1000}
	var err error
	if s.balance, err = cents(o.Balance); err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	if s.price, err = cents(o.Price); err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	s.acc, err = newAccount(Account{User: "svc-" + o.IANA, Registrar: o.Name, IANA: o.IANA})
	if err != nil {
		return nil, err
	}
	s.acc.inside = true
	return s, nil
}

func (s *service) handler(r *Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api3.json", func(w http.ResponseWriter, q *http.Request) { s.serve(r, w, q) })
	return mux
}

func (s *service) serve(r *Registry, w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	now := r.now()
	r.advance(now)
	s.calls++
	f := r.faults
	p := q.URL.Query()
	cmd := p.Get("command")
	e := Entry{At: now, Via: "service", Command: cmd, Name: strings.ToLower(p.Get("domain")), Code: 200}
	if e.Name == "" {
		e.Name = strings.ToLower(p.Get("domain0"))
	}
	var out map[string]any
	switch {
	case f.ServiceDown:
		r.note(withCode(e, 503, "down"))
		r.mu.Unlock()
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	case s.tooFast(now) || every(f.ServiceTooMany, s.calls):
		r.note(withCode(e, 429, "too many"))
		r.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"code":429,"message":"Too Many Requests","error":{"description":"Rate limit exceeded"}}`))
		return
	case q.Method != http.MethodGet:
		out = s.say("", "", -1, "error", "only GET is supported")
	case p.Get("key") != s.o.Key:
		out = s.say("", "", -1, "error", "invalid key")
	case every(f.ServiceBusy, s.calls):
		out = s.say(camel(cmd), "", 5, "system_busy", "")
	default:
		out = s.run(r, cmd, p, now)
	}
	lose := f.ServiceLoseReply > 0 && r.rng.Float64() < f.ServiceLoseReply
	r.note(e)
	r.mu.Unlock()
	if lose { // it was done, and nobody hears of it
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func withCode(e Entry, code int, note string) Entry {
	e.Code, e.Note = code, note
	return e
}

// tooFast counts the calls of a second.
func (s *service) tooFast(now time.Time) bool {
	if s.o.PerSecond <= 0 {
		return false
	}
	since := now.Add(-time.Second)
	s.lastCall = slices.DeleteFunc(s.lastCall, func(t time.Time) bool { return t.Before(since) })
	s.lastCall = append(s.lastCall, now)
	return len(s.lastCall) > s.o.PerSecond
}

// camel turns add_backorder_request into AddBackorderRequest.
func camel(cmd string) string {
	var b strings.Builder
	for _, w := range strings.Split(cmd, "_") {
		if w != "" {
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	return b.String()
}

// say builds an answer. The code flips between number and string.
func (s *service) say(name, field string, code int, status, text string, more ...any) map[string]any {
	in := map[string]any{"Status": status}
	if s.calls%2 == 0 {
		in["ResponseCode"] = code
	} else {
		in["ResponseCode"] = strconv.Itoa(code)
	}
	if text != "" {
		in["Error"] = text
	}
	if field != "" && len(more) == 1 {
		in[field] = more[0]
	}
	return map[string]any{name + "Response": in}
}

func (s *service) run(r *Registry, cmd string, p map[string][]string, now time.Time) map[string]any {
	get := func(k string) string {
		if v := p[k]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	name := strings.ToLower(get("domain"))
	c := camel(cmd)
	ok := func() map[string]any { return s.say(c, "", 0, "success", "") }
	bad := func(format string, args ...any) map[string]any {
		return s.say(c, "", -1, "error", fmt.Sprintf(format, args...))
	}
	switch cmd {
	case "search":
		return s.search(r, p, now)
	case "add_backorder_request":
		var wrong string
		for _, n := range strings.Split(name, ",") {
			if w := s.order(r, strings.TrimSpace(n), now); w != "" {
				wrong = w
			}
		}
		if wrong != "" {
			return bad("%s", wrong)
		}
		return ok()
	case "delete_backorder_request":
		for _, n := range strings.Split(name, ",") {
			q := s.requests[strings.TrimSpace(n)]
			switch {
			case q == nil || q.status != "Active":
				return bad("could not find backorder request for %s", n)
			case !now.Before(s.cutOff(r, q.name)):
				return bad("%s can no longer be deleted: it is within the last 24 hours before its drop", n)
			}
			delete(s.requests, q.name)
		}
		return ok()
	case "backorder_request_list":
		list := []any{}
		for _, n := range sorted(s.requests) {
			q := s.requests[n]
			list = append(list, map[string]any{
				"DomainName": q.name, "CutoffTime": s.cutOff(r, q.name).UnixMilli(), "BackorderRequestStatus": q.status,
			})
		}
		return s.say(c, "BackorderRequestList", 0, "success", "", list)
	case "get_account_balance":
		return s.say(c, "BalanceList", 0, "success", "", []any{map[string]any{"Currency": "USD", "Amount": fmtCents(s.balance)}})
	case "account_info":
		return s.say(c, "AccountInfo", 0, "success", "", map[string]any{"Username": "sandbox", "AccountBalance": "$" + fmtCents(s.balance)})
	case "tld_price":
		list := []any{}
		for _, z := range sorted(r.tlds) {
			t := r.tlds[z]
			list = append(list, map[string]any{"Tld": z, "Price": map[string]any{"Register": t.Price, "Renew": t.RenewPrice}})
		}
		return s.say(c, "TldPrice", 0, "success", "", list)
	case "register":
		return s.register(r, name, get("duration"), get("premium") == "1", now)
	case "domain_info", "set_renew_option", "lock_domain", "set_ns":
		return s.care(r, cmd, name, p, now)
	case "get_open_backorder_auctions", "get_backorder_auction_details", "place_backorder_auction_bid":
		return s.auction(r, cmd, name, get("bid_amount"), now)
	}
	return s.say("", "", -1, "error", "unknown command")
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (s *service) search(r *Registry, p map[string][]string, now time.Time) map[string]any {
	list := []any{}
	for i := range 100 {
		v := p[fmt.Sprintf("domain%d", i)]
		if len(v) == 0 {
			break
		}
		name := strings.ToLower(v[0])
		ok, _, t := r.availability(name, now)
		res := map[string]any{"DomainName": name, "Available": "no"}
		if ok {
			res["Available"] = "yes"
		}
		if t == nil {
			res["Status"] = "tld not supported"
		} else if ok && len(p["show_price"]) > 0 && p["show_price"][0] == "1" {
			year, eap, class, _ := r.price(name, t, 1, now)
			res["Price"] = fmtCents(year+eap) + " in " + t.Currency
			if class != "standard" || eap > 0 {
				res["Premium"] = "yes"
			}
		}
		list = append(list, res)
	}
	out := s.say("Search", "SearchResults", 0, "success", "", list)
	return out
}

// cutOff is the last moment to take an order back.
func (s *service) cutOff(r *Registry, name string) time.Time {
	d := r.names[name]
	if d == nil || d.drop.IsZero() {
		return r.now()
	}
	before := s.o.CutOff
	if before == 0 {
		before = d.tld.Stages[len(d.tld.Stages)-1].For / 10
	}
	return d.drop.Add(-before)
}

// order takes a backorder; it returns why not.
func (s *service) order(r *Registry, name string, now time.Time) string {
	if q := s.requests[name]; q != nil {
		return name + " is already on your backorder request list"
	}
	d := r.names[name]
	const unknown = "could not find backorder fot this domain" // as it was seen
	if d == nil || !d.exists || d.drop.IsZero() {
		return unknown
	}
	st, i, _ := d.where(now)
	if takes := s.o.Accepts; len(takes) > 0 && !slices.Contains(takes, st.Name) || len(takes) == 0 && i != len(d.tld.Stages)-1 {
		return unknown
	}
	if s.balance < 500 {
		return "insufficient balance: at least $5.00 is needed to place a backorder"
	}
	s.requests[name] = &request{name: name, placed: now, status: "Active"}
	s.plan(r, d)
	return ""
}

// plan puts the catcher's create into the queue.
func (s *service) plan(r *Registry, d *domain) {
	drop := d.drop
	rng := rand.New(rand.NewPCG(r.o.Seed, hash("catcher|"+d.name)))
	after := time.Duration(0)
	tries := true
	if s.o.Wins < 1 {
		tries = rng.Float64() < s.o.Wins
		after = s.o.Reaction.draw(rng)
	}
	r.at(drop.Add(after), func(at time.Time) {
		q := s.requests[d.name]
		if q == nil || q.status != "Active" || d.exists && !d.drop.Equal(drop) && d.wonAt.IsZero() {
			return
		}
		if !tries {
			q.status = "Missed"
			return
		}
		res := r.create(s.acc, createRequest{name: d.name, years: 1}, at)
		r.note(Entry{At: at, T: drop, Via: "catcher", Account: s.o.Name, Command: "create", Name: d.name, Code: res.code, Note: res.msg})
		if res.code != 1000 && res.code != 1001 {
			q.status = "Missed"
			return
		}
		if n := len(r.wins); n > 0 && r.wins[n-1].Name == d.name {
			r.wins[n-1].Service = true
		}
		if other := s.o.Requesters[d.name]; other != "" {
			s.openAuction(r, q, other, at)
			return
		}
		s.bill(r, q, s.price, at)
	})
}

// bill charges a win, or waits for the payment.
func (s *service) bill(r *Registry, q *request, price int64, at time.Time) {
	q.price = price
	if s.balance >= price {
		s.balance -= price
		s.owned[q.name] = &holding{autoRenew: "no", locked: true}
		q.status = "Completed"
		r.names[q.name].holder = "Sandbox Customer"
		return
	}
	q.status, q.payBy = "Pending Payment", at.Add(s.o.PayWithin)
	r.at(q.payBy, func(time.Time) {
		if q.status == "Pending Payment" {
			q.status = "Unpaid"
		}
	})
}

func (s *service) register(r *Registry, name, years string, premium bool, now time.Time) map[string]any {
	n, err := strconv.Atoi(years)
	if err != nil {
		n = 1
	}
	ok, _, t := r.availability(name, now)
	if t == nil {
		return s.say("Register", "", -1, "error", "tld not supported")
	}
	if !ok {
		return s.say("Register", "", 1, "not_available", "")
	}
	year, eap, class, _ := r.price(name, t, n, now)
	if (class != "standard" || eap > 0) && !premium {
		return s.say("Register", "", -1, "error", "this domain is a premium domain, please use premium option")
	}
	if s.balance < year+eap {
		return s.say("Register", "", -1, "error", "insufficient funds in your account balance")
	}
	fee := &feeRequest{fees: []int64{year + eap}}
	res := r.create(s.acc, createRequest{name: name, years: n, fee: fee}, now)
	if res.code != 1000 && res.code != 1001 {
		return s.say("Register", "", 1, "not_available", "")
	}
	s.balance -= year + eap
	s.owned[name] = &holding{autoRenew: "no", locked: true}
	out := s.say("Register", "Expiration", 0, "success", "", r.names[name].expires.UnixMilli())
	out["RegisterResponse"].(map[string]any)["DomainName"] = name
	return out
}

func (s *service) care(r *Registry, cmd, name string, p map[string][]string, now time.Time) map[string]any {
	c := camel(cmd)
	h, d := s.owned[name], r.names[name]
	if h == nil || d == nil || !d.exists {
		return s.say(c, "", -1, "error", "could not find domain in your account")
	}
	switch cmd {
	case "set_renew_option":
		h.autoRenew = p["renew_option"][0]
	case "lock_domain":
		h.locked = true
	case "set_ns":
		h.ns = nil
		for i := range 13 {
			if v := p[fmt.Sprintf("ns%d", i)]; len(v) > 0 {
				h.ns = append(h.ns, v[0])
			}
		}
		d.ns = h.ns
	case "domain_info":
		locked := "no"
		if h.locked {
			locked = "yes"
		}
		return s.say(c, "DomainInfo", 0, "success", "", map[string]any{
			"Name": name, "Expiration": strconv.FormatInt(d.shownExpiry(now).UnixMilli(), 10),
			"Registration": strconv.FormatInt(d.created.UnixMilli(), 10), "Locked": locked, "Status": "active", "RenewOption": h.autoRenew,
		})
	}
	return s.say(c, "", 0, "success", "")
}
