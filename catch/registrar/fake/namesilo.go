package fake

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Namesilo speaks /api and /apibatch: codes as numbers or strings, the drop
// command on the batch path only.
type Namesilo struct{ Service }

// NewNamesilo starts a fake NameSilo.
func NewNamesilo() *Namesilo {
	n := &Namesilo{}
	n.start(http.HandlerFunc(n.serve))
	return n
}

func (n *Namesilo) reply(w http.ResponseWriter, code, detail string, more map[string]any) {
	body := map[string]any{"code": code, "detail": detail}
	if n.odd {
		body["code"] = json.Number(code)
	}
	for k, v := range more {
		body[k] = v
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"request": map[string]any{"operation": "x", "ip": "192.0.2.1"}, "reply": body})
}

func (n *Namesilo) serve(w http.ResponseWriter, r *http.Request) {
	sc := n.arrive()
	q := r.URL.Query()
	switch {
	case sc == ServiceDown:
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	case sc == BadCredentials || q.Get("key") != Secret:
		n.reply(w, "110", "Invalid API Key", nil)
		return
	case sc == AddressNotAllowed:
		n.reply(w, "113", "This API account cannot be accessed from your IP", nil)
		return
	case sc == RateLimited:
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case sc == RateLimitedBare:
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	name := q.Get("domain")
	switch op := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; op {
	case "checkRegisterAvailability":
		d := map[string]any{"domain": q.Get("domains"), "price": 17.29, "renew": 17.29, "premium": 0}
		if sc == PremiumFlip {
			d["premium"], d["price"] = 1, "1190.00"
		}
		if sc == Taken || n.has(q.Get("domains")) {
			n.reply(w, "300", "success", map[string]any{"unavailable": map[string]any{"domain": q.Get("domains")}})
			return
		}
		if n.odd {
			n.reply(w, "300", "success", map[string]any{"available": []any{d}})
		} else {
			n.reply(w, "300", "success", map[string]any{"available": map[string]any{"domain": d}})
		}
	case "getPrices":
		n.reply(w, "300", "success", map[string]any{"com": map[string]any{"registration": "17.29", "transfer": "15.99", "renew": "17.29"}})
	case "registerDomain", "registerDomainDrop":
		if op == "registerDomainDrop" && !strings.HasPrefix(r.URL.Path, "/apibatch/") {
			n.reply(w, "103", "Invalid API operation", nil)
			return
		}
		n.create(w, sc, name, op == "registerDomainDrop")
	case "getDomainInfo":
		if !n.has(name) {
			n.reply(w, "200", "Domain is not active, or does not belong to this user", nil)
			return
		}
		n.reply(w, "300", "success", map[string]any{"status": "Active", "locked": "Yes", "auto_renew": "Yes"})
	case "getAccountBalance":
		n.reply(w, "300", "success", map[string]any{"balance": "41.20"})
	default:
		n.reply(w, "300", "success", nil)
	}
}

func (n *Namesilo) create(w http.ResponseWriter, sc Scenario, name string, drop bool) {
	if n.lose(w, sc, name) {
		return
	}
	switch {
	case sc == Taken || n.has(name):
		n.reply(w, "261", "Domain processing error: not available", nil)
	case sc == InsufficientFunds:
		n.reply(w, "119", "Insufficient account funds for the requested transaction", nil)
	case sc == InvalidContact:
		n.reply(w, "210", "General error: contact is not valid", nil)
	case sc == TLDUnsupported:
		n.reply(w, "267", "Invalid domain or unsupported TLD", nil)
	case sc == Busy:
		n.reply(w, "400", "Existing API request is still processing", nil)
	case sc == NotDroppableYet && drop:
		n.reply(w, "210", "the drop window is closed", nil)
	default:
		n.Hold(name)
		n.reply(w, "300", "success", map[string]any{"message": "Your domain registration was successfully processed.", "domain": name, "order_amount": 17.29})
	}
}
