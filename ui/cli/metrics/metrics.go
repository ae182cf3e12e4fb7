// Package metrics shows what a server does to Prometheus and to whoever asks
// whether it lives, on this machine alone.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
)

// Core is what the metrics need of watch.Service: they read, and never act.
type Core interface {
	Status(ctx context.Context) (watch.Status, error)
	Budgets(ctx context.Context) ([]watch.Budget, error)
}

// readWithin bounds a scrape and a health check. Both are slower than that only
// where the database is.
const readWithin = 5 * time.Second

// Meter answers /metrics and /healthz. Everything but the events is read from
// the database at the moment of the scrape, so that it is true whichever process
// acts.
//
// It writes the text exposition format by itself: the client library's
// packages take a millisecond and two megabytes of every start of lapse, for
// twenty lines that one command prints.
type Meter struct {
	core    Core
	version string
	now     func() time.Time
	mu      sync.Mutex
	events  map[watch.EventKind]int
}

// New makes a meter of a service; version is that of the program.
func New(core Core, version string, now func() time.Time) *Meter {
	return &Meter{core: core, version: version, now: now, events: map[watch.EventKind]int{}}
}

// Count adds an event to those that this process heard of.
func (m *Meter) Count(e watch.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events[e.Kind]++
}

// exposition collects samples by metric, in the order of their first sample.
type exposition struct {
	order   []string
	heads   map[string]string
	samples map[string][]string
}

// escaped is how a label's value is written.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (x *exposition) add(kind, name, help string, v float64, label ...string) {
	name = "lapse_" + name
	if x.heads == nil {
		x.heads, x.samples = map[string]string{}, map[string][]string{}
	}
	if x.heads[name] == "" {
		x.order = append(x.order, name)
		x.heads[name] = "# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n"
	}
	line := name
	if len(label) == 2 {
		line += "{" + label[0] + `="` + escaped.Replace(label[1]) + `"}`
	}
	x.samples[name] = append(x.samples[name], line+" "+strconv.FormatFloat(v, 'g', -1, 64)+"\n")
}

func (x *exposition) String() string {
	var b strings.Builder
	for _, name := range x.order {
		b.WriteString(x.heads[name])
		for _, s := range x.samples[name] {
			b.WriteString(s)
		}
	}
	return b.String()
}

// collect reads everything. What cannot be read fails the whole scrape: half
// of a status would look like good news. Money is in units of its currency; it
// is shown, not reckoned with.
func (m *Meter) collect(ctx context.Context) (*exposition, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	st, err := m.core.Status(ctx)
	if err != nil {
		return nil, err
	}
	bs, err := m.core.Budgets(ctx)
	if err != nil {
		return nil, err
	}
	x := &exposition{}
	set := func(name, help string, v float64, label ...string) { x.add("gauge", name, help, v, label...) }
	when := func(name, help string, t time.Time) {
		if !t.IsZero() {
			set(name, help, float64(t.UnixMicro())/1e6)
		}
	}
	yes := map[bool]float64{true: 1}
	set("build_info", "1, labelled with the version.", 1, "version", m.version)
	set("goroutines", "Goroutines of this process.", float64(runtime.NumGoroutine()))
	m.mu.Lock()
	for _, k := range slices.Sorted(maps.Keys(m.events)) {
		x.add("counter", "events_total", "Events that this process heard of since it read its configuration, by kind.", float64(m.events[k]), "event", string(k))
	}
	m.mu.Unlock()
	for _, k := range []watch.Kind{watch.Want, watch.Mine, watch.Launch} {
		set("watches", "Names on the list.", float64(st.Watches[k]), "kind", string(k))
	}
	set("lease_held", "1 while some process acts.", yes[st.Lease.Held])
	set("acting", "1 while this process is the one that acts.", yes[st.Acting])
	set("halted", "1 while everything is halted.", yes[st.Lease.Halted])
	when("lease_beat_timestamp_seconds", "The last heartbeat of the process that acts.", st.Lease.Beat)
	if st.Next != nil {
		when("next_look_timestamp_seconds", "When the next name is asked about.", st.Next.At)
	}
	if b := st.NextBurst; b != nil {
		when("next_burst_timestamp_seconds", "When the next burst fires.", b.At)
		set("next_burst_armed", "1 while the next burst is armed.", yes[b.Armed])
	}
	set("orders_in_doubt", "Orders that were sent and whose outcome is not known.", float64(st.InDoubt))
	for _, s := range st.Month {
		cur := s.Cap.Currency
		for _, v := range []catch.Money{s.Spent, s.AtRisk, s.Frozen} {
			if cur == "" {
				cur = v.Currency
			}
		}
		set("month_spent", "Spent this UTC month.", units(s.Spent), "currency", cur)
		set("month_at_risk", "May still be charged this UTC month.", units(s.AtRisk), "currency", cur)
		set("month_frozen", "Paid ahead and not usable elsewhere.", units(s.Frozen), "currency", cur)
		if !s.Cap.IsZero() {
			set("month_cap", "The most that may be owed this UTC month.", units(s.Cap), "currency", cur)
		}
	}
	for _, b := range bs {
		set("host_tokens", "Requests that a host's budget allows right now.", b.Tokens, "host", b.Host)
		set("host_requests_today", "Requests to a host this UTC day.", float64(b.Today), "host", b.Host)
		x.add("counter", "host_throttled_total", "Times that a host said: too often.", float64(b.Limits), "host", b.Host)
	}
	return x, nil
}

// healthy reports why nothing can be expected of lapse right now, nil if all
// is well. A server that waits behind another that acts is well, and so is one
// that a person halted.
func (m *Meter) healthy(ctx context.Context) (says string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	st, err := m.core.Status(ctx)
	switch {
	case err != nil:
		return "", errors.New("the database cannot be read")
	case !st.Lease.Held:
		return "", errors.New("nobody acts")
	case m.now().Sub(st.Lease.Beat) > 30*time.Second:
		return "", fmt.Errorf("whoever acts has not been heard of for %s", m.now().Sub(st.Lease.Beat).Round(time.Second))
	case st.Lease.Halted:
		return "ok, halted", nil
	case st.Acting:
		return "ok, acting", nil
	}
	return "ok, another process acts", nil
}

// units is an amount in whole units of its currency.
func units(m catch.Money) float64 { return float64(m.Units) / 10_000 }

func (m *Meter) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", m.expose)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		says, err := m.healthy(r.Context())
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			says = err.Error()
		}
		fmt.Fprintln(w, says)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A page in a browser on this machine can have its own name resolve to
		// loopback; it cannot forge the Host header that it is asked for by.
		if !isLoopback(r.Host) {
			http.Error(w, "ask by a loopback address", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// expose writes the text exposition format, which every scraper reads.
func (m *Meter) expose(w http.ResponseWriter, r *http.Request) {
	x, err := m.collect(r.Context())
	if err != nil {
		http.Error(w, "the database cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprint(w, x)
}

// isLoopback reports whether a host, with or without a port, is this machine.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// ErrReachable is that of an address which others can reach.
var ErrReachable = errors.New("is not a loopback address")

// Addr fills in what an address leaves out and refuses one that others can
// reach: what a month may cost is nobody else's business.
func Addr(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("metrics: %q is not host:port", typed.Clip(addr))
	}
	if host == "" {
		host = "127.0.0.1"
	}
	addr = net.JoinHostPort(host, port)
	if !isLoopback(addr) {
		return "", fmt.Errorf("metrics: %s %w", typed.Clip(host), ErrReachable)
	}
	return addr, nil
}

// Serve answers on a listener until ctx ends.
func (m *Meter) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: m.handler(), ReadTimeout: readWithin, WriteTimeout: 3 * readWithin,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	// What is asked now is not worth waiting for.
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
