package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// DNSimple speaks /v2/{account}: 201 is done, 202 is pending, premium prices
// are required in the call.
type DNSimple struct{ Service }

// NewDNSimple starts a fake DNSimple.
func NewDNSimple() *DNSimple {
	d := &DNSimple{}
	d.limited(2400, time.Hour)
	d.start(http.HandlerFunc(d.serve))
	return d
}

func (d *DNSimple) fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"message": message})
}

func (d *DNSimple) serve(w http.ResponseWriter, r *http.Request) {
	sc := d.arrive()
	switch {
	case sc == ServiceDown:
		http.Error(w, "down", http.StatusBadGateway)
		return
	case sc == BadCredentials || r.Header.Get("Authorization") != "Bearer "+Secret:
		d.fail(w, http.StatusUnauthorized, "Authentication failed")
		return
	case sc == AddressNotAllowed:
		d.fail(w, http.StatusForbidden, "Requests from this IP address are not allowed")
		return
	case sc == RateLimited:
		w.Header().Set("X-RateLimit-Reset", fmt.Sprint(d.clock().Unix()+60))
		d.fail(w, http.StatusTooManyRequests, "quota exceeded")
		return
	case sc == RateLimitedBare:
		d.fail(w, http.StatusTooManyRequests, "quota exceeded")
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/v2/1010/")
	if !ok {
		d.fail(w, http.StatusNotFound, "Account not found")
		return
	}
	parts := strings.Split(path, "/")
	switch {
	case parts[0] == "domains" && len(parts) == 2:
		if !d.has(parts[1]) {
			d.fail(w, http.StatusNotFound, "Domain `"+parts[1]+"` not found")
			return
		}
		fmt.Fprintf(w, `{"data":{"id":1,"name":%q,"state":"registered"}}`, parts[1])
	case len(parts) < 4:
		fmt.Fprint(w, `{"data":[]}`)
	case parts[3] == "check":
		fmt.Fprintf(w, `{"data":{"domain":%q,"available":%t,"premium":%t}}`, parts[2], sc != Taken && !d.has(parts[2]), sc == PremiumFlip)
	case parts[3] == "prices":
		price := 14.0
		if sc == PremiumFlip {
			price = 1190
		}
		fmt.Fprintf(w, `{"data":{"domain":%q,"premium":%t,"registration_price":%v,"renewal_price":%v}}`, parts[2], sc == PremiumFlip, price, price)
	case parts[3] == "registrations" && r.Method == http.MethodPost:
		d.create(w, r, sc, parts[2])
	case parts[3] == "registrations":
		if !d.has(parts[2]) {
			d.fail(w, http.StatusNotFound, "Registration not found")
			return
		}
		state := "registered"
		if sc == ForeverPending {
			state = "registering"
		}
		fmt.Fprintf(w, `{"data":{"id":1,"state":%q}}`, state)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (d *DNSimple) create(w http.ResponseWriter, r *http.Request, sc Scenario, name string) {
	var b struct {
		Registrant int    `json:"registrant_id"`
		Premium    string `json:"premium_price"`
	}
	if json.NewDecoder(r.Body).Decode(&b) != nil || b.Registrant == 0 {
		d.fail(w, http.StatusBadRequest, "Validation failed: registrant_id")
		return
	}
	if d.lose(w, sc, name) {
		return
	}
	switch {
	case sc == Taken || d.has(name):
		d.fail(w, http.StatusBadRequest, "The domain is not available")
	case sc == PremiumFlip && b.Premium == "":
		d.fail(w, http.StatusBadRequest, "The domain is premium: premium_price is required")
	case sc == InsufficientFunds:
		d.fail(w, http.StatusPaymentRequired, "You have unpaid invoices")
	case sc == InvalidContact:
		d.fail(w, http.StatusBadRequest, "Validation failed: registrant is invalid")
	case sc == TLDUnsupported:
		d.fail(w, http.StatusBadRequest, "TLD .X is not supported")
	case sc == Busy:
		d.fail(w, http.StatusBadRequest, "Another registration of this domain is in progress")
	default:
		d.Hold(name)
		status, state := http.StatusCreated, "registered"
		if sc == ForeverPending {
			status, state = http.StatusAccepted, "registering"
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"data":{"id":1,"domain_id":999,"registrant_id":%d,"period":1,"state":%q}}`, b.Registrant, state)
	}
}
