//go:build unix

package cli

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

// said is what a process wrote so far.
type said struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// manager is the end of systemd's notify socket.
func manager(t *testing.T) (path string, heard *said) {
	t.Helper()
	folder, err := os.MkdirTemp("", "lapse-notify-") // t.TempDir may be longer than a socket's path can be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path = filepath.Join(folder, "s")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	heard = &said{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			fmt.Fprintf(heard, "%s\n", buf[:n])
		}
	}()
	return path, heard
}

func get(t *testing.T, addr, path, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestServeUnderAManager lives through a server's life as systemd sees it:
// ready, alive, asked for its numbers, told to read a broken configuration and
// then a good one, told to end.
func TestServeUnderAManager(t *testing.T) {
	w := newWorld(t, sandbox.Name{Name: "quillwright.com", Stage: "redemption", Into: -10 * time.Minute})
	w.run("add", "quillwright.com")
	path, heard := manager(t)
	var errs said
	cmd := w.command("serve", "--metrics", "127.0.0.1:0")
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=200000")
	cmd.Stdout, cmd.Stderr = io.Discard, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	tells := func(text string) func() bool {
		return func() bool { return strings.Contains(heard.String(), text) }
	}
	w.until("it is ready", tells("READY=1"))
	w.until("it feeds the watchdog", tells("WATCHDOG=1"))
	address := regexp.MustCompile(`metrics on http://(\S+)/metrics`)
	addr := address.FindStringSubmatch(errs.String())[1]

	w.until("it is healthy", func() bool {
		code, body := get(t, addr, "/healthz", "")
		return code == http.StatusOK && body == "ok, acting\n"
	})
	code, body := get(t, addr, "/metrics", "")
	for _, want := range []string{
		"\nlapse_lease_held 1\n", "\nlapse_acting 1\n", "\nlapse_halted 0\n", "\nlapse_orders_in_doubt 0\n",
		"\nlapse_watches{kind=\"want\"} 1\n", "\nlapse_month_cap{currency=\"USD\"} 2000\n", "\nlapse_build_info{version=", "\nlapse_goroutines ",
	} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("metrics: %d without %q:\n%s", code, strings.TrimSpace(want), body)
		}
	}
	if code, _ := get(t, addr, "/metrics", "evil.example"); code != http.StatusForbidden {
		t.Errorf("asked by another host's name: %d, want 403", code)
	}
	if code, _ := get(t, addr, "/", ""); code != http.StatusNotFound {
		t.Errorf("any other path: %d, want 404", code)
	}
	w.run("halt")
	w.until("the halt is seen", func() bool {
		_, body := get(t, addr, "/healthz", "")
		return body == "ok, halted\n"
	})

	file := filepath.Join(w.folder, "config.toml")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, append(good, text...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("\n[sevre]\nssh = \"\"\n")
	w.until("it complains about the configuration", func() bool { return strings.Contains(errs.String(), "unknown key") })
	if code, _ := get(t, addr, "/healthz", ""); code != http.StatusOK {
		t.Errorf("a configuration that cannot be read ended the server: %d", code)
	}
	if strings.Contains(heard.String(), "RELOADING=1") {
		t.Error("it let go of its work for a configuration that cannot be read")
	}
	write("\n[log]\nlevel = \"debug\"\n")
	w.until("it is ready again", func() bool {
		_, after, ok := strings.Cut(heard.String(), "RELOADING=1")
		return ok && strings.Contains(after, "READY=1")
	})

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("serve after SIGTERM: %v\n%s", err, errs.String())
	}
	w.until("it said that it stops", tells("STOPPING=1"))
}

// lossy stands before the sandbox's backorder service: an order reaches the
// service, its answer never comes back.
func (w *world) lossy() (ordered <-chan struct{}) {
	w.t.Helper()
	c := w.reg.Config()
	to, err := url.Parse(c.ServiceBase)
	if err != nil {
		w.t.Fatal(err)
	}
	arrived, end := make(chan struct{}, 16), make(chan struct{})
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.Pool(), MinVersion: tls.VersionTLS12}},
		ModifyResponse: func(r *http.Response) error {
			if strings.Contains(r.Request.URL.RawQuery, "add_backorder_request") {
				arrived <- struct{}{}
				<-end
			}
			return nil
		},
	}
	srv := httptest.NewTLSServer(proxy)
	w.t.Cleanup(func() { close(end); srv.CloseClientConnections(); srv.Close() })
	edit := func(file string, change func([]byte) []byte) {
		file = filepath.Join(w.folder, file)
		data, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, change(data), 0o600)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	edit("ca.pem", func(b []byte) []byte {
		return append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})...)
	})
	edit("config.toml", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(c.ServiceBase), []byte(srv.URL)) })
	return arrived
}

// TestTerminatedWithACallInFlight ends a server while a service has an order
// and its answer is still on the way: the server ends by itself, the order is
// in doubt, and the next one looks it up and does not order again.
func TestTerminatedWithACallInFlight(t *testing.T) {
	const name = "quillwright.com"
	w := newWorld(t, sandbox.Name{Name: name, Stage: "redemption", Into: -10 * time.Minute})
	arrived := w.lossy()
	w.run("add", name)
	server := w.serve()
	w.run("order", name, "--via", sandboxBackorder, "--price", "24.99USD", "--cap", "60USD", "--yes", "--wait=false")
	select {
	case <-arrived:
	case <-time.After(30 * time.Second):
		t.Fatal("the order was not sent")
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("serve after SIGTERM: %v", err)
	}
	var os []catch.Order
	w.json(&os, "orders", "--all", name)
	if len(os) != 1 || os[0].State != catch.InDoubt {
		t.Fatalf("after SIGTERM: %+v, want one order in doubt", os)
	}
	w.serve()
	w.until("the order is looked up", func() bool {
		w.json(&os, "orders", "--all", name)
		return len(os) == 1 && os[0].State == catch.Active
	})
	placed := 0
	for _, e := range w.reg.Log() {
		if e.Name == name && e.Command == "add_backorder_request" && e.Code == 200 {
			placed++
		}
	}
	if placed != 1 {
		t.Errorf("ordered %d times, want once", placed)
	}
}
