package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Gandi speaks /v5: the expected price has to match, premium names need
// enforce_premium, an accepted order is a 202.
type Gandi struct{ Service }

// NewGandi starts a fake Gandi.
func NewGandi() *Gandi {
	g := &Gandi{}
	g.start(http.HandlerFunc(g.serve))
	return g
}

func (g *Gandi) fail(w http.ResponseWriter, status int, message, cause string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": status, "message": message, "object": "HTTPError", "cause": cause})
}

func (g *Gandi) serve(w http.ResponseWriter, r *http.Request) {
	sc := g.arrive()
	switch {
	case sc == ServiceDown:
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	case sc == BadCredentials || r.Header.Get("Authorization") != "Bearer "+Secret:
		g.fail(w, http.StatusUnauthorized, "The server could not verify that you authorized to access the document you requested.", "Unauthorized")
		return
	case sc == AddressNotAllowed:
		g.fail(w, http.StatusForbidden, "Access denied: your IP address is not allowed", "Forbidden")
		return
	case sc == RateLimited:
		w.Header().Set("Retry-After", "12")
		g.fail(w, http.StatusTooManyRequests, "Too many requests", "Rate limit")
		return
	case sc == RateLimitedBare:
		g.fail(w, http.StatusTooManyRequests, "Too many requests", "Rate limit")
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/v5/domain/")
	switch {
	case path == "check":
		price, kind := 12.34, ""
		if sc == PremiumFlip {
			price, kind = 1190, `"type":"premium",`
		}
		if name := r.URL.Query().Get("name"); sc == Taken || g.has(name) {
			fmt.Fprint(w, `{"currency":"USD","grid":"A","taxes":[]}`) // without products
			return
		}
		fmt.Fprintf(w, `{"currency":"USD","grid":"A","products":[{"name":%q,"process":"create","status":"available","prices":[{%s"min_duration":1,"max_duration":10,"duration_unit":"y","price_before_taxes":%v,"price_after_taxes":%v}]}]}`,
			r.URL.Query().Get("name"), kind, price, price)
	case path == "domains" && r.Method == http.MethodPost:
		g.create(w, r, sc)
	case strings.HasPrefix(path, "domains/") && r.Method == http.MethodGet:
		if name := strings.TrimPrefix(path, "domains/"); g.has(name) {
			fmt.Fprintf(w, `{"fqdn":%q,"status":["clientTransferProhibited"]}`, name)
			return
		}
		g.fail(w, http.StatusNotFound, "The resource could not be found.", "Not Found")
	default:
		fmt.Fprint(w, `{"message":"ok"}`)
	}
}

func (g *Gandi) create(w http.ResponseWriter, r *http.Request, sc Scenario) {
	var b struct {
		FQDN    string      `json:"fqdn"`
		Price   json.Number `json:"price"`
		Premium bool        `json:"enforce_premium"`
	}
	if json.NewDecoder(r.Body).Decode(&b) != nil || b.FQDN == "" {
		g.fail(w, http.StatusBadRequest, "bad body", "Bad Request")
		return
	}
	dry := r.Header.Get("Dry-Run") == "1"
	if !dry && g.lose(w, sc, b.FQDN) {
		return
	}
	price, _ := b.Price.Float64()
	switch {
	case sc == Taken || g.has(b.FQDN):
		g.fail(w, http.StatusConflict, "Domain is not available", "Conflict")
	case sc == PremiumFlip && !b.Premium:
		g.fail(w, http.StatusBadRequest, "This is a premium domain, set enforce_premium", "Bad Request")
	case sc == PriceChanged || price != 12.34:
		g.fail(w, http.StatusBadRequest, "The given price does not match", "Bad Request")
	case sc == InsufficientFunds:
		g.fail(w, http.StatusPaymentRequired, "Insufficient prepaid funds", "Payment Required")
	case sc == InvalidContact:
		g.fail(w, http.StatusBadRequest, "owner: phone is invalid", "Bad Request")
	case sc == TLDUnsupported:
		g.fail(w, http.StatusBadRequest, "Unknown TLD", "Bad Request")
	case sc == Busy:
		g.fail(w, http.StatusConflict, "Another operation is in progress for this domain", "Conflict")
	case dry:
		fmt.Fprint(w, `{"status":"success","message":"would be created"}`)
	default:
		if sc != ForeverPending {
			g.Hold(b.FQDN)
		} else {
			g.Hold("pending " + b.FQDN)
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"message":"Domain creation in progress","id":"op-1"}`)
	}
}
