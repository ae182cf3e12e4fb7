package sandbox

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

func (r *Registry) scheme() string {
	if r.o.PlainWeb {
		return "http://"
	}
	return "https://"
}

// serveWeb serves HTTPS on a listener until the registry ends.
func (r *Registry) serveWeb(ln net.Listener, h http.Handler) {
	srv := &http.Server{
		Handler: h, TLSConfig: r.ca.config(), ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, ErrorLog: log.New(&quiet{}, "", 0),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1
	}
	r.wg.Go(func() {
		if r.o.PlainWeb {
			_ = srv.Serve(ln)
			return
		}
		_ = srv.ServeTLS(ln, "", "")
	})
	r.wg.Go(func() {
		<-r.ctx.Done()
		_ = srv.Close()
	})
}

// quiet drops net/http's remarks about clients that hang up.
type quiet struct{}

func (*quiet) Write(b []byte) (int, error) { return len(b), nil }

func (r *Registry) webHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rdap/domain/{name}", r.rdapDomain)
	mux.HandleFunc("GET /rdap/help", func(w http.ResponseWriter, _ *http.Request) {
		rdap(w, 200, map[string]any{"notices": []any{map[string]any{"title": "Sandbox", "description": []string{"A simulated registry."}}}})
	})
	mux.HandleFunc("GET /rdap/dns.json", r.bootstrap)
	mux.HandleFunc("GET /droplist/{file}", r.dropList)
	return mux
}

// rdap writes an answer with the conformance that RFC 9083 §4.1 wants.
func rdap(w http.ResponseWriter, status int, v map[string]any) {
	v["rdapConformance"] = []string{"rdap_level_0", "icann_rdap_response_profile_1", "icann_rdap_technical_implementation_guide_1"}
	w.Header().Set("Content-Type", "application/rdap+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func client(q *http.Request) string { return hostOf(q.RemoteAddr) }

func (r *Registry) rdapDomain(w http.ResponseWriter, q *http.Request) {
	name := strings.ToLower(strings.TrimSuffix(q.PathValue("name"), "."))
	status, out := r.rdapLook(name, client(q), w.Header())
	switch {
	case out != nil:
		rdap(w, status, out)
	case status == http.StatusOK:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body><a href=\"/\">Found</a>\x1b[2J"))
	default:
		http.Error(w, http.StatusText(status), status)
	}
}

// rdapLook decides an answer; a nil object is one that is no RDAP.
func (r *Registry) rdapLook(name, from string, h http.Header) (status int, out map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.advance(now)
	defer func() { r.note(Entry{At: now, Via: "rdap", Command: "domain", Name: name, Code: status}) }()
	problem := func(code int, text string) (int, map[string]any) {
		return code, map[string]any{"errorCode": code, "title": http.StatusText(code), "description": []string{text}}
	}
	f := r.faults
	switch ok, wait := r.lookup("rdap", from, now); {
	case !ok:
		h.Set("Retry-After", fmt.Sprint(int(math.Ceil(wait.Seconds()))))
		return problem(http.StatusTooManyRequests, "Too many queries.")
	case f.LookupDown:
		return http.StatusServiceUnavailable, nil
	case f.LookupGarbage:
		return http.StatusOK, nil
	case !validName(name):
		return problem(http.StatusBadRequest, "Not a domain name.")
	}
	d := r.names[name]
	if d == nil || !d.exists {
		status, out = problem(http.StatusNotFound, name+" was not found in this registry.")
		if d != nil && !d.opened.IsZero() {
			if _, eap, _, _ := r.price(name, d.tld, 1, now); eap > 0 { // as google/nomulus has it
				out["notices"] = []any{map[string]any{"title": "Expiry Access Period", "description": []string{"This domain is currently available for registration in the Expiry Access Period"}}}
			}
		}
		return status, out
	}
	out = d.rdap(now)
	if f.LookupForeign {
		out["ldhName"] = "OTHER." + strings.ToUpper(d.tld.Zone)
	}
	return http.StatusOK, out
}

// rdapStatus writes an EPP word as RFC 8056 §2 maps it.
func rdapStatus(w string) string {
	if w == "ok" {
		return "active"
	}
	var b strings.Builder
	for _, c := range w {
		if unicode.IsUpper(c) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

func (d *domain) rdap(now time.Time) map[string]any {
	event := func(action string, t time.Time) map[string]any {
		return map[string]any{"eventAction": action, "eventDate": t.UTC().Format(time.RFC3339)}
	}
	epp, rgp := d.statuses(now)
	var status []string
	for _, w := range append(epp, rgp...) {
		if s := rdapStatus(w); !slices.Contains(status, s) {
			status = append(status, s)
		}
	}
	ns := []any{}
	for _, h := range d.ns {
		ns = append(ns, map[string]any{"objectClassName": "nameserver", "ldhName": strings.ToUpper(h)})
	}
	events := []any{event("registration", d.created), event("last changed", d.changed(now)), event("last update of RDAP database", now)}
	if !d.tld.NoExpiry {
		events = append(events, event("expiration", d.shownExpiry(now)))
	}
	return map[string]any{
		"objectClassName": "domain", "handle": d.roid, "ldhName": strings.ToUpper(d.name), "status": status,
		"events":      events,
		"secureDNS":   map[string]any{"delegationSigned": len(d.ds) > 0},
		"nameservers": ns,
		"entities": []any{map[string]any{
			"objectClassName": "entity", "handle": d.iana, "roles": []string{"registrar"},
			"publicIds":  []any{map[string]any{"type": "IANA Registrar ID", "identifier": d.iana}},
			"vcardArray": []any{"vcard", []any{[]any{"version", map[string]any{}, "text", "4.0"}, []any{"fn", map[string]any{}, "text", d.registrar}}},
		}},
		"notices": []any{map[string]any{"title": "Sandbox", "description": []string{"A simulated registry; nothing here exists."}}},
	}
}

// bootstrap is a file in the form of IANA's (RFC 9224) for the zones here.
func (r *Registry) bootstrap(w http.ResponseWriter, _ *http.Request) {
	zones := slices.Sorted(maps.Keys(r.tlds))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"version": "1.0", "publication": r.base.UTC().Format(time.RFC3339), "description": "Sandbox",
		"services": []any{[]any{zones, []string{r.scheme() + r.addrs.web + "/rdap/"}}},
	})
}

// dropList is the list of a zone's drops in .uk's form: roid, domain and
// drop_time of what is in its last stages, gzipped, with a SHA-256 beside it.
func (r *Registry) dropList(w http.ResponseWriter, q *http.Request) {
	file := q.PathValue("file")
	sum := strings.HasSuffix(file, ".sha256")
	zone, ok := strings.CutSuffix(strings.TrimSuffix(file, ".sha256"), ".csv.gz")
	r.mu.Lock()
	now := r.now()
	r.advance(now)
	t := r.tlds[zone]
	var lines []string
	if t != nil {
		for _, d := range r.names {
			if d.tld != t || !d.exists || d.drop.IsZero() {
				continue
			}
			// What may drop and what will: everything that is being deleted.
			if s, i, _ := d.where(now); i > 0 && (slices.Contains(s.Statuses, "pendingDelete") || i == len(t.Stages)-1) {
				lines = append(lines, fmt.Sprintf("%s,%s,%s", d.roid, d.name, d.drop.UTC().Format("2006-01-02T15:04:05Z")))
			}
		}
	}
	r.note(Entry{At: now, Via: "droplist", Command: file, Code: 200})
	r.mu.Unlock()
	if t == nil || !ok || !t.DropList {
		http.NotFound(w, q)
		return
	}
	slices.Sort(lines)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprintln(z, "roid,domain,drop_time")
	for _, l := range lines {
		fmt.Fprintln(z, l)
	}
	_ = z.Close()
	if sum {
		h := sha256.Sum256(b.Bytes())
		fmt.Fprintf(w, "%s  %s.csv.gz\n", hex.EncodeToString(h[:]), zone)
		return
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Last-Modified", now.UTC().Format(http.TimeFormat))
	_, _ = w.Write(b.Bytes())
}
