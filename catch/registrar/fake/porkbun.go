package fake

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Porkbun speaks /api/json/v3: the cost has to match to the cent, an
// idempotency key replays the first answer.
type Porkbun struct {
	Service
	replays map[string]bool
}

// NewPorkbun starts a fake Porkbun.
func NewPorkbun() *Porkbun {
	p := &Porkbun{replays: map[string]bool{}}
	p.start(http.HandlerFunc(p.serve))
	return p
}

func (p *Porkbun) fail(w http.ResponseWriter, status int, code, message string, more map[string]any) {
	body := map[string]any{"status": "ERROR", "code": code, "message": message, "requestId": "r1"}
	for k, v := range more {
		body[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (p *Porkbun) ok(w http.ResponseWriter, more map[string]any) {
	body := map[string]any{"status": "SUCCESS", "requestId": "r1"}
	for k, v := range more {
		body[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func (p *Porkbun) serve(w http.ResponseWriter, r *http.Request) {
	sc := p.arrive()
	switch {
	case sc == ServiceDown:
		http.Error(w, "down", http.StatusBadGateway)
		return
	case sc == BadCredentials || r.Header.Get("X-API-Key") != Secret || r.Header.Get("X-Secret-API-Key") != Secret:
		p.fail(w, http.StatusBadRequest, "INVALID_API_KEYS", "Invalid API key. (002)", nil)
		return
	case sc == AddressNotAllowed:
		p.fail(w, http.StatusForbidden, "FORBIDDEN", "This IP address may not use the key", nil)
		return
	case sc == RateLimited:
		w.Header().Set("Retry-After", "10")
		p.fail(w, http.StatusTooManyRequests, "RATE_LIMIT_EXCEEDED", "1 out of 1 checks within 10 seconds used", nil)
		return
	case sc == RateLimitedBare:
		p.fail(w, http.StatusBadRequest, "RATE_LIMIT_EXCEEDED", "slow down", nil)
		return
	}
	if r.URL.Path == "/api/json/v3/pricing/get" {
		p.ok(w, map[string]any{"pricing": map[string]any{"com": map[string]any{"registration": "11.08", "renewal": "11.08", "transfer": "11.08"}}})
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/json/v3/domain/")
	verb, name, _ := strings.Cut(path, "/")
	switch verb {
	case "checkDomain":
		resp := map[string]any{"avail": "yes", "premium": "no", "price": "11.08", "minDuration": 1, "additional": map[string]any{"renewal": map[string]any{"price": "11.08"}}}
		if sc == PremiumFlip {
			resp["premium"], resp["price"] = "yes", "1,190.00"
		}
		if sc == Taken || p.has(name) {
			resp = map[string]any{"avail": "no", "premium": "no"}
		}
		p.ok(w, map[string]any{"response": resp})
	case "create":
		p.create(w, r, sc, name)
	case "get":
		if !p.has(name) {
			p.fail(w, http.StatusBadRequest, "INVALID_DOMAIN", "Domain is not in your account.", nil)
			return
		}
		p.ok(w, map[string]any{"domain": map[string]any{"domain": name, "status": "ACTIVE", "autoRenew": 1}})
	default:
		p.ok(w, nil)
	}
}

func (p *Porkbun) create(w http.ResponseWriter, r *http.Request, sc Scenario, name string) {
	var b struct {
		Cost  int64  `json:"cost"`
		Agree string `json:"agreeToTerms"`
		Dry   bool   `json:"dryRun"`
	}
	if json.NewDecoder(r.Body).Decode(&b) != nil || b.Agree != "yes" {
		p.fail(w, http.StatusBadRequest, "INVALID_REQUEST", "agreeToTerms", nil)
		return
	}
	if b.Dry {
		p.ok(w, map[string]any{"dryRun": true, "wouldSucceed": true, "cost": 1108, "balance": 2000, "sufficientFunds": true})
		return
	}
	if p.lose(w, sc, name) {
		return
	}
	switch {
	case sc == PremiumFlip:
		p.fail(w, http.StatusBadRequest, "PREMIUM_NOT_SUPPORTED", "Premium domains are not sold through the API", nil)
	case sc == Taken || p.has(name):
		p.fail(w, http.StatusBadRequest, "DOMAIN_NOT_AVAILABLE", "The domain is not available", nil)
	case sc == PriceChanged || b.Cost != 1108:
		p.fail(w, http.StatusBadRequest, "COST_MISMATCH", "cost does not match", map[string]any{"cost": 11900})
	case sc == InsufficientFunds:
		p.fail(w, http.StatusBadRequest, "ACCOUNT", "Insufficient account credit", nil)
	case sc == InvalidContact:
		p.fail(w, http.StatusBadRequest, "INVALID", "The default contact is incomplete", nil)
	case sc == TLDUnsupported:
		p.fail(w, http.StatusBadRequest, "TLD_NOT_API_REGISTERABLE", "website only", nil)
	case sc == Busy:
		p.fail(w, http.StatusConflict, "IDEMPOTENCY_KEY_IN_USE", "a request with this key is running", nil)
	default:
		key := r.Header.Get("Idempotency-Key")
		if p.replays[key] {
			w.Header().Set("Idempotent-Replayed", "true")
		} else {
			p.Hold(name)
		}
		p.ok(w, map[string]any{"domain": name, "cost": 1108, "orderId": 123, "balance": 892})
	}
}
