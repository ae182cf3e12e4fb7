package fake

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hexonet speaks call.cgi: KEY = VALUE lines in, CODE and PROPERTY lines out. An
// attribute that a command does not know is refused, as there.
type Hexonet struct {
	Service
	// Reseller makes it CentralNic Reseller, whose prices and names of
	// properties are others.
	Reseller bool
}

// NewHexonet starts a fake HEXONET.
func NewHexonet() *Hexonet {
	h := &Hexonet{}
	h.start(http.HandlerFunc(h.serve))
	return h
}

// NewReseller starts a fake CentralNic Reseller.
func NewReseller() *Hexonet {
	h := &Hexonet{Reseller: true}
	h.start(http.HandlerFunc(h.serve))
	return h
}

// hexonetKnows are the attributes of each command, as far as they are used; in
// both systems, or else of one alone.
var hexonetKnows = map[string]struct{ both, hexonet, reseller string }{
	"AddDomain": {
		"DOMAIN PERIOD OWNERCONTACT ADMINCONTACT TECHCONTACT BILLINGCONTACT NAMESERVER TRANSFERLOCK AUTH", "RENEWALMODE", "X-FEE-AMOUNT",
	},
	"AddDomainApplication": {
		"CLASS DOMAIN PERIOD OWNERCONTACT ADMINCONTACT TECHCONTACT BILLINGCONTACT NAMESERVER", "PRICE CURRENCY NEW INCOMPLETE X-BACKORDER-LITE", "",
	},
	"CheckDomains":               {"DOMAIN X-IDN-LANGUAGE", "PREMIUMCHANNELS PHASE", "X-FEE-COMMAND X-FEE-DOMAIN X-FEE-PERIOD X-FEE-PERIODTYPE X-FEE-CURRENCY"},
	"DeleteDomainApplication":    {"APPLICATION", "", ""},
	"DomainPrice":                {"DOMAIN TYPE PERIOD PERIODTYPE", "", ""},
	"ModifyDomain":               {"DOMAIN TRANSFERLOCK NAMESERVER", "", ""},
	"QueryDepositList":           {"FIRST LIMIT ACCOUNTINGTYPE USERDEPTH", "", ""},
	"QueryDomainApplicationList": {"DOMAIN CLASS WIDE FIRST LIMIT ORDERBY", "STATUS USERDEPTH", ""},
	"SetDomainRenewalMode":       {"DOMAIN RENEWALMODE", "PERIOD", "TOKEN"},
	"StatusAccount":              {"", "", "REGISTRAR"},
	"StatusDomain":               {"DOMAIN", "", ""},
	"StatusDomainApplication":    {"APPLICATION", "", "DOMAIN CLASS"},
	"StatusUser":                 {"RELATIONS STATS", "", ""},
}

var trailingNumber = regexp.MustCompile(`[0-9]+$`)

// unknown is the first attribute that a command does not have.
func (h *Hexonet) unknown(f map[string]string) string {
	know, ok := hexonetKnows[f["COMMAND"]]
	if !ok {
		return "COMMAND"
	}
	known := strings.Fields(know.both + " " + map[bool]string{false: know.hexonet, true: know.reseller}[h.Reseller])
	for k := range f {
		if k != "COMMAND" && !slices.Contains(known, trailingNumber.ReplaceAllString(k, "")) {
			return k
		}
	}
	return ""
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

func (h *Hexonet) ok(w http.ResponseWriter, props ...string) {
	h.reply(w, 200, "Command completed successfully", props...)
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
	case sc == BadCredentials || r.PostForm.Get("s_pw") != Secret || (r.PostForm.Get("s_entity") == "") != h.Reseller:
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
	if key := h.unknown(f); key != "" {
		h.reply(w, 503, "Invalid attribute name; "+key)
		return
	}
	name, application := f["DOMAIN"], map[bool]string{false: "APPLICATION", true: "APPLICATION_ID"}[h.Reseller]
	switch f["COMMAND"] {
	case "AddDomainApplication", "AddDomain":
		h.create(w, sc, name, f)
	case "QueryDomainApplicationList":
		held := slices.DeleteFunc(h.Held(), func(n string) bool { return f["DOMAIN"] != "" && n != f["DOMAIN"] })
		first, _ := strconv.Atoi(f["FIRST"])
		limit, _ := strconv.Atoi(f["LIMIT"])
		first = min(max(first, 0), len(held))
		props := []string{"TOTAL", strconv.Itoa(len(held))}
		for i, n := range held[first:min(first+max(limit, 1), len(held))] {
			props = append(props, fmt.Sprintf("APPLICATION#%d", i), "app-"+n, fmt.Sprintf("DOMAIN#%d", i), n, fmt.Sprintf("STATUS#%d", i), "REQUESTED")
		}
		h.ok(w, props...)
	case "StatusDomainApplication":
		n := strings.TrimPrefix(f["APPLICATION"], "app-")
		if !h.has(n) {
			h.reply(w, 545, "Object does not exist")
			return
		}
		status := "REQUESTED"
		if sc == ForeverPending {
			status = "PROCESSING"
		}
		h.ok(w, application, "app-"+n, "DOMAIN", n, "STATUS", status, "FINALIZATIONDATE", h.clock().UTC().Add(48*time.Hour).Format("2006-01-02 15:04:05"))
	case "QueryDepositList": // for everything that is held: its date is near
		held := h.Held()
		props := []string{"TOTAL", strconv.Itoa(len(held))}
		for i, n := range held {
			props = append(props, fmt.Sprintf("DEPOSIT#%d", i), "-69.00", fmt.Sprintf("CURRENCY#%d", i), "USD", fmt.Sprintf("DESCRIPTION#%d", i), "Backorder "+n)
		}
		h.ok(w, props...)
	case "DeleteDomainApplication":
		n := strings.TrimPrefix(f["APPLICATION"], "app-")
		switch {
		case sc == CutOffPassed:
			h.reply(w, 552, "Object status prohibits operation; the finalization date has passed")
		case h.drop(n):
			h.ok(w)
		default:
			h.reply(w, 545, "Object does not exist")
		}
	case "StatusDomain":
		if !h.has(name) {
			h.reply(w, 545, "Object does not exist")
			return
		}
		h.ok(w, "DOMAIN", name, "STATUS", map[bool]string{false: "ACTIVE", true: "REQUESTEDCREATE"}[sc == ForeverPending])
	case "CheckDomains":
		h.check(w, sc, f["DOMAIN0"])
	case "DomainPrice":
		h.ok(w, "DOMAIN", name, "PERIOD", f["PERIOD"], "PRICE", h.price(sc), "VAT", "0.00", "CURRENCY", "USD")
	case "StatusUser":
		h.ok(w, "ACCOUNTCURRENCY", "EUR", "ACCOUNTVAT", "0.00",
			"RELATIONTYPE#0", "PRICE_CLASS_DOMAIN_COM_ANNUAL", "RELATIONVALUE#0", h.price(sc), "RELATIONTYPE#1", "PRICE_CLASS_DOMAIN_COM_SETUP", "RELATIONVALUE#1", "0.00",
			"RELATIONTYPE#2", "PRICE_CLASS_DOMAIN_COM_CURRENCY", "RELATIONVALUE#2", "USD")
	case "StatusAccount":
		h.ok(w, "AMOUNT", "41.20", "DEPOSIT", "69.00", "CURRENCY", "USD")
	default:
		h.ok(w)
	}
}

// price is what a standard .com costs for a year.
func (h *Hexonet) price(sc Scenario) string {
	if sc == PriceChanged {
		return "119.00"
	}
	return "9.80"
}

// check names a price for premium names alone.
func (h *Hexonet) check(w http.ResponseWriter, sc Scenario, name string) {
	class, price, currency := "CLASS", "PRICE", "CURRENCY"
	if h.Reseller {
		class, price, currency = "X-FEE-CLASS", "X-FEE-AMOUNT", "X-FEE-CURRENCY"
	}
	switch {
	case sc == PremiumFlip:
		h.ok(w, "DOMAINCHECK", "211 Premium Domain name available [PREMIUM]", class, "PREMIUM_EXAMPLE_A", price, "1190.00", currency, "USD")
	case sc == Taken || h.has(name):
		h.ok(w, "DOMAINCHECK", "211 Domain name not available", class, "", price, "", currency, "")
	default:
		h.ok(w, "DOMAINCHECK", "210 Available", class, "", price, "", currency, "")
	}
}

func (h *Hexonet) create(w http.ResponseWriter, sc Scenario, name string, f map[string]string) {
	register := f["COMMAND"] == "AddDomain"
	confirmed := f["CLASS"] == "PREMIUM_EXAMPLE_A" && f["PRICE"] == "1190.00" && f["CURRENCY"] == "USD" || h.Reseller && f["X-FEE-AMOUNT"] == "1190.00"
	if h.lose(w, sc, name) {
		return
	}
	switch {
	case sc == Taken || (register && h.has(name)):
		h.reply(w, 554, "Domain already registered")
	case sc == PremiumFlip && !confirmed:
		h.reply(w, 541, "Invalid attribute value; premium class and price required")
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
	case register:
		h.Hold(name)
		if sc == ForeverPending {
			h.ok(w, "STATUS", "REQUESTEDCREATE", "PENDING", "1")
			return
		}
		h.ok(w, "STATUS", "ACTIVE")
	default:
		h.Hold(name)
		status := "REQUESTED"
		if sc == ForeverPending {
			status = "PROCESSING"
		}
		h.ok(w, "APPLICATION", "app-"+name, "CLASS", "COM_BACKORDER", "STATUS", status)
	}
}
