package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Namecom speaks /core/v1: Basic auth, the purchase price in the call,
// idempotency keys, numbers as numbers.
type Namecom struct{ Service }

// NewNamecom starts a fake Name.com.
func NewNamecom() *Namecom {
	n := &Namecom{}
	n.limited(20, time.Second)
	n.limited(3000, time.Hour)
	n.start(http.HandlerFunc(n.serve))
	return n
}

func (n *Namecom) fail(w http.ResponseWriter, status int, message, details string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"message": message, "details": details})
}

func (n *Namecom) serve(w http.ResponseWriter, r *http.Request) {
	sc := n.arrive()
	user, token, _ := r.BasicAuth()
	switch {
	case sc == ServiceDown:
		http.Error(w, "down", http.StatusInternalServerError)
		return
	case sc == BadCredentials || user != "me" || token != Secret:
		n.fail(w, http.StatusUnauthorized, "Unauthorized", "")
		return
	case sc == AddressNotAllowed:
		n.fail(w, http.StatusForbidden, "Permission Denied", "your IP address is not whitelisted")
		return
	case sc == RateLimited:
		w.Header().Set("X-Ratelimit-Reset", fmt.Sprint(n.clock().Unix()+30))
		n.fail(w, http.StatusTooManyRequests, "Rate Limit Exceeded", "")
		return
	case sc == RateLimitedBare:
		n.fail(w, http.StatusTooManyRequests, "Rate Limit Exceeded", "")
		return
	case r.Method != http.MethodGet && r.Header.Get("Content-Type") != "application/json":
		n.fail(w, http.StatusUnsupportedMediaType, "Unsupported Media Type", "")
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/core/v1")
	switch {
	case path == "/domains:checkAvailability":
		var b struct {
			Names []string `json:"domainNames"`
		}
		_ = json.NewDecoder(r.Body).Decode(&b)
		var results []any
		for _, name := range b.Names {
			res := map[string]any{"domainName": name, "purchasable": true, "purchasePrice": 12.99, "purchaseType": "registration", "renewalPrice": 14.99}
			if name == "forsale.com" {
				res["purchaseType"], res["purchasePrice"] = "aftermarket_s", 349.95
			}
			if sc == PremiumFlip {
				res["premium"], res["purchasePrice"] = true, 1190.0
			}
			if sc == Taken || n.has(name) {
				res = map[string]any{"domainName": name, "purchasable": false}
			}
			results = append(results, res)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"results": results})
	case strings.HasSuffix(path, ":getPricing"): // several years are not so many times the price of one
		years, _ := strconv.Atoi(r.URL.Query().Get("years"))
		fmt.Fprintf(w, `{"premium":%t,"purchasePrice":%.2f,"renewalPrice":14.99,"transferPrice":12.99}`, sc == PremiumFlip, 12.99+14.99*float64(max(years, 1)-1))
	case path == "/domains" && r.Method == http.MethodPost:
		n.create(w, r, sc)
	case path == "/accountinfo/balance":
		fmt.Fprint(w, `{"balance":41.2}`)
	case r.Method == http.MethodGet:
		name := strings.TrimPrefix(path, "/domains/")
		if !n.has(name) {
			n.fail(w, http.StatusNotFound, "Not Found", "")
			return
		}
		fmt.Fprintf(w, `{"domainName":%q,"expireDate":"2027-11-21T00:00:00Z"}`, name)
	default:
		fmt.Fprint(w, `{}`)
	}
}

func (n *Namecom) create(w http.ResponseWriter, r *http.Request, sc Scenario) {
	var b struct {
		Domain struct {
			Name string `json:"domainName"`
		} `json:"domain"`
		Price float64 `json:"purchasePrice"`
	}
	if json.NewDecoder(r.Body).Decode(&b) != nil || r.Header.Get("X-Idempotency-Key") == "" {
		n.fail(w, http.StatusBadRequest, "bad request", "")
		return
	}
	if n.lose(w, sc, b.Domain.Name) {
		return
	}
	switch {
	case sc == Taken || n.has(b.Domain.Name):
		n.fail(w, http.StatusBadRequest, "Domain is not available", "")
	case sc == PriceChanged || b.Price != 12.99:
		n.fail(w, http.StatusBadRequest, "Purchase price does not match", "")
	case sc == InsufficientFunds:
		n.fail(w, http.StatusPaymentRequired, "Payment failed", "Insufficient Funds")
	case sc == InvalidContact:
		n.fail(w, http.StatusBadRequest, "Invalid contact", "phone")
	case sc == TLDUnsupported:
		n.fail(w, http.StatusUnprocessableEntity, "TLD not supported", "")
	case sc == Busy:
		n.fail(w, http.StatusConflict, "a request with this idempotency key is in progress", "")
	default:
		n.Hold(b.Domain.Name)
		fmt.Fprintf(w, `{"domain":{"domainName":%q},"order":123,"totalPaid":12.99}`, b.Domain.Name)
	}
}
