package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// gauge is what the metrics need of the service: they read, and never act.
type gauge interface {
	Status(ctx context.Context) (watch.Status, error)
	Budgets(ctx context.Context) ([]watch.Budget, error)
}

// readWithin bounds a scrape and a health check. Both are slower than that only
// where the database is.
const readWithin = 5 * time.Second

// meter shows what a server does to Prometheus and to whoever asks whether it
// lives. Everything but the events is read from the database at the moment of
// the scrape, so that it is true whichever process acts.
type meter struct {
	core   gauge
	now    func() time.Time
	events *prometheus.CounterVec
}

func newMeter(core gauge, now func() time.Time) *meter {
	return &meter{core: core, now: now, events: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lapse_events_total", Help: "Events that this process heard of since it read its configuration, by kind.",
	}, []string{"event"})}
}

func (m *meter) count(e watch.Event) { m.events.WithLabelValues(string(e.Kind)).Inc() }

// What is read at a scrape. Money is in units of its currency; it is shown, not
// reckoned with.
var (
	descWatches = desc("watches", "Names on the list.", "kind")
	descHeld    = desc("lease_held", "1 while some process acts.")
	descActing  = desc("acting", "1 while this process is the one that acts.")
	descHalted  = desc("halted", "1 while everything is halted.")
	descBeat    = desc("lease_beat_timestamp_seconds", "The last heartbeat of the process that acts.")
	descNext    = desc("next_look_timestamp_seconds", "When the next name is asked about.")
	descBurst   = desc("next_burst_timestamp_seconds", "When the next burst fires.")
	descArmed   = desc("next_burst_armed", "1 while the next burst is armed.")
	descDoubt   = desc("orders_in_doubt", "Orders that were sent and whose outcome is not known.")
	descSpent   = desc("month_spent", "Spent this UTC month.", "currency")
	descRisk    = desc("month_at_risk", "May still be charged this UTC month.", "currency")
	descFrozen  = desc("month_frozen", "Paid ahead and not usable elsewhere.", "currency")
	descCap     = desc("month_cap", "The most that may be owed this UTC month.", "currency")
	descTokens  = desc("host_tokens", "Requests that a host's budget allows right now.", "host")
	descToday   = desc("host_requests_today", "Requests to a host this UTC day.", "host")
	descLimits  = desc("host_throttled_total", "Times that a host said: too often.", "host")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("lapse_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

// Collect implements prometheus.Collector. What cannot be read fails the whole
// scrape: half of a status would look like good news.
func (m *meter) Collect(ch chan<- prometheus.Metric) {
	m.events.Collect(ch)
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	when := func(d *prometheus.Desc, t time.Time) {
		if !t.IsZero() {
			set(d, float64(t.UnixMicro())/1e6)
		}
	}
	yes := map[bool]float64{true: 1}
	st, err := m.core.Status(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(descHeld, err)
		return
	}
	for _, k := range []watch.Kind{watch.Want, watch.Mine, watch.Launch} {
		set(descWatches, float64(st.Watches[k]), string(k))
	}
	set(descHeld, yes[st.Lease.Held])
	set(descActing, yes[st.Acting])
	set(descHalted, yes[st.Lease.Halted])
	when(descBeat, st.Lease.Beat)
	if st.Next != nil {
		when(descNext, st.Next.At)
	}
	if b := st.NextBurst; b != nil {
		when(descBurst, b.At)
		set(descArmed, yes[b.Armed])
	}
	set(descDoubt, float64(st.InDoubt))
	for _, s := range st.Month {
		cur := s.Cap.Currency
		for _, v := range []catch.Money{s.Spent, s.AtRisk, s.Frozen} {
			if cur == "" {
				cur = v.Currency
			}
		}
		set(descSpent, units(s.Spent), cur)
		set(descRisk, units(s.AtRisk), cur)
		set(descFrozen, units(s.Frozen), cur)
		if !s.Cap.IsZero() {
			set(descCap, units(s.Cap), cur)
		}
	}
	bs, err := m.core.Budgets(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(descTokens, err)
		return
	}
	for _, b := range bs {
		set(descTokens, b.Tokens, b.Host)
		set(descToday, float64(b.Today), b.Host)
		ch <- prometheus.MustNewConstMetric(descLimits, prometheus.CounterValue, float64(b.Limits), b.Host)
	}
}

// healthy reports why nothing can be expected of lapse right now, nil if all
// is well. A server that waits behind another that acts is well, and so is one
// that a person halted.
func (m *meter) healthy(ctx context.Context) (says string, err error) {
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

func (m *meter) handler() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "lapse_build_info", Help: "1, labelled with the version.", ConstLabels: prometheus.Labels{"version": buildVersion()},
		}, func() float64 { return 1 }))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) { expose(w, reg) })
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

// expose writes what was gathered as text, which every scraper reads. promhttp
// would bring compression along, two megabytes of it, for a reader on the same
// machine.
func expose(w http.ResponseWriter, reg prometheus.Gatherer) {
	families, err := reg.Gather()
	if err != nil {
		http.Error(w, "the database cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return // the reader went away
		}
	}
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

// metricsAddr fills in what an address leaves out and refuses one that others
// can reach: what a month may cost is nobody else's business.
func metricsAddr(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", usagef("metrics: %q is not host:port", clip(addr))
	}
	if host == "" {
		host = "127.0.0.1"
	}
	addr = net.JoinHostPort(host, port)
	if !isLoopback(addr) {
		return "", withHint(usagef("metrics: %s is not a loopback address", clip(host)), "listen on 127.0.0.1 and let an SSH tunnel or a proxy reach it")
	}
	return addr, nil
}

// openMetrics serves /metrics and /healthz until ctx ends. The channel gives
// its one result; without an address it never does before ctx ends.
func (a *app) openMetrics(ctx context.Context, m *meter, addr string) (<-chan error, error) {
	done := make(chan error, 1)
	if addr == "" {
		go func() {
			<-ctx.Done()
			done <- nil
		}()
		return done, nil
	}
	addr, err := metricsAddr(addr)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	a.say("lapse: metrics on http://%s/metrics", l.Addr())
	srv := &http.Server{
		Handler: m.handler(), ReadTimeout: readWithin, WriteTimeout: 3 * readWithin,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	// What is asked now is not worth waiting for.
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	go func() {
		defer stop()
		err := srv.Serve(l)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		done <- err
	}()
	return done, nil
}
