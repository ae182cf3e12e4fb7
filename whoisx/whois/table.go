package whois

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/whoisx"
)

//go:embed servers.toml
var serversTOML []byte

// Server is one registry's WHOIS server and how it wants to be asked.
type Server struct {
	// Host is a host name; a configured one may carry a port and may be an
	// address. The port is 43 (RFC 3912 §2) where none is given.
	Host     string   `toml:"host"`
	Suffixes []string `toml:"suffixes"`
	// Query is the question, with %s for the name; "" is the bare name.
	Query string `toml:"query"`
	// Charset is the encoding of the answers, as the IANA names it; "" means
	// UTF-8, or Latin-1 where that fails.
	Charset string `toml:"charset"`
	// DateOrder is "dmy" where 04/06/2003 is the fourth of June, "mdy" where it
	// is the sixth of April, "" where the TLD's habit holds.
	DateOrder string `toml:"date_order"`
	// Says gives words of this server an outcome of their own: a status
	// ("not available"), or the beginning of a line. Both are compared in
	// lower case without punctuation.
	Says map[string]whoisx.Outcome `toml:"says"`
	// Bare: the server leaves the suffix out where it names a domain.
	Bare bool `toml:"bare"`
	// Registry is the holder by which the registry keeps names for itself:
	// they are reserved, whatever dates and name servers they have.
	Registry string `toml:"registry"`

	// Known limits: Requests in Per, PerDay in 24 hours; zero where none is
	// published.
	Requests int    `toml:"requests"`
	Per      string `toml:"per"`
	PerDay   int    `toml:"per_day"`
	Limits   string `toml:"limits_source"`

	// Configured marks a server that a person named: it may be private.
	Configured bool `toml:"-"`
}

// Every returns the pause between two requests that the server's known limit
// asks for; 0 where no limit is known.
func (s Server) Every() time.Duration {
	per, err := time.ParseDuration(s.Per)
	if err != nil || s.Requests <= 0 {
		return 0
	}
	return per / time.Duration(s.Requests)
}

type tableFile struct {
	Dated   string   `toml:"dated"`
	None    []string `toml:"none"`
	Servers []Server `toml:"server"`
}

// Table says which WHOIS server serves a suffix. It is safe for concurrent
// use.
type Table struct {
	mu     sync.RWMutex
	dated  string
	suffix map[string]*Server // by suffix; a nil server: none exists
	host   map[string]*Server // by host, for Classify
}

// DefaultTable returns a new copy of the embedded, dated table.
func DefaultTable() *Table {
	t := &Table{suffix: map[string]*Server{}, host: map[string]*Server{}}
	if err := t.merge("servers.toml", serversTOML, false); err != nil {
		panic(err) // embedded data that a test reads
	}
	return t
}

// embedded is what Classify knows of servers: the embedded table, never a
// person's.
var embedded = sync.OnceValue(DefaultTable)

// Overlay lays a file of the same shape over the table. What a person names
// there counts as configured: it may carry a port and be a private address.
// Unknown keys are errors that name the file and line.
func (t *Table) Overlay(path string, data []byte) error { return t.merge(path, data, true) }

// Configure names the server of one suffix, as host or host:port. It may be a
// private address. How it is asked stays as the table has it for the suffix.
func (t *Table) Configure(suffix, hostport string) error {
	suffix = strings.ToLower(strings.Trim(suffix, "."))
	if suffix == "" || hostport == "" {
		return errors.New("configure a WHOIS server: a suffix and a host are needed")
	}
	if _, _, err := splitHost(hostport); err != nil {
		return fmt.Errorf("configure the WHOIS server of .%s: %w", suffix, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &Server{}
	if old := t.suffix[suffix]; old != nil {
		*s = *old
	}
	s.Host, s.Suffixes, s.Configured = strings.ToLower(hostport), []string{suffix}, true
	t.suffix[suffix] = s
	t.host[s.Host] = s
	return nil
}

func (t *Table) merge(path string, data []byte, configured bool) error {
	var f tableFile
	dec := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			row, _ := strict.Errors[0].Position()
			return fmt.Errorf("read %s: line %d: unknown key %s", path, row, strings.Join(strict.Errors[0].Key(), "."))
		}
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			row, _ := bad.Position()
			return fmt.Errorf("read %s: line %d: %w", path, row, err)
		}
		return fmt.Errorf("read %s: %w", path, err)
	}
	for i := range f.Servers {
		s := &f.Servers[i]
		s.Host = strings.ToLower(s.Host)
		s.Configured = configured
		if _, _, err := splitHost(s.Host); err != nil {
			return fmt.Errorf("read %s: server %d: %w", path, i+1, err)
		}
		if s.Query != "" && strings.Count(s.Query, "%s") != 1 || strings.ContainsAny(s.Query, "\r\n") {
			return fmt.Errorf("read %s: server %s: query must hold %%s once and no line break", path, s.Host)
		}
		if s.Charset != "" && charsetOf(s.Charset) == nil {
			return fmt.Errorf("read %s: server %s: unknown charset %q", path, s.Host, s.Charset)
		}
		if s.Per != "" {
			if _, err := time.ParseDuration(s.Per); err != nil {
				return fmt.Errorf("read %s: server %s: per: %w", path, s.Host, err)
			}
		}
		if s.DateOrder != "" && s.DateOrder != "dmy" && s.DateOrder != "mdy" {
			return fmt.Errorf("read %s: server %s: date_order must be dmy or mdy", path, s.Host)
		}
		for words, o := range s.Says {
			if !o.SaysSomething() && o != whoisx.Invalid && o != whoisx.RateLimited && o != whoisx.Refused && o != whoisx.Unsupported && o != whoisx.Unreachable {
				return fmt.Errorf("read %s: server %s: says: %q is no outcome: %s", path, s.Host, words, o)
			}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.Dated != "" {
		t.dated = f.Dated
	}
	for _, tld := range f.None {
		t.suffix[strings.ToLower(tld)] = nil
	}
	for i := range f.Servers {
		s := &f.Servers[i]
		t.host[s.Host] = s
		for _, x := range s.Suffixes {
			t.suffix[strings.ToLower(strings.Trim(x, "."))] = s
		}
	}
	return nil
}

// Dated is the day on which the table was last checked, as a full-date.
func (t *Table) Dated() string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.dated
}

// Lookup returns the server for a name: that of its longest suffix in the
// table. Found is false where the table does not know the suffix; a zero
// Server with found true means that the suffix has no WHOIS.
func (t *Table) Lookup(name string) (s Server, found bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for rest := name; ; {
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return Server{}, false
		}
		rest = rest[i+1:]
		if p, ok := t.suffix[rest]; ok {
			if p == nil {
				return Server{}, true
			}
			return *p, true
		}
	}
}

// Servers returns every server of the table once, in no order, so that
// known limits can seed budgets.
func (t *Table) Servers() []Server {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]Server, 0, len(t.host))
	for _, s := range t.host {
		out = append(out, *s)
	}
	return out
}

// server returns what the table knows of a host, nil if nothing.
func (t *Table) server(host string) *Server {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.host[host]
}

// splitHost takes "host", "host:port", "[v6]:port" or a bare v6 address apart.
func splitHost(s string) (host string, port uint16, err error) {
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		host, p = strings.Trim(s, "[]"), "43"
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q: port must be 1 to 65535", s)
	}
	if host == "" || strings.ContainsAny(host, " \t\r\n/@") {
		return "", 0, fmt.Errorf("%q is not a host or host:port", s)
	}
	return host, uint16(n), nil
}
