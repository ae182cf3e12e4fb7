package fake

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Hexonet speaks call.cgi: KEY = VALUE lines in, CODE and PROPERTY lines out.
type Hexonet struct{ Service }

// NewHexonet starts a fake HEXONET.
func NewHexonet() *Hexonet {
	h := &Hexonet{}
	h.start(http.HandlerFunc(h.serve))
	return h
}

func (h *Hexonet) reply(w http.ResponseWriter, code int, words string, props ...string) {
	fmt.Fprintf(w, "[RESPONSE]\r\nCODE = %d\r\nDESCRIPTION = %s\r\n", code, words)
	for i := 0; i+1 < len(props); i += 2 {
		key, index, _ := strings.Cut(props[i], "#")
		if index == "" {
			index = "0"
		}
		fmt.Fprintf(w, "PROPERTY[%s][%s] = %s\r\n", key, index, props[i+1])
	}
	fmt.Fprint(w, "EOF\r\n")
}

func (h *Hexonet) serve(w http.ResponseWriter, r *http.Request) {
	sc := h.arrive()
	if r.ParseForm() != nil || r.URL.Path != "/api/call.cgi" {
		http.NotFound(w, r)
		return
	}
	f := map[string]string{}
	for _, line := range strings.Split(r.PostForm.Get("s_command"), "\n") {
		if k, v, ok := strings.Cut(line, "="); ok {
			f[strings.ToUpper(strings.TrimSpace(k))] = strings.TrimSpace(v)
		}
	}
	switch {
	case sc == ServiceDown:
		http.Error(w, "down", http.StatusBadGateway)
		return
	case sc == BadCredentials || r.PostForm.Get("s_pw") != Secret || r.PostForm.Get("s_entity") == "":
		h.reply(w, 530, "Authentication failed")
		return
	case sc == AddressNotAllowed:
		h.reply(w, 535, "Authorization failed; IP address not in ACL")
		return
	case sc == RateLimited:
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case sc == RateLimitedBare:
		h.reply(w, 425, "Service temporarily locked; usage exceeded")
		return
	}
	name := f["DOMAIN"]
	switch f["COMMAND"] {
	case "AddDomainApplication", "AddDomain":
		h.create(w, sc, name, f["COMMAND"] == "AddDomain", f["CLASS"])
	case "QueryDomainApplicationList":
		held := h.Held()
		first, _ := strconv.Atoi(f["FIRST"])
		limit, _ := strconv.Atoi(f["LIMIT"])
		first = min(max(first, 0), len(held))
		props := []string{"TOTAL", strconv.Itoa(len(held))}
		for i, n := range held[first:min(first+max(limit, 1), len(held))] {
			props = append(props, fmt.Sprintf("APPLICATION#%d", i), "app-"+n, fmt.Sprintf("DOMAIN#%d", i), n, fmt.Sprintf("STATUS#%d", i), "REQUESTED")
		}
		h.reply(w, 200, "Command completed successfully", props...)
	case "StatusDomainApplication":
		if n := strings.TrimPrefix(f["APPLICATION"], "app-"); h.has(n) {
			status := "REQUESTED"
			if sc == ForeverPending {
				status = "PROCESSING"
			}
			h.reply(w, 200, "Command completed successfully", "STATUS", status, "FINALIZATIONDATE", time.Now().UTC().Add(48*time.Hour).Format("2006-01-02 15:04:05"))
			return
		}
		h.reply(w, 545, "Object does not exist")
	case "DeleteDomainApplication":
		n := strings.TrimPrefix(f["APPLICATION"], "app-")
		switch {
		case sc == CutOffPassed:
			h.reply(w, 552, "Object status prohibits operation; the finalization date has passed")
		case h.drop(n):
			h.reply(w, 200, "Command completed successfully")
		default:
			h.reply(w, 545, "Object does not exist")
		}
	case "StatusDomain":
		if !h.has(name) {
			h.reply(w, 545, "Object does not exist")
			return
		}
		h.reply(w, 200, "Command completed successfully", "DOMAIN", name, "STATUS", "ACTIVE")
	case "CheckDomains":
		check, class, price := "210 Available", "", "9.80"
		if sc == PremiumFlip {
			check, class, price = "211 Premium Domain name available [PREMIUM]", "PREMIUM_EXAMPLE_A", "1190.00"
		}
		if sc == PriceChanged {
			price = "119.00"
		}
		h.reply(w, 200, "Command completed successfully", "DOMAINCHECK", check, "CLASS", class, "PRICE", price, "CURRENCY", "USD")
	case "StatusAccount":
		h.reply(w, 200, "Command completed successfully", "AMOUNT", "41.20", "CURRENCY", "USD")
	default:
		h.reply(w, 200, "Command completed successfully")
	}
}

func (h *Hexonet) create(w http.ResponseWriter, sc Scenario, name string, register bool, class string) {
	if h.lose(w, sc, name) {
		return
	}
	switch {
	case sc == Taken || (register && h.has(name)):
		h.reply(w, 554, "Domain already registered")
	case sc == PremiumFlip && class == "":
		h.reply(w, 541, "Invalid attribute value; premium class required")
	case sc == InsufficientFunds:
		h.reply(w, 546, "Credit limit exceeded")
	case sc == InvalidContact:
		h.reply(w, 504, "Missing required attribute; OWNERCONTACT0")
	case sc == TLDUnsupported:
		h.reply(w, 541, "Invalid attribute value; zone not supported")
	case sc == NotDroppableYet:
		h.reply(w, 549, "Command failed; no backorder possible, the domain is not deleted yet")
	case sc == AlreadyBackordered:
		h.Hold(name)
		h.reply(w, 549, "Command failed; an application already exists")
	case sc == Busy:
		h.reply(w, 421, "Command failed due to server error. Client should try again")
	default:
		h.Hold(name)
		status := "REQUESTED"
		if sc == ForeverPending {
			status = "PROCESSING"
		}
		h.reply(w, 200, "Command completed successfully", "APPLICATION", "app-"+name, "CLASS", "COM_BACKORDER", "STATUS", status)
	}
}
