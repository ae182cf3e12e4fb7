package fake

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Namecheap speaks xml.response: errors are numbers with words, limits are an
// HTTP 405, premium prices are confirmed in the call.
type Namecheap struct {
	Service
	EAP string // the fee of an early access period, where there is one
}

// NewNamecheap starts a fake Namecheap.
func NewNamecheap() *Namecheap {
	n := &Namecheap{}
	n.limited(20, time.Minute)
	n.limited(700, time.Hour)
	n.limited(8000, 24*time.Hour)
	n.start(http.HandlerFunc(n.serve))
	return n
}

func (n *Namecheap) reply(w http.ResponseWriter, inner string) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><ApiResponse Status="OK" xmlns="http://api.namecheap.com/xml.response"><Errors/><CommandResponse>%s</CommandResponse></ApiResponse>`, inner)
}

func (n *Namecheap) fail(w http.ResponseWriter, number, words string) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><ApiResponse Status="ERROR" xmlns="http://api.namecheap.com/xml.response"><Errors><Error Number=%q>%s</Error></Errors></ApiResponse>`, number, words)
}

func (n *Namecheap) serve(w http.ResponseWriter, r *http.Request) {
	sc := n.arrive()
	if err := r.ParseForm(); err != nil || r.URL.Path != "/xml.response" {
		http.NotFound(w, r)
		return
	}
	f := r.PostForm
	switch {
	case sc == ServiceDown:
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	case sc == BadCredentials || f.Get("ApiKey") != Secret:
		n.fail(w, "1011102", "API Key is invalid or API access has not been enabled")
		return
	case sc == AddressNotAllowed || f.Get("ClientIp") == "":
		n.fail(w, "1011150", "Invalid request IP: 203.0.113.9")
		return
	case sc == RateLimited:
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case sc == RateLimitedBare:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	name := f.Get("DomainName")
	switch strings.TrimPrefix(f.Get("Command"), "namecheap.") {
	case "domains.check":
		name = f.Get("DomainList")
		n.reply(w, fmt.Sprintf(`<DomainCheckResult Domain=%q Available="%t" ErrorNo="0" IsPremiumName="%t" PremiumRegistrationPrice="%s" PremiumRenewalPrice="12.00" IcannFee="%s" EapFee="%s"/>`,
			name, sc != Taken && !n.has(name), sc == PremiumFlip, map[bool]string{true: "1190.0000", false: "0"}[sc == PremiumFlip],
			map[bool]string{true: "0.18", false: "0"}[sc == PremiumFlip], cmp.Or(n.EAP, "0.0000")))
	case "users.getPricing":
		var list strings.Builder
		for years, price := range []string{"10.69", "10.59", "10.49"} { // a year, for one, two and three of them
			fmt.Fprintf(&list, `<Price Duration="%d" DurationType="YEAR" Price="12.98" PricingType="MULTIPLE" AdditionalCost="0.18" YourPrice="%s" YourPriceType="MULTIPLE" YourAdditonalCost="0.18" YourAdditonalCostType="MULTIPLE" Currency="USD"/>`, years+1, price)
		}
		n.reply(w, `<UserGetPricingResult><ProductType Name="domains"><ProductCategory Name="register"><Product Name="com">`+list.String()+`</Product></ProductCategory></ProductType></UserGetPricingResult>`)
	case "users.getBalances":
		n.reply(w, `<UserGetBalancesResult Currency="USD" AvailableBalance="41.20" AccountBalance="41.20"/>`)
	case "domains.getInfo":
		if !n.has(name) {
			n.fail(w, "2019166", "Domain not found")
			return
		}
		n.reply(w, fmt.Sprintf(`<DomainGetInfoResult Status="Ok" ID="1" DomainName=%q IsOwner="true"/>`, name))
	case "domains.create":
		n.create(w, sc, name, f.Get("IsPremiumDomain") == "true" && f.Get("PremiumPrice") == "1190.0000" && f.Get("EapFee") == n.EAP)
	default:
		n.reply(w, "")
	}
}

func (n *Namecheap) create(w http.ResponseWriter, sc Scenario, name string, premium bool) {
	if n.lose(w, sc, name) {
		return
	}
	switch {
	case sc == Taken || n.has(name):
		n.fail(w, "3019166", "Domain not available")
	case sc == PremiumFlip && !premium:
		n.fail(w, "2030999", "Premium domain: IsPremiumDomain and PremiumPrice are required")
	case sc == InsufficientFunds:
		n.fail(w, "2528166", "Order creation failed: insufficient funds")
	case sc == InvalidContact:
		n.fail(w, "2015182", "RegistrantPhone is invalid")
	case sc == TLDUnsupported:
		n.fail(w, "2030280", "TLD is not supported")
	case sc == Busy:
		n.fail(w, "2999999", "Another request for this domain is in progress")
	default:
		n.Hold(name)
		n.reply(w, fmt.Sprintf(`<DomainCreateResult Domain=%q Registered="true" ChargedAmount="10.8700" DomainID="1" OrderID="2" TransactionID="3" WhoisguardEnable="true" NonRealTimeDomain="false"/>`, name))
	}
}
