package fake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DropCatch speaks v2: a token for id and secret, failures by name inside an
// HTTP 200, field names in both cases, deletes with a body.
type DropCatch struct {
	Service
	PendingDelete map[string]time.Time
	Auctions      map[string]*DropCatchAuction
	token         string
}

// DropCatchAuction is an auction that a catch went into.
type DropCatchAuction struct {
	ID      int
	Ends    time.Time
	HighBid float64
	MaxBid  float64 // the account's own
	Winning bool
}

// NewDropCatch starts a fake DropCatch that has the names in its list.
func NewDropCatch(names ...string) *DropCatch {
	d := &DropCatch{PendingDelete: map[string]time.Time{}, Auctions: map[string]*DropCatchAuction{}, token: "tok-" + Secret}
	for _, n := range names {
		d.PendingDelete[n] = time.Now().Add(72 * time.Hour)
	}
	d.limited(30, 30*time.Second)
	d.start(http.HandlerFunc(d.serve))
	return d
}

// Auction opens an auction of a name that was caught.
func (d *DropCatch) Auction(name string, a DropCatchAuction) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Auctions[name] = &a
}

// key writes a field name in one case or the other.
func (d *DropCatch) key(s string) string {
	if d.odd {
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

func (d *DropCatch) problem(w http.ResponseWriter, status int, title, detail string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": title, "detail": detail})
}

func (d *DropCatch) serve(w http.ResponseWriter, r *http.Request) {
	sc := d.arrive()
	w.Header().Set("Content-Type", "application/json")
	switch sc {
	case ServiceDown:
		d.problem(w, http.StatusServiceUnavailable, "Service Unavailable", "")
		return
	case RateLimited:
		w.Header().Set("Retry-After", "30")
		d.problem(w, http.StatusTooManyRequests, "Too Many Requests", "")
		return
	case RateLimitedBare:
		d.problem(w, http.StatusTooManyRequests, "Too Many Requests", "")
		return
	case AddressNotAllowed:
		d.problem(w, http.StatusForbidden, "Forbidden", "your IP address is not whitelisted")
		return
	}
	if strings.EqualFold(r.URL.Path, "/authorize") {
		var b struct{ ClientID, ClientSecret string }
		_ = json.NewDecoder(r.Body).Decode(&b)
		if sc == BadCredentials || b.ClientSecret != Secret {
			fmt.Fprint(w, `"An error occured trying to process this request"`) //nolint:misspell // the service's own spelling
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"token": d.token, "expiresIn": 1800})
		return
	}
	if sc == BadCredentials || r.Header.Get("Authorization") != "Bearer "+d.token {
		d.problem(w, http.StatusUnauthorized, "Unauthorized", "")
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "PUT /v2/backorders":
		d.put(w, r, sc)
	case "GET /v2/backorders":
		var items []any
		for _, n := range d.Held() {
			if t := r.URL.Query().Get("searchTerm"); t == "" || strings.Contains(n, t) {
				items = append(items, d.item(n))
			}
		}
		page(w, r, items)
	case "DELETE /v2/backorders":
		var names []string
		_ = json.NewDecoder(r.Body).Decode(&names)
		done, failed := []string{}, []any{}
		for _, n := range names {
			switch {
			case sc == CutOffPassed && d.has(n):
				failed = append(failed, d.failed(n, "It is past the cutoff for this domain."))
			case d.drop(n):
				done = append(done, n)
			default:
				failed = append(failed, d.failed(n, "Backorder not found."))
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{d.key("successes"): done, d.key("failures"): failed})
	case "GET /v2/auctions":
		d.listAuctions(w, r)
	case "POST /v2/bids":
		d.bid(w, r)
	default:
		d.problem(w, http.StatusNotFound, "Not Found", "")
	}
}

func (d *DropCatch) item(name string) map[string]any {
	return map[string]any{
		d.key("domain"): name, d.key("amount"): 59.0, d.key("maxBid"): 59.0, d.key("type"): "Standard",
		d.key("dropDate"): d.PendingDelete[name].UTC().Format(time.RFC3339),
	}
}

func (d *DropCatch) failed(name, why string) map[string]any {
	return map[string]any{d.key("domain"): name, d.key("error"): map[string]any{d.key("errorCode"): 411, d.key("description"): why}}
}

func (d *DropCatch) put(w http.ResponseWriter, r *http.Request, sc Scenario) {
	var b []struct {
		Domain string
		Amount float64
		Type   string
	}
	if json.NewDecoder(r.Body).Decode(&b) != nil || len(b) != 1 {
		d.problem(w, http.StatusBadRequest, "Bad Request", "one backorder")
		return
	}
	name := b[0].Domain
	if d.lose(w, sc, name) {
		return
	}
	_, listed := d.PendingDelete[name]
	why := ""
	switch {
	case sc == NotDroppableYet || !listed:
		why = name + " is not in pending delete status."
	case sc == AlreadyBackordered:
		why = name + " is already backordered."
		d.Hold(name)
	case sc == PriceChanged || b[0].Amount < 59:
		why = "The amount is below the minimum of 59.00."
	case sc == InsufficientFunds:
		why = "There is no valid payment method on file."
	case sc == TLDUnsupported:
		why = "The TLD is not supported."
	case sc == Busy:
		why = "The request could not be handled now."
	}
	if why != "" {
		_ = json.NewEncoder(w).Encode(map[string]any{d.key("successes"): []any{}, d.key("failures"): []any{d.failed(name, why)}})
		return
	}
	if !slices.Contains(d.Held(), name) { // an upsert
		d.Hold(name)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{d.key("successes"): []any{d.item(name)}, d.key("failures"): []any{}})
}

// page writes as many items as were asked for, from the cursor on.
func page(w http.ResponseWriter, r *http.Request, items []any) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("size"))
	from, _ := strconv.Atoi(q.Get("next"))
	from = min(max(from, 0), len(items))
	to := min(from+max(size, 1), len(items))
	cursor := map[string]any{}
	if to < len(items) {
		cursor["next"] = strconv.Itoa(to)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": append([]any{}, items[from:to]...), "totalRecords": len(items), "cursor": cursor})
}

// listAuctions lists those of everybody, which is what showAllActive says.
func (d *DropCatch) listAuctions(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := r.URL.Query()
	var items []any
	for _, n := range slices.Sorted(maps.Keys(d.Auctions)) {
		a := d.Auctions[n]
		if strings.Contains(n, q.Get("searchTerm")) && (q.Get("showAllActive") == "true" || a.MaxBid > 0) {
			items = append(items, map[string]any{
				d.key("auctionId"): a.ID, d.key("name"): n, d.key("endTime"): a.Ends.UTC().Format(time.RFC3339), d.key("winning"): a.Winning,
				d.key("highBid"): a.HighBid, d.key("maxBid"): a.MaxBid, d.key("minimumNextBid"): a.HighBid + 5, d.key("type"): "Dropped",
			})
		}
	}
	page(w, r, items)
}

func (d *DropCatch) bid(w http.ResponseWriter, r *http.Request) {
	var b []struct {
		AuctionID int `json:"AuctionId"`
		Amount    float64
	}
	if json.NewDecoder(r.Body).Decode(&b) != nil || len(b) != 1 {
		d.problem(w, http.StatusBadRequest, "Bad Request", "one bid")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paid++
	for n, a := range d.Auctions {
		if a.ID != b[0].AuctionID {
			continue
		}
		if b[0].Amount < a.HighBid+5 {
			_ = json.NewEncoder(w).Encode(map[string]any{"failures": []any{d.failed(n, "The bid amount is below the minimum next bid.")}})
			return
		}
		a.MaxBid, a.HighBid, a.Winning = b[0].Amount, a.HighBid+5, true
		_ = json.NewEncoder(w).Encode(map[string]any{"successes": []any{map[string]any{"auctionId": a.ID}}, "failures": []any{}})
		return
	}
	d.problem(w, http.StatusNotFound, "Not Found", "no such auction")
}
