package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// restReply writes the envelope of the REST interface; the HTTP status mirrors
// the code, which comes as a number or as text.
func (d *Dynadot) restReply(w http.ResponseWriter, status int, message, why string, data any) {
	body := map[string]any{"code": status, "message": message}
	if d.odd {
		body["code"] = fmt.Sprint(status)
	}
	if why != "" {
		body["error"] = map[string]any{"description": why}
	}
	if data != nil {
		body["data"] = data
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// signed verifies a request's signature over what arrived.
func signed(r *http.Request, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(Secret))
	fmt.Fprintf(mac, "%s\n%s\n%s\n%s", Secret, r.URL.RequestURI(), r.Header.Get("X-Request-ID"), body)
	got, err := hex.DecodeString(r.Header.Get("X-Signature"))
	return err == nil && hmac.Equal(got, mac.Sum(nil))
}

// rest is the REST interface on the same books.
func (d *Dynadot) rest(w http.ResponseWriter, r *http.Request, sc Scenario) {
	select {
	case d.busy <- struct{}{}:
		defer func() { <-d.busy }()
	case <-time.After(200 * time.Millisecond):
		d.restReply(w, http.StatusTooManyRequests, "Too Many Requests", "", nil)
		return
	}
	switch sc {
	case ServiceDown:
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		return
	case AddressNotAllowed:
		d.restReply(w, http.StatusForbidden, "Forbidden", "your ip address is not in the whitelist of this key", nil)
		return
	case RateLimited:
		w.Header().Set("Retry-After", "7")
		d.restReply(w, http.StatusTooManyRequests, "Too Many Requests", "", nil)
		return
	case RateLimitedBare:
		d.restReply(w, 249, "Too many requests", "", nil)
		return
	case Busy:
		d.restReply(w, http.StatusBadRequest, "Bad Request", "system_busy", nil)
		return
	}
	body, _ := io.ReadAll(r.Body)
	open := r.Method == http.MethodGet && (strings.HasSuffix(r.URL.Path, "/search") || strings.HasSuffix(r.URL.Path, "/get_tld_price") || strings.Contains(r.URL.Path, "/aftermarket/")) ||
		strings.Contains(r.URL.Path, "/auctions/bids/")
	if sc == BadCredentials || r.Header.Get("Authorization") != "Bearer "+Secret || !open && !signed(r, body) {
		d.restReply(w, http.StatusUnauthorized, "Unauthorized", "invalid key or signature", nil)
		return
	}
	if (r.Method == http.MethodPost || r.Method == http.MethodPut) && (r.Header.Get("Content-Type") != "application/json" || !json.Valid(body)) {
		d.restReply(w, http.StatusBadRequest, "Bad Request", "the body is no JSON", nil)
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/restful/v1/"), "/")
	name := parts[len(parts)-1]
	switch what := r.Method + " " + strings.Join(parts[:len(parts)-1], "/"); {
	case what == "POST aftermarket/backorders/requests":
		if !d.lose(w, sc, name) {
			d.restEnd(w, name, d.backorder(sc, name), nil)
		}
	case what == "DELETE aftermarket/backorders/requests":
		if why := d.cancel(sc, name); why != "" {
			d.restReply(w, http.StatusBadRequest, "Bad Request", why, nil)
		} else {
			d.restReply(w, http.StatusOK, "Success", "", nil)
		}
	case what == "GET aftermarket/backorders" && name == "requests":
		d.restList(w, r)
	case what == "GET aftermarket/auctions":
		d.restAuction(w, name)
	case what == "POST aftermarket/auctions/bids":
		var b struct {
			Amount    json.Number `json:"bid_amount"`
			Currency  string      `json:"currency"`
			Backorder bool        `json:"is_backorder_auction"`
		}
		_ = json.Unmarshal(body, &b)
		switch a := d.Auctions[name]; {
		case a == nil || !b.Backorder || b.Currency == "":
			d.restReply(w, http.StatusNotFound, "Not Found", "could not find auction", nil)
		case d.lose(w, sc, name):
		default:
			if why := a.bid(b.Amount.String()); why != "" {
				d.restReply(w, http.StatusBadRequest, "Bad Request", why, nil)
				return
			}
			d.restAuction(w, name)
		}
	case what == "GET accounts" && name == "info":
		d.restReply(w, http.StatusOK, "Success", "", map[string]any{"account_info": map[string]any{
			"username": "me", "total_spending": "99.00", "account_balance": "41.20",
			"balance_list": []any{map[string]any{"currency": "EUR", "amount": "7.00"}, map[string]any{"currency": "USD", "amount": "41.20"}},
		}})
	case what == "GET tld" && name == "get_tld_price":
		d.restReply(w, http.StatusOK, "Success", "", map[string]any{"tldPriceList": []any{
			map[string]any{"tld": ".net", "price": map[string]any{"register": "12.50", "renew": "12.50"}},
			map[string]any{"tld": ".com", "price": map[string]any{"register": d.Price, "renew": "14.99"}},
		}})
	case what == "GET domains":
		if !d.has(name) {
			d.restReply(w, http.StatusNotFound, "Not Found", "could not find domain in your account", nil)
			return
		}
		d.restReply(w, http.StatusOK, "Success", "", map[string]any{"domainInfo": []any{map[string]any{"domainName": name, "expiration": 1738627199000}}})
	case len(parts) == 3 && parts[0] == "domains":
		d.restDomain(w, r, sc, parts[1], parts[2], body)
	default:
		d.restReply(w, http.StatusNotFound, "Not Found", "", nil)
	}
}

// restEnd takes a paid call, unless there is a reason not to.
func (d *Dynadot) restEnd(w http.ResponseWriter, name, why string, data any) {
	if why != "" {
		d.restReply(w, http.StatusBadRequest, "Bad Request", why, nil)
		return
	}
	d.Hold(name)
	d.restReply(w, http.StatusOK, "Success", "", data)
}

func (d *Dynadot) restDomain(w http.ResponseWriter, r *http.Request, sc Scenario, name, what string, body []byte) {
	switch r.Method + " " + what {
	case "GET search":
		price, premium := d.Price, "no"
		if sc == PremiumFlip {
			price, premium = "1190.00", "yes"
		}
		if sc == Taken || d.has(name) {
			d.restReply(w, http.StatusOK, "Success", "", map[string]any{"domain_name": name, "available": "no", "premium": "no"})
			return
		}
		d.restReply(w, http.StatusOK, "Success", "", map[string]any{"domain_name": name, "available": "yes", "premium": premium, "price_list": []any{
			map[string]any{"currency": "USD", "unit": "year", "registration": price, "renewal": "14.99", "transfer": "11.99", "restore": "89.99"},
		}})
	case "POST register":
		var b struct {
			Domain struct {
				Duration int `json:"duration"`
			} `json:"domain"`
			Premium bool `json:"register_premium"`
		}
		if json.Unmarshal(body, &b) != nil || b.Domain.Duration < 1 {
			d.restReply(w, http.StatusBadRequest, "Bad Request", "domain.duration is missing", nil)
			return
		}
		if !d.lose(w, sc, name) {
			d.restEnd(w, name, d.register(sc, name, b.Premium), map[string]any{"domain_name": name, "expiration_date": 1738627199000})
		}
	case "PUT renew_option", "PUT domain_lock", "PUT nameservers", "PUT privacy":
		d.restReply(w, http.StatusOK, "Success", "", nil)
	default:
		d.restReply(w, http.StatusNotFound, "Not Found", "", nil)
	}
}

func (d *Dynadot) restList(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("start_time") == "" || r.URL.Query().Get("end_time") == "" {
		d.restReply(w, http.StatusBadRequest, "Bad Request", "start_time and end_time are wanted", nil)
		return
	}
	items := []any{}
	for _, n := range d.Held() {
		drops, _ := d.drops(n)
		item := map[string]any{"domain_name": n, "backorder_request_status": "active", "cut_off_time": drops.Add(-24 * time.Hour).UnixMilli()}
		if d.Auctions[n] != nil {
			item["backorder_request_status"] = "in auction"
		}
		if d.odd {
			item["cut_off_time"] = fmt.Sprint(item["cut_off_time"])
		}
		items = append(items, item)
	}
	d.restReply(w, http.StatusOK, "Success", "", map[string]any{"backorder_request_list": items})
}

func (d *Dynadot) restAuction(w http.ResponseWriter, name string) {
	a := d.Auctions[name]
	if a == nil {
		d.restReply(w, http.StatusNotFound, "Not Found", "could not find auction", nil)
		return
	}
	high := any(fmt.Sprint(a.Leads))
	if d.odd {
		high = map[bool]string{true: "yes", false: "no"}[a.Leads]
	}
	d.restReply(w, http.StatusOK, "Success", "", map[string]any{"auction_item_details": map[string]any{
		"auction_id": 7, "domain_name": name, "currency": "USD", "current_bid_price": fmt.Sprintf("%d.00", a.High), "is_high_bidder": high,
		"end_time_stamp": a.Ends.UnixMilli(), "auction_ended": fmt.Sprint(a.Ended),
	}})
}
