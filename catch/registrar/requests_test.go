package registrar

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

var update = flag.Bool("update", false, "write testdata/requests anew")

// published says where the requests of a service are documented.
var published = map[string]string{
	"dnsimple":  "developer.dnsimple.com/v2: registrar, auto-renewal, transfer-lock, delegation, domains",
	"dropcatch": "api.dropcatch.com/documentation (v2), by what clients of it send; github.com/NameBright/DropCatchBackorderExamples",
	"dynadot":   "dynadot.com/domain/api-commands (api3) and /domain/api-document (REST v1)",
	"gandi":     "api.gandi.net/docs/domains; github.com/go-gandi/go-gandi",
	"hexonet":   "github.com/centralnicgroup-public/hexonet-api-documentation; kb.centralnicreseller.com, API command reference",
	"namecheap": "namecheap.com/support/api/methods; github.com/namecheap/go-namecheap-sdk, docs/namecheap-api-v2.md",
	"namecom":   "docs.name.com, namecom.api.yaml",
	"namesilo":  "namesilo.com/api-reference",
	"porkbun":   "porkbun.com/api/json/v3/spec, porkbun.com/llms-full.txt",
}

// recorder stands before a fake and writes down what it is asked.
type recorder struct {
	*httptest.Server
	host string
	out  bytes.Buffer
}

func record(t *testing.T, target, host string) *recorder {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{host: host}
	proxy := httputil.NewSingleHostReverseProxy(to)
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec.write(r, body)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(rec.Close)
	return rec
}

// write writes a request as documents do: fields of a query and of a form one a
// line, JSON as it is.
func (rec *recorder) write(r *http.Request, body []byte) {
	fields := func(v url.Values) {
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			fmt.Fprintf(&rec.out, "    %s=%s\n", k, strings.ReplaceAll(v.Get(k), "\n", "\n      "))
		}
	}
	fmt.Fprintf(&rec.out, "%s %s%s\n", r.Method, rec.host, r.URL.EscapedPath())
	fields(r.URL.Query())
	for _, h := range []string{"Authorization", "X-Api-Key", "X-Secret-Api-Key", "X-Request-Id", "X-Signature", "Idempotency-Key", "X-Idempotency-Key", "Dry-Run", "Accept", "Content-Type"} {
		v := r.Header.Get(h)
		switch {
		case v == "":
			continue
		case h == "X-Request-Id" || h == "X-Signature":
			v = "•••" // another one each time
		case strings.HasPrefix(v, "Basic "):
			v = "Basic •••"
		case strings.HasPrefix(v, "Bearer "):
			v = "Bearer •••"
		}
		fmt.Fprintf(&rec.out, "    %s: %s\n", h, v)
	}
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil {
			fields(form)
			return
		}
	}
	if len(body) > 0 {
		fmt.Fprintf(&rec.out, "    %s\n", body)
	}
}

// step heads what follows.
func (rec *recorder) step(format string, args ...any) {
	fmt.Fprintf(&rec.out, "\n# "+format+"\n", args...)
}

// TestRequests writes down every request that every connector makes, so that
// each can be held against its service's documents, and says when one changes.
func TestRequests(t *testing.T) {
	inside := time.Date(2026, 11, 10, 19, 0, 0, 0, time.UTC) // of NameSilo's window, too
	soon := time.Now().Add(48 * time.Hour)
	usd := func(cents int64) catch.Money { return catch.Money{Units: cents * 100, Currency: "USD"} }
	dynadot := func() (string, func()) {
		f := fake.NewDynadot("example.com")
		f.List("example.com", soon)
		f.Auctions["example.com"] = &fake.DynadotAuction{Ends: soon, High: 60, Other: 50}
		return f.URL(), f.Close
	}
	dropcatch := func() (string, func()) {
		f := fake.NewDropCatch("example.com")
		f.Auction("example.com", fake.DropCatchAuction{ID: 7, Ends: soon, HighBid: 60, MaxBid: 59})
		return f.URL(), f.Close
	}
	for _, c := range []struct {
		service string
		start   func() (url string, stop func())
		price   catch.Money
		option  [2]string
		host    string // another than the service's first
	}{
		{service: "dnsimple", start: started(fake.NewDNSimple), price: usd(1400)},
		{service: "dropcatch", start: dropcatch, price: usd(5900)},
		{service: "dynadot", start: dynadot, price: usd(1099)},
		{service: "dynadot", start: dynadot, price: usd(1099), option: [2]string{"api", "rest"}},
		{service: "gandi", start: started(fake.NewGandi), price: usd(1234)},
		{service: "hexonet", start: started(fake.NewHexonet), price: usd(980)},
		{service: "hexonet", start: started(fake.NewReseller), price: usd(980), option: [2]string{"system", "rrpproxy"}, host: "https://api.rrpproxy.net"},
		{service: "namecheap", start: started(fake.NewNamecheap), price: usd(1087)},
		{service: "namecom", start: started(fake.NewNamecom), price: usd(1299)},
		{service: "namesilo", start: started(fake.NewNamesilo), price: usd(1729)},
		{service: "porkbun", start: started(fake.NewPorkbun), price: usd(1108)},
	} {
		file := strings.Trim(c.service+"-"+c.option[1], "-")
		t.Run(file, func(t *testing.T) {
			f := factory(t, c.service)
			got := fmt.Sprintf("# %s, as documented at %s\n", f.Title, published[c.service])
			for i := range f.Routes { // each at a service that knows nothing yet
				target, stop := c.start()
				rec := record(t, target, cmp.Or(c.host, f.Host))
				rec.walk(t, conformance.Opener(f, i, func(conf *account.Config) {
					conf.Now = func() time.Time { return inside }
					conf.Options[c.option[0]] = c.option[1]
				})(t, rec.URL), catch.Request{Key: "lapse-key", Name: "example.com", Years: 1, Price: c.price})
				stop()
				got += strings.ReplaceAll(strings.ReplaceAll(rec.out.String(), fake.Secret, "•••"), url.QueryEscape(fake.Secret), "•••")
			}
			path := filepath.Join("testdata", "requests", file+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("its requests changed: hold them against %s, then run the test with -update; it sends\n%s", published[c.service], got)
			}
		})
	}
}

// walk makes every call that a route has, in the order of an order's life.
func (rec *recorder) walk(t *testing.T, r catch.Route, req catch.Request) {
	t.Helper()
	ctx := t.Context()
	d := r.Describe()
	must := func(what string, err error) {
		t.Helper()
		if err != nil && catch.KindOf(err) != catch.Guard {
			t.Errorf("%s: %s: %v", d.Route, what, err)
		}
	}
	do := func(what string, call func(context.Context) error) {
		t.Helper()
		rec.step("%s: %s", d.Route, what)
		must(what, call(ctx))
	}
	if p, ok := r.(catch.Prober); ok {
		do("test the account", p.Probe)
	}
	if b, ok := r.(catch.Balancer); ok {
		do("balance", func(ctx context.Context) error { _, err := b.Balance(ctx); return err })
	}
	if d.Has(catch.CanQuote) {
		do("check and price", func(ctx context.Context) error { _, err := r.Quote(ctx, req.Name, 1); return err })
	}
	do("order", func(ctx context.Context) error { _, err := r.Place(ctx, req); return err })
	o := catch.Order{Name: req.Name, State: catch.Active}
	do("look up", func(ctx context.Context) error { _, err := r.Find(ctx, o); return err })
	if l, ok := r.(catch.Lister); ok {
		do("list", func(ctx context.Context) error { _, err := l.List(ctx); return err })
	}
	if b, ok := r.(catch.Bidder); ok {
		do("bid", func(ctx context.Context) error {
			_, err := b.Bid(ctx, o, catch.Money{Units: 700000, Currency: "USD"})
			return err
		})
	}
	if c, ok := r.(catch.AfterCarer); ok {
		do("auto-renew on", func(ctx context.Context) error { return c.AutoRenew(ctx, req.Name, true) })
		do("lock", func(ctx context.Context) error { return c.Lock(ctx, req.Name, true) })
		do("name servers", func(ctx context.Context) error {
			return c.Nameservers(ctx, req.Name, []string{"ns1.example.net", "ns2.example.net"})
		})
	}
	if h, ok := r.(catch.Hider); ok {
		do("privacy", func(ctx context.Context) error { return h.Privacy(ctx, req.Name, true) })
	}
	if d.Has(catch.CanCancel) {
		do("cancel", func(ctx context.Context) error { _, err := r.Cancel(ctx, o); return err })
	}
}

func factory(t *testing.T, service string) account.Factory {
	t.Helper()
	for _, f := range All() {
		if f.Service == service {
			return f
		}
	}
	t.Fatalf("no service is called %s", service)
	return account.Factory{}
}

// started starts a fake.
func started[F interface {
	URL() string
	Close()
}](start func() F) func() (string, func()) {
	return func() (string, func()) { f := start(); return f.URL(), f.Close }
}
