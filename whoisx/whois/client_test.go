package whois

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// serve answers every connection to a loopback port with handle, until the
// test ends; it returns host:port.
func serve(t testing.TB, handle func(c *net.TCPConn, question string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				q, err := bufio.NewReader(c).ReadString('\n')
				if err != nil {
					return
				}
				handle(c.(*net.TCPConn), strings.TrimRight(q, "\r\n"))
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

func reply(text string) func(*net.TCPConn, string) {
	return func(c *net.TCPConn, _ string) { _, _ = c.Write([]byte(text)) }
}

// configured is a client whose .example is served at addr.
func configured(t testing.TB, addr string, timeout time.Duration) *Client {
	t.Helper()
	table := DefaultTable()
	if err := table.Configure("example", addr); err != nil {
		t.Fatal(err)
	}
	return New(Options{Servers: table, Timeout: timeout, NoRoot: true})
}

func TestAsk(t *testing.T) {
	var asked string
	addr := serve(t, func(c *net.TCPConn, q string) {
		asked = q
		_, _ = c.Write([]byte("\r\n\r\nDomain Name: LAPSE.EXAMPLE\r\nCreation Date: 2001-02-03T04:05:06Z\r\nRegistrar WHOIS Server: 127.0.0.1:1\r\n"))
	})
	c := configured(t, addr, 0)
	if got := c.Host("lapse.example"); got != addr {
		t.Errorf("Host = %q, want %q", got, addr)
	}
	a := c.Ask(t.Context(), "lapse.example")
	if a.Outcome != whoisx.Registered || a.Created.String() != "2001-02-03T04:05:06Z" || a.Server != addr || a.Source != whoisx.WHOIS {
		t.Errorf("read %+v", a)
	}
	if asked != "lapse.example" {
		t.Errorf("asked %q", asked)
	}
	if len(a.Evidence) == 0 || a.Evidence[0].Line != 3 {
		t.Errorf("evidence %v: lines count from the first byte received", a.Evidence)
	}
	if !strings.HasPrefix(string(a.Raw), "\r\n\r\nDomain") {
		t.Errorf("raw text %q is not as received", a.Raw[:12])
	}
}

// TestZoo meets servers that misbehave: each ends in a typed outcome within
// the client's deadline.
func TestZoo(t *testing.T) {
	record := "Domain Name: LAPSE.EXAMPLE\r\nCreation Date: 2001-02-03T04:05:06Z\r\nName Server: ns1.example.net\r\n"
	for _, z := range []struct {
		what   string
		handle func(c *net.TCPConn, q string)
		want   whoisx.Outcome
		cut    bool
	}{
		{"slow loris", func(c *net.TCPConn, _ string) {
			for {
				if _, err := c.Write([]byte("N")); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}, whoisx.Unreachable, false},
		{"silence", func(c *net.TCPConn, _ string) { _, _ = c.Read(make([]byte, 1)) }, whoisx.Unreachable, false},
		{"silence after half", func(c *net.TCPConn, _ string) {
			_, _ = c.Write([]byte("No match for LAPSE.EXAMPLE\r\n"))
			_, _ = c.Read(make([]byte, 1))
		}, whoisx.Unreachable, false},
		{"silence after a record", func(c *net.TCPConn, _ string) {
			_, _ = c.Write([]byte(record))
			_, _ = c.Read(make([]byte, 1))
		}, whoisx.Registered, false},
		{"endless free", func(c *net.TCPConn, _ string) {
			_, _ = c.Write([]byte("No match for LAPSE.EXAMPLE\r\n"))
			for {
				if _, err := c.Write(make([]byte, 4096)[:4096:4096]); err != nil {
					return
				}
			}
		}, whoisx.Unreadable, true},
		{"endless text", func(c *net.TCPConn, _ string) {
			_, _ = c.Write([]byte("No match for LAPSE.EXAMPLE\r\n"))
			line := []byte(strings.Repeat("and so on, and so on\r\n", 200))
			for {
				if _, err := c.Write(line); err != nil {
					return
				}
			}
		}, whoisx.Unreadable, true},
		{"endless record", func(c *net.TCPConn, _ string) {
			for {
				if _, err := c.Write([]byte(record)); err != nil {
					return
				}
			}
		}, whoisx.Registered, true},
		{"reset", func(c *net.TCPConn, _ string) { _ = c.SetLinger(0) }, whoisx.Unreachable, false},
		{"reset after half", func(c *net.TCPConn, _ string) {
			_, _ = c.Write([]byte("No match for LAPSE.EXAMPLE\r\n"))
			_ = c.SetLinger(0)
		}, "", false},
		{"closes at once", func(*net.TCPConn, string) {}, whoisx.Unreachable, false},
		{"only blanks", reply("\r\n \r\n"), whoisx.Unreachable, false},
		{"binary", reply("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\xff\xfe"), whoisx.Unreadable, false},
		{"web page", reply("<html><head><title>404 Not Found</title></head></html>"), whoisx.Unreadable, false},
		{"referral without newline", reply("refer: x"), whoisx.Unreadable, false},
		{"referral to loopback", reply("Registrar WHOIS Server: localhost:22\r\nwhois: 127.0.0.1\r\nrefer: 10.0.0.1"), whoisx.Unreadable, false},
		{"one long line", reply(strings.Repeat("domain status not found ", 2000)), whoisx.Unreadable, false},
	} {
		t.Run(z.what, func(t *testing.T) {
			t.Parallel()
			c := configured(t, serve(t, z.handle), 400*time.Millisecond)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			a := c.Ask(ctx, "lapse.example")
			if ctx.Err() != nil {
				t.Fatal("the client kept no deadline of its own")
			}
			if z.want == "" { // the race between data and reset: never free
				if a.Outcome == whoisx.NotRegistered && a.Why != "" {
					t.Errorf("read %s (%s)", a.Outcome, a.Why)
				}
				return
			}
			if a.Outcome != z.want || a.Truncated != z.cut {
				t.Errorf("read %s (%s), truncated %v; want %s, %v", a.Outcome, a.Why, a.Truncated, z.want, z.cut)
			}
			if a.Outcome != whoisx.Registered && a.Why == "" {
				t.Error("no reason given")
			}
			if len(a.Raw) > maxAnswer+64 {
				t.Errorf("kept %d bytes", len(a.Raw))
			}
		})
	}
}

// TestMemory reads an endless answer often and keeps none of it.
func TestMemory(t *testing.T) {
	block := []byte(strings.Repeat("descr: more of the same\r\n", 400))
	addr := serve(t, func(c *net.TCPConn, _ string) {
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	})
	c := configured(t, addr, 5*time.Second)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	c.Ask(t.Context(), "lapse.example")
	before := heap()
	for range 50 {
		if a := c.Ask(t.Context(), "lapse.example"); !a.Truncated {
			t.Fatalf("read %+v", a.Outcome)
		}
	}
	if after := heap(); after > before+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

// pipe dials into memory: what the other end does is in the test's hands.
func pipe(handle func(c net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		go handle(b)
		return a, nil
	}
}

func TestDeadlineIsAbsolute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := DefaultTable()
		if err := table.Configure("example", "127.0.0.1:4343"); err != nil {
			t.Fatal(err)
		}
		// A byte a second, for ever: every read succeeds in time.
		done := make(chan struct{})
		c := New(Options{Servers: table, NoRoot: true, Timeout: 7 * time.Second, Dial: pipe(func(c net.Conn) {
			defer close(done)
			defer c.Close()
			if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
				return
			}
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})})
		start := time.Now()
		a := c.Ask(t.Context(), "lapse.example")
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("took %s, want the timeout of 7s", took)
		}
		if a.Outcome != whoisx.Unreachable && a.Outcome != whoisx.Unreadable {
			t.Errorf("read %s", a.Outcome)
		}
		<-done
	})
}

func TestCancelCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := DefaultTable()
		if err := table.Configure("example", "127.0.0.1:4343"); err != nil {
			t.Fatal(err)
		}
		closed := make(chan struct{})
		c := New(Options{Servers: table, NoRoot: true, Dial: pipe(func(c net.Conn) {
			defer close(closed)
			r := bufio.NewReader(c)
			_, _ = r.ReadString('\n')
			_, _ = r.ReadByte() // until the client closes
		})})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		start := time.Now()
		a := c.Ask(ctx, "lapse.example")
		if took := time.Since(start); took != 2*time.Second || a.Outcome != whoisx.Unreachable {
			t.Errorf("took %s, read %s (%s)", took, a.Outcome, a.Why)
		}
		<-closed
	})
}

func TestConnClampsDeadlines(t *testing.T) {
	rec := &deadlines{}
	end := time.Now().Add(time.Minute)
	g := guard(context.Background(), rec, end)
	defer g.Close()
	for _, set := range []func(time.Time) error{g.SetDeadline, g.SetReadDeadline, g.SetWriteDeadline} {
		for _, at := range []time.Time{{}, end.Add(time.Hour), end} {
			if err := set(at); err != nil || !rec.last.Equal(end) {
				t.Errorf("a deadline of %v became %v, want %v", at, rec.last, end)
			}
		}
		if early := end.Add(-time.Second); set(early) != nil || !rec.last.Equal(early) {
			t.Error("an earlier deadline must hold")
		}
	}
}

type deadlines struct {
	net.Conn
	last time.Time
}

func (d *deadlines) SetDeadline(t time.Time) error      { d.last = t; return nil }
func (d *deadlines) SetReadDeadline(t time.Time) error  { d.last = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.last = t; return nil }
func (d *deadlines) Close() error                       { return nil }

func TestNamesThatAreNotSent(t *testing.T) {
	dialled := false
	c := New(Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		dialled = true
		return nil, errors.New("no network here")
	}})
	for _, name := range []string{"", "com", "a.com\r\nb.com", "a.com\n", " a.com", "-T dn a.com", "a..com", ".com", "a.com.", "-a.com", "a-.com", "ä.com", "A.COM", "a_b.com", "a.com/e", "1.2.3.4 -x", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 130) + "com"} {
		if a := c.Ask(t.Context(), name); a.Outcome != whoisx.Invalid || a.Why == "" {
			t.Errorf("%q: %s", name, a.Outcome)
		}
		if h := c.Host(name); name != "a.com." && h != "" && !strings.Contains(h, "verisign") {
			t.Errorf("Host(%q) = %q", name, h)
		}
	}
	if dialled {
		t.Error("something was dialled")
	}
}

// TestReferral asks IANA for a suffix that the table lacks, and follows only
// to public addresses.
func TestReferral(t *testing.T) {
	public := netip.MustParseAddr("192.0.47.59")
	answers := map[string]string{
		"zz":       "domain:       ZZ\nwhois:        whois.nic.zz\n",
		"lapse.zz": "No match for lapse.zz\n",
		"yy":       "domain:       YY\nwhois:        localhost\n",
		"xx":       "domain:       XX\nwhois:        whois.private.xx\n",
		"ww":       "domain:       WW\n",
		"vv":       "domain:       OTHER\nwhois:        whois.nic.vv\n",
		"uu":       "refer: x",
		"tt":       "domain:       TT\nwhois:        127.0.0.1\n",
	}
	var asked []string
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := New(Options{
		Now: func() time.Time { return now },
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			if strings.Contains(host, "private") {
				return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::1")}, nil
			}
			return []netip.Addr{public}, nil
		},
		Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
			if addr != "192.0.47.59:43" {
				t.Errorf("dialled %s", addr)
			}
			a, b := net.Pipe()
			go func() {
				defer b.Close()
				q, err := bufio.NewReader(b).ReadString('\n')
				if err != nil {
					return
				}
				q = strings.TrimSpace(q)
				mu.Lock()
				asked = append(asked, q)
				mu.Unlock()
				_, _ = b.Write([]byte(answers[q]))
			}()
			return a, nil
		},
	})
	if got := c.Host("lapse.zz"); got != root {
		t.Errorf("Host = %q before anything is known", got)
	}
	for name, want := range map[string]whoisx.Outcome{
		"lapse.zz": whoisx.NotRegistered, "lapse.yy": whoisx.Unsupported, "lapse.xx": whoisx.Unreachable,
		"lapse.ww": whoisx.Unsupported, "lapse.vv": whoisx.Unreadable, "lapse.uu": whoisx.Unreadable, "lapse.tt": whoisx.Unsupported,
		"lapse.app": whoisx.Unsupported,
	} {
		if a := c.Ask(t.Context(), name); a.Outcome != want || want != whoisx.NotRegistered && a.Why == "" {
			t.Errorf("%s: %s (%s), want %s", name, a.Outcome, a.Why, want)
		}
	}
	if got := c.Host("lapse.zz"); got != "whois.nic.zz" {
		t.Errorf("Host = %q after IANA was asked", got)
	}
	if got := c.Host("lapse.ww"); got != "" {
		t.Errorf("Host = %q of a TLD without WHOIS", got)
	}
	n := len(asked)
	c.Ask(t.Context(), "lapse.zz")
	if len(asked) != n+1 {
		t.Errorf("IANA was asked again: %v", asked[n:])
	}
	now = now.Add(learnedFor + time.Hour)
	if got := c.Host("lapse.zz"); got != root {
		t.Errorf("Host = %q: what was learned has aged out", got)
	}
}

func TestQueryForms(t *testing.T) {
	for name, want := range map[string]string{"lapse.de": "-T dn,ace lapse.de", "lapse.co.jp": "lapse.co.jp/e", "lapse.com": "domain lapse.com", "lapse.uk": "lapse.uk"} {
		got := ""
		c := New(Options{
			Resolve: func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("192.0.47.59")}, nil
			},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				a, b := net.Pipe()
				go func() {
					defer b.Close()
					got, _ = bufio.NewReader(b).ReadString('\n')
				}()
				return a, nil
			},
		})
		c.Ask(t.Context(), name)
		if got != want+"\r\n" {
			t.Errorf("%s: sent %q, want %q", name, got, want)
		}
	}
}

func TestDialFails(t *testing.T) {
	c := configured(t, "127.0.0.1:1", time.Second)
	a := c.Ask(t.Context(), "lapse.example")
	if a.Outcome != whoisx.Unreachable || a.Why == "" || a.Server != "127.0.0.1:1" {
		t.Errorf("read %+v", a)
	}
}

func TestTable(t *testing.T) {
	table := DefaultTable()
	if _, err := time.Parse(time.DateOnly, table.Dated()); err != nil {
		t.Errorf("dated: %v", err)
	}
	for name, want := range map[string]string{"a.com": "whois.verisign-grs.com", "a.co.uk": "whois.nic.uk", "a.uk.com": "whois.centralnic.com", "a.ac.uk": "whois.ja.net", "a.in.ua": "whois.in.ua", "a.com.ua": "whois.ua"} {
		if s, ok := table.Lookup(name); !ok || s.Host != want {
			t.Errorf("%s: %q, want %q", name, s.Host, want)
		}
	}
	if s, ok := table.Lookup("a.app"); !ok || s.Host != "" {
		t.Error(".app has no WHOIS, and the table knows it")
	}
	if _, ok := table.Lookup("a.unknown"); ok {
		t.Error("an unknown suffix was found")
	}
	if err := table.Overlay("whois.toml", []byte("[[server]]\nhost = \"127.0.0.1:4343\"\nsuffixes = [\"uk\"]\nrequests = 2\nper = \"4s\"\n")); err != nil {
		t.Fatal(err)
	}
	if s, _ := table.Lookup("a.co.uk"); s.Host != "127.0.0.1:4343" || !s.Configured || s.Every() != 2*time.Second {
		t.Errorf("overlaid: %+v", s)
	}
	for what, c := range map[string]struct{ text, want string }{
		"unknown key": {"dated = \"2026-01-01\"\n[[server]]\nhost = \"a.b\"\nsufixes = []\n", "line 4"},
		"no TOML":     {"[[server\n", "line 1"},
		"line break":  {"[[server]]\nhost = \"a.b\"\nquery = \"%s\\r\\nx\"\n", "query"},
		"no name":     {"[[server]]\nhost = \"a.b\"\nquery = \"x\"\n", "query"},
		"charset":     {"[[server]]\nhost = \"a.b\"\ncharset = \"klingon\"\n", "charset"},
		"order":       {"[[server]]\nhost = \"a.b\"\ndate_order = \"ymd\"\n", "date_order"},
		"per":         {"[[server]]\nhost = \"a.b\"\nper = \"soon\"\n", "per"},
		"host":        {"[[server]]\nhost = \"a b\"\n", "host"},
		"says":        {"[[server]]\nhost = \"a.b\"\nsays = { \"x\" = \"maybe\" }\n", "outcome"},
	} {
		if err := DefaultTable().Overlay("whois.toml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "whois.toml") {
			t.Errorf("%s: %v, want %q in it", what, err, c.want)
		}
	}
	for _, bad := range []string{"", "a b", "host:0", "host:99999", "user@host"} {
		if err := table.Configure("example", bad); err == nil {
			t.Errorf("configured %q", bad)
		}
	}
}
