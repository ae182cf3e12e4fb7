package dynadot

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// rest is the newer form: resources, JSON bodies, the key in a header, and a
// signature on whatever changes or shows something of the account.
type rest struct {
	conf account.Config
	web  *web.API
}

const version = "/restful/v1"

func newREST(c account.Config, w *web.API) (rest, error) {
	if c.Secret.IsZero() {
		return rest{}, fmt.Errorf("read account %s: %s's REST interface needs \"secret\", the API secret from Tools > API, beside \"api_key\"", c.Account, title)
	}
	switch c.Options["signed_path"] {
	case "", "full", "version", "resource":
	default:
		return rest{}, fmt.Errorf("read account %s: signed_path is \"full\", \"version\" or \"resource\", not %q", c.Account, c.Options["signed_path"])
	}
	w.Prefix, w.Header = version, [][2]string{{"Authorization", "Bearer " + web.Secret(c.Key)}}
	return rest{c, w}, nil
}

// The headers of a signature, as they are shown: both are made when the request
// is sent.
const (
	requestID = "X-Request-ID"
	signature = "X-Signature"
)

// signed makes a request that has to be signed.
func (s rest) signed(op, method, path string, body any, paid bool) web.Request {
	r := s.web.JSON(op, method, path, body, paid)
	r.Header = append(r.Header, [2]string{requestID, "<request-id>"}, [2]string{signature, "<signature>"})
	return r
}

// sign makes the signature over key, path with query, request id and body, each
// byte as it is sent: hex of HMAC-SHA256 with the secret.
func (s rest) sign(r web.Request) web.Request {
	id := uuid()
	header := make([][2]string, 0, len(r.Header))
	for _, h := range r.Header {
		switch h[0] {
		case requestID:
			h[1] = id
		case signature:
			h[1] = s.signature(r, id)
		}
		header = append(header, h)
	}
	r.Header = header
	return r
}

func (s rest) signature(r web.Request, id string) string {
	path := r.Path
	if len(r.Query) > 0 {
		path += "?" + r.Query.Encode()
	}
	switch s.conf.Options["signed_path"] {
	case "version":
		path = strings.TrimPrefix(path, "/restful")
	case "resource":
		path = strings.TrimPrefix(path, version)
	}
	mac := hmac.New(sha256.New, []byte(s.conf.Secret.Reveal()))
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%s\n%s", s.conf.Key.Reveal(), path, id, r.Body)
	return hex.EncodeToString(mac.Sum(nil))
}

// uuid makes a random one (RFC 9562, version 4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s rest) balance() web.Request {
	return s.signed("read balance", http.MethodGet, "/accounts/info", nil, false)
}

func (s rest) search(name string) web.Request {
	return s.web.JSON("read price", http.MethodGet, "/domains/"+url.PathEscape(name)+"/search", nil, false).With(web.Values("show_price", "true", "currency", s.conf.CurrencyOr()))
}

func (s rest) prices() web.Request {
	return s.web.JSON("read price list", http.MethodGet, "/tld/get_tld_price", nil, false).With(web.Values("currency", s.conf.CurrencyOr()))
}

func (s rest) add(name string) web.Request {
	return s.signed("place backorder", http.MethodPost, "/aftermarket/backorders/requests/"+url.PathEscape(name), struct{}{}, true)
}

func (s rest) remove(name string) web.Request {
	return s.signed("cancel backorder", http.MethodDelete, "/aftermarket/backorders/requests/"+url.PathEscape(name), nil, false)
}

// list asks for the requests of two years: it wants both ends.
func (s rest) list() web.Request {
	at := func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
	now := s.conf.Clock()
	return s.web.JSON("list backorders", http.MethodGet, "/aftermarket/backorders/requests", nil, false).With(web.Values("start_time", at(now.AddDate(-1, 0, 0)), "end_time", at(now.AddDate(1, 0, 0))))
}

func (s rest) auction(name string) web.Request {
	return s.web.JSON("look up auction", http.MethodGet, "/aftermarket/auctions/"+url.PathEscape(name), nil, false).With(web.Values("currency", s.conf.CurrencyOr()))
}

func (s rest) bid(name string, bid catch.Money) web.Request {
	return s.web.JSON("bid", http.MethodPost, "/aftermarket/auctions/bids/"+url.PathEscape(name), struct {
		Currency  string      `json:"currency"`
		Amount    json.Number `json:"bid_amount"`
		Backorder bool        `json:"is_backorder_auction"`
	}{bid.Currency, json.Number(bid.Amount()), true}, true)
}

func (s rest) register(r catch.Request) web.Request {
	domain := map[string]any{"duration": max(r.Years, 1)}
	if contact := contactOf(r, s.conf); contact != "" {
		var id any = contact
		if n, err := strconv.ParseInt(contact, 10, 64); err == nil {
			id = n
		}
		for _, role := range []string{"registrant", "admin", "tech", "billing"} {
			domain[role+"_contact_id"] = id
		}
	}
	return s.signed("register", http.MethodPost, s.domain(r.Name, "/register"), map[string]any{
		"domain": domain, "currency": s.conf.CurrencyOr(), "register_premium": r.Premium,
	}, true)
}

func (s rest) domain(name, what string) string { return "/domains/" + url.PathEscape(name) + what }

func (s rest) info(name string) web.Request {
	return s.signed("look up name", http.MethodGet, s.domain(name, ""), nil, false)
}

func (s rest) autoRenew(name string, on bool) web.Request {
	return s.signed("set auto-renew", http.MethodPut, s.domain(name, "/renew_option"), map[string]string{"renew_option": renewOption(on)}, false)
}

func (s rest) lock(name string) web.Request {
	return s.signed("lock name", http.MethodPut, s.domain(name, "/domain_lock"), map[string]bool{"lock": true}, false)
}

func (s rest) nameservers(name string, hosts []string) web.Request {
	return s.signed("set name servers", http.MethodPut, s.domain(name, "/nameservers"), map[string][]string{"nameserver_list": hosts}, false)
}

func (s rest) privacy(name string, on bool) web.Request {
	return s.signed("set privacy", http.MethodPut, s.domain(name, "/privacy"), map[string]any{"privacy_level": privacyLevel(on), "whois_privacy_option": on}, false)
}
