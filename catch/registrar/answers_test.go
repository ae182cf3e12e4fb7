package registrar

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
)

// TestAnswersAsDocumented refuses a registration with what the services'
// documents and official clients show, beside what their fakes say: every code
// of a document has its kind.
func TestAnswersAsDocumented(t *testing.T) {
	bodies := map[string]string{
		"dnsimple":  `{"message":%q}`,
		"gandi":     `{"code":%d,"message":%q,"object":"HTTPError","cause":"Forbidden"}`,
		"porkbun":   `{"status":"ERROR","code":%q,"message":%q}`,
		"namecom":   `{"message":%q}`,
		"namecheap": `<?xml version="1.0" encoding="utf-8"?><ApiResponse Status="ERROR" xmlns="http://api.namecheap.com/xml.response"><Errors><Error Number=%q>%s</Error></Errors><Warnings/></ApiResponse>`,
		"namesilo":  `{"request":{"operation":"registerDomain","ip":"192.0.2.1"},"reply":{"code":%q,"detail":%q}}`,
		"hexonet":   "[RESPONSE]\r\ncode=%s\r\ndescription=%s\r\nEOF\r\n",
	}
	for _, c := range []struct {
		service string
		status  int
		code    string
		words   string
		kind    catch.ErrorKind
	}{
		{"dnsimple", 400, "", "The domain example.com is not available", catch.Taken},
		{"dnsimple", 400, "", "The domain example.com is already registered", catch.Taken},
		{"dnsimple", 402, "", "There are unpaid invoices, please update your payment method", catch.InsufficientFunds},
		{"dnsimple", 402, "", "Your card was declined", catch.InsufficientFunds},
		{"dnsimple", 400, "", "The premium price is required", catch.PremiumRefused},
		{"dnsimple", 401, "", "Authentication failed", catch.Auth},
		{"dnsimple", 429, "", "quota exceeded", catch.RateLimited},
		{"dnsimple", 400, "", "Extended attributes are required", catch.InvalidContact},
		{"dnsimple", 400, "", "TLD .zzz is not supported", catch.TLDUnsupported},

		{"gandi", 401, "", "The server could not verify that you authorized to access the document you requested.", catch.Auth},
		{"gandi", 402, "", "You have not enough credit on your prepaid account", catch.InsufficientFunds},
		{"gandi", 403, "", "Access was denied to this resource.", catch.Auth},
		{"gandi", 409, "", "The domain already exists", catch.Taken},
		{"gandi", 400, "", "owner: street is missing", catch.InvalidContact},
		{"gandi", 429, "", "Too many requests", catch.RateLimited},

		{"porkbun", 400, "COST_MISMATCH", "The cost does not match.", catch.PriceMismatch},
		{"porkbun", 400, "DOMAIN_NOT_AVAILABLE", "Domain is not available.", catch.Taken},
		{"porkbun", 409, "IDEMPOTENCY_KEY_IN_USE", "A request with this key is being processed.", catch.Busy},
		{"porkbun", 400, "TOPUP_LIMIT_EXCEEDED", "Auto top-up limit exceeded.", catch.InsufficientFunds},
		{"porkbun", 403, "INVALID_API_KEYS", "Invalid API key.", catch.Auth},
		{"porkbun", 429, "RATE_LIMIT_EXCEEDED", "Slow down.", catch.RateLimited},
		{"porkbun", 400, "TLD_NOT_API_REGISTERABLE", "This TLD cannot be registered by API.", catch.TLDUnsupported},
		{"porkbun", 500, "ORDER_FAILED", "The order failed.", catch.OutcomeUnknown},
		{"porkbun", 400, "", "Your account has insufficient funds.", catch.InsufficientFunds},

		{"namecom", 401, "", "Unauthorized", catch.Auth},
		{"namecom", 402, "", "Payment failed", catch.InsufficientFunds},
		{"namecom", 400, "", "Domain is not available", catch.Taken},
		{"namecom", 400, "", "purchasePrice is required for premium domains", catch.PremiumRefused},
		{"namecom", 400, "", "Invalid price", catch.PriceMismatch},
		{"namecom", 429, "", "Too Many Requests", catch.RateLimited},
		{"namecom", 415, "", "Invalid TLD", catch.TLDUnsupported},

		{"namecheap", 200, "1011102", "API Key is invalid or API access has not been enabled", catch.Auth},
		{"namecheap", 200, "1011150", "Invalid request IP: 192.0.2.1", catch.IPNotAllowed},
		{"namecheap", 200, "1010102", "Parameter APIKey is missing", catch.Auth},
		{"namecheap", 200, "2030280", "TLD is not supported in API", catch.TLDUnsupported},
		{"namecheap", 200, "2528166", "Order creation failed: insufficient funds", catch.InsufficientFunds},
		{"namecheap", 200, "3019166", "Domain not available", catch.Taken},
		{"namecheap", 200, "4019166", "Domain not available", catch.Taken},
		{"namecheap", 200, "2015182", "Contact phone is invalid. The phone number format is +NNN.NNNNNNNNNN", catch.InvalidContact},
		{"namecheap", 200, "500000", "Too many requests", catch.RateLimited},

		{"namesilo", 200, "109", "API key is missing", catch.Auth},
		{"namesilo", 200, "110", "Invalid API key", catch.Auth},
		{"namesilo", 200, "113", "This API account cannot be accessed from your IP", catch.IPNotAllowed},
		{"namesilo", 200, "114", "Invalid Domain Syntax", catch.TLDUnsupported},
		{"namesilo", 200, "115", "Central Registry Not Responding - try again later", catch.OutcomeUnknown},
		{"namesilo", 200, "117", "Invalid credit card on file", catch.InsufficientFunds},
		{"namesilo", 200, "118", "Credit card is not verified", catch.InsufficientFunds},
		{"namesilo", 200, "119", "Insufficient account funds for requested transaction", catch.InsufficientFunds},
		{"namesilo", 200, "201", "Internal system error", catch.OutcomeUnknown},
		{"namesilo", 200, "261", "Domain processing error", catch.OutcomeUnknown},
		{"namesilo", 200, "261", "Domain is not available", catch.Taken},
		{"namesilo", 200, "262", "This domain is already active within our system", catch.Taken},
		{"namesilo", 200, "267", "Invalid domain or TLD not supported", catch.TLDUnsupported},
		{"namesilo", 200, "400", "Existing API request is still processing", catch.Busy},

		{"hexonet", 200, "421", "Command failed due to server error. Client should try again", catch.Busy},
		{"hexonet", 200, "530", "Authentication failed", catch.Auth},
		{"hexonet", 200, "531", "Authorization failed", catch.Auth},
		{"hexonet", 200, "540", "Attribute value is not unique; DOMAIN ALREADY EXISTS", catch.Taken},
		{"hexonet", 200, "546", "Credit limit exceeded", catch.InsufficientFunds},
		{"hexonet", 200, "504", "Missing required attribute; OWNERCONTACT0", catch.InvalidContact},
		{"hexonet", 200, "541", "Invalid attribute value; unknown zone", catch.TLDUnsupported},
		{"hexonet", 200, "549", "Command failed; insufficient credit", catch.InsufficientFunds},
	} {
		t.Run(strings.Join([]string{c.service, c.code, c.words}, " "), func(t *testing.T) {
			t.Parallel()
			var body string
			switch c.service {
			case "dnsimple", "namecom":
				body = fmt.Sprintf(bodies[c.service], c.words)
			case "gandi":
				body = fmt.Sprintf(bodies[c.service], c.status, c.words)
			default:
				body = fmt.Sprintf(bodies[c.service], c.code, c.words)
			}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "checkRegisterAvailability") { // it is refused after that
					_, _ = w.Write([]byte(`{"reply":{"code":300,"detail":"success","available":[{"domain":"example.com","price":11,"premium":0}]}}`))
					return
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(body))
			}))
			defer srv.Close()
			f := All()[slices.Index(Services(), c.service)]
			i := slices.IndexFunc(f.Routes, func(d catch.Description) bool { return strings.HasSuffix(d.Route, ":register") })
			r := conformance.Opener(f, max(i, 0))(t, srv.URL)
			_, err := r.Place(t.Context(), catch.Request{Key: "k", Name: "example.com", Years: 1, Price: catch.Money{Units: 110000, Currency: "USD"}})
			if got := catch.KindOf(err); got != c.kind {
				t.Errorf("%v is %q, want %q", err, got, c.kind)
			}
			if err == nil || !strings.Contains(err.Error(), strings.Fields(c.words)[len(strings.Fields(c.words))-1]) {
				t.Errorf("%v keeps not its words %q", err, c.words)
			}
		})
	}
}
