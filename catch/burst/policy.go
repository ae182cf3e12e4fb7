package burst

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

//go:embed policies.toml
var embedded []byte

// Policy is what a registry allows one account, and what breaking it costs.
// The burst never exceeds it; nothing turns it off. A limit of zero is not
// known or does not exist. See policies.toml for what each key means.
type Policy struct {
	ID         string   `toml:"id" json:"id"`
	Title      string   `toml:"title" json:"title"`
	TLDs       []string `toml:"tlds" json:"tlds,omitempty"`
	Source     string   `toml:"source" json:"source"`
	Seen       string   `toml:"seen" json:"seen"`
	Confidence string   `toml:"confidence" json:"confidence"`
	Assumed    []string `toml:"assumed" json:"assumed,omitempty"`
	Who        string   `toml:"who" json:"who"` // who can have such an account at all

	Sessions         int      `toml:"sessions" json:"sessions"`
	PerSecond        float64  `toml:"per_second" json:"per_second,omitempty"`
	PerMinute        int      `toml:"per_minute" json:"per_minute,omitempty"`
	SessionPerSecond float64  `toml:"session_per_second" json:"session_per_second,omitempty"`
	SessionLife      Duration `toml:"session_life" json:"session_life_ns,omitempty"`
	SessionCommands  int      `toml:"session_commands" json:"session_commands,omitempty"`
	Idle             Duration `toml:"idle" json:"idle_ns,omitempty"`
	LoginPause       Duration `toml:"login_pause" json:"login_pause_ns,omitempty"`   // the first command after a login waits
	LoginWithin      Duration `toml:"login_within" json:"login_within_ns,omitempty"` // of the connection
	TakenLimit       int      `toml:"taken_limit" json:"taken_limit,omitempty"`
	TakenWindow      Duration `toml:"taken_window" json:"taken_window_ns,omitempty"`
	TakenDelay       Duration `toml:"taken_delay" json:"taken_delay_ns,omitempty"`
	ErrorDelay       Duration `toml:"error_delay" json:"error_delay_ns,omitempty"`
	TakenHits        int      `toml:"taken_hits" json:"taken_hits,omitempty"`
	ErrorHits        int      `toml:"error_hits" json:"error_hits,omitempty"`
	HitLimit         int      `toml:"hit_limit" json:"hit_limit,omitempty"`
	HitGrace         Duration `toml:"hit_grace" json:"hit_grace_ns,omitempty"`
	BlockFor         Duration `toml:"block_for" json:"block_for_ns,omitempty"`
	Penalty          string   `toml:"penalty" json:"penalty,omitempty"`
	NameCreates      int      `toml:"name_creates" json:"name_creates"`
	Early            string   `toml:"early" json:"early"`
	Repeats          string   `toml:"repeats" json:"repeats"`
	SessionFrom      string   `toml:"session_from" json:"session_from,omitempty"`
	SessionTo        string   `toml:"session_to" json:"session_to,omitempty"`

	Origin string `toml:"-" json:"origin"` // the file it comes from
}

// Duration is a time span that is written with its unit.
type Duration time.Duration

// UnmarshalText reads "12s", "24h".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is no duration like 12s or 24h", b)
	}
	*d = Duration(v)
	return nil
}

// Std is the duration as the standard library knows it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Policies is the list of policies: the embedded ones and the person's own.
type Policies struct{ list []Policy }

// DefaultPolicies returns the embedded policies.
func DefaultPolicies() *Policies {
	p := &Policies{}
	if err := p.Overlay("policies.toml (built in)", embedded); err != nil {
		panic(err) // embedded data that a test reads
	}
	return p
}

// Overlay replaces policies by id and adds new ones. An unknown key or a value
// that makes no sense is an error that names the file and the line.
func (p *Policies) Overlay(path string, data []byte) error {
	var f struct {
		Policy []Policy `toml:"policy"`
	}
	if err := ReadStrict("policies", path, data, &f); err != nil {
		return err
	}
	for _, n := range f.Policy {
		n.Origin = path
		if err := n.check(); err != nil {
			return fmt.Errorf("read policies %s: policy %q: %w", path, n.ID, err)
		}
		if i := slices.IndexFunc(p.list, func(o Policy) bool { return o.ID == n.ID }); i >= 0 {
			p.list[i] = n
		} else {
			p.list = append(p.list, n)
		}
	}
	return nil
}

// ReadStrict reads a file of facts. An unknown key or a value of another kind is
// an error that names the file and the line.
func ReadStrict(what, path string, data []byte, into any) error {
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(into)
	var strict *toml.StrictMissingError
	var dec *toml.DecodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		line, _ := strict.Errors[0].Position()
		return fmt.Errorf("read %s %s:%d: unknown key %q", what, path, line, strings.Join(strict.Errors[0].Key(), "."))
	case errors.As(err, &dec):
		line, col := dec.Position()
		return fmt.Errorf("read %s %s:%d:%d: %w", what, path, line, col, err)
	}
	return fmt.Errorf("read %s %s: %w", what, path, err)
}

func (p Policy) check() error {
	switch {
	case p.ID == "":
		return errors.New("it has no id")
	case p.Source == "" || p.Seen == "":
		return errors.New("it has no source, or no month in which that was seen")
	case p.Sessions < 1:
		return errors.New("sessions must be at least 1")
	case p.NameCreates < 1:
		return errors.New("name_creates must be at least 1")
	case p.PerSecond < 0 || p.PerMinute < 0 || p.SessionPerSecond < 0 || p.TakenLimit < 0 || p.SessionCommands < 0:
		return errors.New("a limit is below zero")
	case p.PerSecond == 0 && p.PerMinute == 0 && p.SessionPerSecond == 0:
		return errors.New("it limits neither per_second nor per_minute nor session_per_second")
	case slices.ContainsFunc([]Duration{
		p.SessionLife, p.Idle, p.LoginPause, p.LoginWithin, p.TakenWindow, p.TakenDelay, p.ErrorDelay, p.HitGrace, p.BlockFor,
	}, func(d Duration) bool { return d < 0 || d > 0 && d.Std() < time.Millisecond }):
		return errors.New(`a duration has no unit: write it like "12s"`)
	case p.Early != "counted" && p.Early != "punished":
		return errors.New(`early must be "counted" or "punished"`)
	}
	return nil
}

// All lists the policies.
func (p *Policies) All() []Policy { return slices.Clone(p.list) }

// ByID returns a policy by its id.
func (p *Policies) ByID(id string) (Policy, bool) {
	for _, x := range p.list {
		if x.ID == id {
			return x, true
		}
	}
	return Policy{}, false
}

// For returns the policy for a name: by its zone, then by its TLD, then the
// generic one.
func (p *Policies) For(name string) Policy {
	_, zone, _ := strings.Cut(strings.ToLower(name), ".")
	tld := zone[strings.LastIndexByte(zone, '.')+1:]
	for _, want := range []string{zone, tld} {
		for _, x := range p.list {
			if slices.Contains(x.TLDs, want) {
				return x
			}
		}
	}
	g, _ := p.ByID("generic")
	return g
}

// Allowance is how many creates on existing names the policy allows in its
// window; 0 means that it sets no limit.
func (p Policy) Allowance() int {
	n := p.TakenLimit
	if p.TakenHits > 0 && p.HitLimit > 0 {
		// One below the limit: reaching it is what blocks.
		h := (p.HitLimit - 1) / p.TakenHits
		if n == 0 || h < n {
			n = h
		}
	}
	return n
}

// Window is how long a create on an existing name counts.
func (p Policy) Window() time.Duration {
	if p.TakenWindow > 0 {
		return p.TakenWindow.Std()
	}
	return 24 * time.Hour
}

// Words says in one line what the policy allows.
func (p Policy) Words() string {
	var s []string
	s = append(s, fmt.Sprintf("%d sessions", p.Sessions))
	if p.PerSecond > 0 {
		s = append(s, fmt.Sprintf("%g commands a second", p.PerSecond))
	}
	if p.SessionPerSecond > 0 {
		s = append(s, fmt.Sprintf("%g a second and session", p.SessionPerSecond))
	}
	if p.PerMinute > 0 {
		s = append(s, fmt.Sprintf("%d a minute", p.PerMinute))
	}
	if n := p.Allowance(); n > 0 {
		s = append(s, fmt.Sprintf("%d creates on existing names in %s", n, p.Window()))
	}
	return strings.Join(s, ", ") + " (" + p.Confidence + ", " + p.Seen + ")"
}
