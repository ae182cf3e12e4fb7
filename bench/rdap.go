package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	openrdap "github.com/openrdap/rdap"

	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/rdap"
)

// answer is an RDAP answer in the shape of a large gTLD registry, about 3 KB;
// %s is the name.
//
//go:embed answer.json
var answer string

func rdapDecode(ctx context.Context) ([]result, error) {
	raw := []byte(strings.ReplaceAll(answer, "%s", "example.com"))
	at := time.Now()
	r, err := timed(ctx, "rdap-decode", 0.5, 400,
		side{"ours", func() error {
			if a := rdap.Explain(raw, 200, "example.com", at); a.Outcome != whoisx.Registered || a.Expires.IsZero() || len(a.Nameservers) != 4 {
				return fmt.Errorf("read as %s: %s", a.Outcome, a.Why)
			}
			return nil
		}},
		side{"openrdap", func() error {
			v, err := openrdap.NewDecoder(raw).Decode()
			if err != nil {
				return err
			}
			if d, ok := v.(*openrdap.Domain); !ok || len(d.Nameservers) != 4 {
				return fmt.Errorf("read as %T", v)
			}
			return nil
		}},
	)
	r.note = fmt.Sprintf("%d bytes", len(raw))
	return []result{r}, err
}

// rdapServer answers every name with the answer above, over TLS and HTTP/2.
// With a delay it holds each ask for that long.
func rdapServer(delay time.Duration) *httptest.Server {
	before, after, _ := strings.Cut(answer, "%s")
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if delay > 0 {
			time.Sleep(delay)
		}
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		w.Header().Set("Content-Type", "application/rdap+json")
		_, _ = io.WriteString(w, before+name+strings.ReplaceAll(after, "%s", name))
	}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // clients hang up on handshakes that they no longer need
	srv.StartTLS()
	return srv
}

func bareClient(roots *x509.CertPool) *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64,
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
}

func ourClient(roots *x509.CertPool, base string) *rdap.Client {
	return rdap.New(rdap.Options{
		Timeout:   30 * time.Second,
		TLS:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Bootstrap: rdap.NewBootstrap(rdap.BootstrapOptions{Configured: map[string]string{"com": base + "/rdap/"}}),
	})
}

// spread asks about n names with so many at once.
func spread(n, workers int, ask func(name string) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1))
				if i > n {
					return
				}
				if err := ask(fmt.Sprintf("name-%04d.com", i)); err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func askBare(c *http.Client, base string) func(name string) error {
	ask := readBare(c, base)
	return func(name string) error {
		_, err := ask(name)
		return err
	}
}

func readBare(c *http.Client, base string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		resp, err := c.Get(base + "/rdap/domain/" + name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || len(b) < 2000 {
			return nil, fmt.Errorf("status %d, %d bytes: %w", resp.StatusCode, len(b), err)
		}
		return b, nil
	}
}

func askOurs(c *rdap.Client) func(name string) error {
	return func(name string) error {
		if a := c.Ask(context.Background(), name); a.Outcome != whoisx.Registered {
			return fmt.Errorf("%s: %s", a.Outcome, a.Why)
		}
		return nil
	}
}

func rdapLookups(ctx context.Context) ([]result, error) {
	srv := rdapServer(0)
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	bare, ours := bareClient(roots), ourClient(roots, srv.URL)
	defer bare.CloseIdleConnections()
	defer ours.Close()
	var out []result
	for _, workers := range []int{8, 64} {
		r, err := timed(ctx, fmt.Sprintf("rdap-lookups-%d", workers), 1.5, 1,
			side{"ours", func() error { return spread(1000, workers, askOurs(ours)) }},
			side{"net/http", func() error { return spread(1000, workers, askBare(bare, srv.URL)) }},
		)
		if err != nil {
			return out, err
		}
		r.note = fmt.Sprintf("1,000 names, %d at once, https h2, read", workers)
		out = append(out, r)
	}
	return out, nil
}

func init() {
	children["rdap-memory-ours"] = func(arg string) error {
		base, roots, err := handed(arg)
		if err != nil {
			return err
		}
		return spread(1000, 1000, askOurs(ourClient(roots, base)))
	}
	children["rdap-memory-bare"] = func(arg string) error {
		base, roots, err := handed(arg)
		if err != nil {
			return err
		}
		return spread(1000, 1000, askBare(bareClient(roots), base))
	}
}

// handed reads what the parent handed over: the address and the file of the
// certificate.
func handed(arg string) (string, *x509.CertPool, error) {
	base, file, _ := strings.Cut(arg, " ")
	if _, err := url.Parse(base); err != nil {
		return "", nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return "", nil, errors.New("no certificate was handed over")
	}
	return base, roots, nil
}

func rdapMemory(ctx context.Context) ([]result, error) {
	srv := rdapServer(time.Second)
	defer srv.Close()
	f, err := os.CreateTemp("", "lapse-bench-*.pem")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if err := pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	arg := srv.URL + " " + f.Name()
	r, err := sampled(ctx, "rdap-memory", 1.3, bytes, func(s side) (float64, error) {
		return peak(ctx, "rdap-memory-"+s.who, arg)
	}, side{who: "ours"}, side{who: "bare"})
	r.note = "peak resident memory, 1,000 in flight"
	return []result{r}, err
}
