package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Dynadot speaks api3.json: one request in flight a key, backorders only for
// names in its pending-delete list, deletions only until 24 hours before the
// drop, codes as numbers or strings, headers at both levels.
type Dynadot struct {
	Service
	PendingDelete map[string]time.Time // a name, and when it drops
	Price         string
	// Auctions of names that several ordered, after the catch.
	Auctions map[string]*DynadotAuction
	busy     chan struct{}
}

// DynadotAuction is one auction: others bid up to Other by themselves.
type DynadotAuction struct {
	Ends         time.Time
	High, Other  int // whole dollars
	Leads, Ended bool
}

// NewDynadot starts a fake Dynadot that has the names in its list.
func NewDynadot(names ...string) *Dynadot {
	d := &Dynadot{PendingDelete: map[string]time.Time{}, Price: "10.99", Auctions: map[string]*DynadotAuction{}, busy: make(chan struct{}, 1)}
	for _, n := range names {
		d.PendingDelete[n] = time.Now().Add(72 * time.Hour)
	}
	d.limited(1, time.Second)
	d.limited(60, time.Minute)
	d.start(http.HandlerFunc(d.serve))
	return d
}

// List puts a name into the pending-delete list; it drops then.
func (d *Dynadot) List(name string, drops time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.PendingDelete[name] = drops
}

// drops is when a listed name drops.
func (d *Dynadot) drops(name string) (time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.PendingDelete[name]
	return t, ok
}

// reply writes an api3 answer, its header at the level or one below.
func (d *Dynadot) reply(w http.ResponseWriter, command, code, status, why string, content map[string]any) {
	header := map[string]any{"Status": status}
	if d.odd {
		header["SuccessCode"] = code
	} else {
		header["ResponseCode"] = json.Number(code)
	}
	if why != "" {
		header["Error"] = why
	}
	body := map[string]any{}
	if d.odd {
		body[command+"Header"] = header
	} else {
		body = header
	}
	for k, v := range content {
		body[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{command + "Response": body})
}

func (d *Dynadot) serve(w http.ResponseWriter, r *http.Request) {
	sc := d.arrive()
	if strings.HasPrefix(r.URL.Path, "/restful/v1/") {
		d.rest(w, r, sc)
		return
	}
	q := r.URL.Query()
	command := q.Get("command")
	if r.URL.Path != "/api3.json" || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	select {
	case d.busy <- struct{}{}:
		defer func() { <-d.busy }()
	case <-time.After(200 * time.Millisecond): // a call that just hung up is still on its way out
		d.reply(w, "System", "5", "system_busy", "", nil)
		return
	}
	switch {
	case sc == ServiceDown:
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		return
	case sc == BadCredentials || q.Get("key") != Secret:
		d.reply(w, "Response", "-1", "error", "invalid key", nil)
		return
	case sc == AddressNotAllowed:
		d.reply(w, "Response", "-1", "error", "your ip address is not in the whitelist of this key", nil)
		return
	case sc == RateLimited:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"code":429,"message":"Too Many Requests"}`)
		return
	case sc == RateLimitedBare:
		// The document's table says 249 where its example says 429.
		fmt.Fprint(w, `{"code":249,"message":"Too Many Requests","error":{"description":"slow down"}}`)
		return
	case sc == Busy:
		d.reply(w, "System", "5", "system_busy", "", nil)
		return
	}
	switch command {
	case "add_backorder_request":
		name := q.Get("domain")
		if !d.lose(w, sc, name) {
			d.end(w, "AddBackorderRequest", name, d.backorder(sc, name), nil)
		}
	case "register":
		name := q.Get("domain")
		if !d.lose(w, sc, name) {
			d.end(w, "Register", name, d.register(sc, name, q.Get("premium") == "1"), map[string]any{"RegisterContent": map[string]any{"Expiration": "1738627199000"}})
		}
	case "delete_backorder_request":
		if why := d.cancel(sc, q.Get("domain")); why != "" {
			d.reply(w, "DeleteBackorderRequest", "-1", "error", why, nil)
		} else {
			d.reply(w, "DeleteBackorderRequest", "0", "success", "", nil)
		}
	case "backorder_request_list":
		d.list(w)
	case "domain_info":
		if !d.has(q.Get("domain")) {
			d.reply(w, "DomainInfo", "-1", "error", "could not find domain in your account", nil)
			return
		}
		d.reply(w, "DomainInfo", "0", "success", "", map[string]any{"DomainInfo": map[string]any{"Name": q.Get("domain"), "Expiration": "1738627199000"}})
	case "search":
		d.search(w, sc, q.Get("domain0"))
	case "tld_price":
		d.reply(w, "TldPrice", "0", "success", "", map[string]any{"TldPrice": []any{
			map[string]any{"Tld": "net", "Price": map[string]any{"Register": "12.50", "Renew": "12.50"}},
			map[string]any{"Tld": "com", "Price": map[string]any{"Register": d.Price, "Renew": "14.99"}},
		}})
	case "get_backorder_auction_details", "place_backorder_auction_bid":
		d.auction(w, sc, command, q.Get("domain"), q.Get("bid_amount"))
	case "get_account_balance":
		d.reply(w, "GetAccountBalance", "0", "success", "", map[string]any{"BalanceList": []any{map[string]any{"Currency": "USD", "Amount": "41.20"}}})
	case "set_renew_option", "lock_domain", "set_ns", "set_privacy":
		d.care(command)
		d.reply(w, "Set", "0", "success", "", nil)
	default:
		d.reply(w, "Response", "-1", "error", "unknown command", nil)
	}
}

// end takes a paid call, unless there is a reason not to.
func (d *Dynadot) end(w http.ResponseWriter, command, name, why string, content map[string]any) {
	switch why {
	case "":
		d.Hold(name)
		d.reply(w, command, "0", "success", "", content)
	case notAvailable:
		d.reply(w, command, "1", why, "", nil)
	default:
		d.reply(w, command, "-1", "error", why, nil)
	}
}

const notAvailable = "not_available"

// backorder says why a backorder is not taken.
func (d *Dynadot) backorder(sc Scenario, name string) (why string) {
	_, listed := d.drops(name)
	again := d.has(name)
	switch {
	case sc == NotDroppableYet || !listed:
		return "could not find backorder fot this domain"
	case again || sc == AlreadyBackordered:
		if !again {
			d.Hold(name)
		}
		return name + " is already on your backorder request list"
	case sc == InsufficientFunds:
		return "insufficient account balance"
	case sc == TLDUnsupported:
		return "this tld is not supported"
	}
	return ""
}

// register says why a name is not registered.
func (d *Dynadot) register(sc Scenario, name string, premium bool) (why string) {
	switch {
	case sc == Taken || d.has(name):
		return notAvailable
	case sc == PremiumFlip && !premium:
		return "this domain is a premium domain, please use premium option"
	case sc == InsufficientFunds:
		return "insufficient funds"
	case sc == InvalidContact:
		return "invalid registrant contact"
	case sc == TLDUnsupported:
		return "this tld is not supported"
	}
	return ""
}

// cancel takes a request off, or says why not.
func (d *Dynadot) cancel(sc Scenario, name string) (why string) {
	late := sc == CutOffPassed || d.clock().After(d.PendingDelete[name].Add(-24*time.Hour))
	switch {
	case late && d.has(name):
		return "cannot be deleted within 24 hours of the drop"
	case !d.drop(name):
		return "request not found"
	}
	return ""
}

func (d *Dynadot) list(w http.ResponseWriter) {
	var items []any
	for _, n := range d.Held() {
		drops, _ := d.drops(n)
		cut := drops.Add(-24 * time.Hour).UnixMilli()
		item := map[string]any{"Domain": strings.ToUpper(n[:1]) + n[1:], "BackorderRequestStatus": "active", "CutoffTime": cut}
		if a := d.Auctions[n]; a != nil {
			item["BackorderRequestStatus"] = "in auction"
		}
		if d.odd {
			item["CutoffTime"] = fmt.Sprint(cut)
		}
		items = append(items, item)
	}
	d.reply(w, "BackorderRequestList", "0", "success", "", map[string]any{"BackorderRequestList": items})
}

func (d *Dynadot) search(w http.ResponseWriter, sc Scenario, name string) {
	item := map[string]any{"DomainName": name, "Available": "yes", "Price": d.Price + " in USD"}
	if sc == Taken || d.has(name) {
		item["Available"] = "no"
		delete(item, "Price")
	}
	if sc == PremiumFlip {
		item["Premium"], item["Price"] = "yes", "1190.00 in USD"
	}
	d.reply(w, "Search", "0", "success", "", map[string]any{"SearchResults": []any{item}})
}

// bid takes a bid, or says why not.
func (a *DynadotAuction) bid(text string) (why string) {
	var n int
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < a.High+1 {
		return "your bid is below the minimum bid"
	}
	if a.Ended {
		return "auction has ended"
	}
	if a.Leads = n > a.Other; a.Leads {
		a.High = max(a.High, a.Other+1)
	} else {
		a.High = n + 1
	}
	return ""
}

// auction answers without a code, as the auction commands do.
func (d *Dynadot) auction(w http.ResponseWriter, sc Scenario, command, name, bid string) {
	w.Header().Set("Content-Type", "application/json")
	refuse := func(why string) {
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "error", "error_message": why})
	}
	a := d.Auctions[name]
	if a == nil {
		refuse("could not find auction")
		return
	}
	if command == "place_backorder_auction_bid" {
		if d.lose(w, sc, name) {
			return
		}
		if why := a.bid(bid); why != "" {
			refuse(why)
			return
		}
	}
	high := any(a.Leads)
	if d.odd {
		high = map[bool]string{true: "yes", false: "no"}[a.Leads]
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "auction_details": []any{map[string]any{"auction_json": map[string]any{
		"auction_id": 7, "domain": name, "currency": "USD", "current_bid_price": fmt.Sprintf("%d.00", a.High), "is_high_bidder": high,
		"end_time_stamp": a.Ends.UnixMilli(), "auction_ended": a.Ended,
	}}}})
}
