package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/zalando/go-keyring"

	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx/rdap"
	"github.com/lapse-dev/lapse/whoisx/whois"
)

// finding is one line of `lapse doctor`.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
	Do   string `json:"do,omitempty"` // the next step
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Check configuration, database, secrets, clock, network and the age of the facts",
		Example: "  lapse doctor\n  lapse doctor --json",
		GroupID: groupProgram,
		Args:    noWords,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	var fs []finding
	cfg, err := a.config()
	if err != nil {
		fs = append(fs, finding{"configuration", false, err.Error(), "mend the file; lapse config shows what is in effect"})
	} else {
		says := cfg.Paths.Config
		if _, err := os.Stat(says); err != nil {
			says += " is not there: defaults"
		}
		fs = append(fs, finding{What: "configuration", OK: true, Says: says})
		fs = append(fs, a.doctorDatabase(ctx, cfg), doctorKeyring(cfg))
		fs = append(fs, doctorAccounts(ctx, cfg)...)
		fs = append(fs, doctorClock(ctx, cfg))
		fs = append(fs, doctorNetwork(ctx, cfg)...)
		fs = append(fs, doctorFacts(cfg)...)
	}
	if a.flags.json {
		if err := a.writeJSON(list(fs)); err != nil {
			return err
		}
	} else {
		t := &table{head: []string{"", "WHAT", "SAYS", "DO"}}
		for _, f := range fs {
			t.add(map[bool]string{true: "ok", false: "!!"}[f.OK], f.What, f.Says, f.Do)
		}
		if err := a.writeTable(t); err != nil {
			return err
		}
	}
	for _, f := range fs {
		if !f.OK {
			return silent(exitFailed)
		}
	}
	return nil
}

func (a *app) doctorDatabase(ctx context.Context, cfg *config.Loaded) finding {
	f := finding{What: "database", Says: cfg.Paths.DB}
	s, err := store.Open(ctx, cfg.Paths.DB, store.Options{ReadOnly: true, Now: a.now})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.OK, f.Says = true, cfg.Paths.DB+" is not there yet: the first command makes it"
	case err != nil:
		f.Says, f.Do = err.Error(), "lapse db restore FILE"
	default:
		err := errors.Join(s.Check(ctx), s.Close())
		f.OK = err == nil
		if err != nil {
			f.Says, f.Do = err.Error(), "lapse db restore FILE"
		}
	}
	return f
}

// doctorKeyring asks for an entry that is not there: a keyring that works says
// just that.
func doctorKeyring(cfg *config.Loaded) finding {
	needed := false
	for _, acc := range cfg.Account {
		needed = needed || strings.HasPrefix(acc.Secret+acc.APIKey, "keyring:")
	}
	_, err := keyring.Get(config.KeyringService, "doctor-asks-whether-it-works")
	if err == nil || errors.Is(err, keyring.ErrNotFound) {
		return finding{What: "keyring", OK: true, Says: "works"}
	}
	if !needed {
		return finding{What: "keyring", OK: true, Says: "there is none here, and no account needs one", Do: "keep secrets by file: or command:"}
	}
	return finding{What: "keyring", Says: "an account keeps its secret there, and it cannot be asked: " + err.Error(), Do: "keep the secret by file: or command:"}
}

func doctorAccounts(ctx context.Context, cfg *config.Loaded) []finding {
	book, err := cfg.Terms()
	if err != nil {
		return []finding{{What: "terms", Says: err.Error(), Do: "mend terms.toml"}}
	}
	var out []finding
	for _, name := range slices.Sorted(maps.Keys(cfg.Account)) {
		f := finding{What: "account " + name, OK: true, Says: "set up; not asked"}
		c, err := accountConfig(ctx, cfg, name, book)
		if err == nil {
			_, err = openRoutes(cfg, c, nil)
		}
		if err != nil {
			f.OK, f.Says = false, err.Error()
		} else {
			f.Do = "lapse account test " + name + " asks it"
		}
		out = append(out, f)
	}
	return out
}

func doctorClock(ctx context.Context, cfg *config.Loaded) finding {
	f := finding{What: "clock", OK: true}
	if len(cfg.Clock.NTP) == 0 || cfg.Lookup.Offline {
		f.Says = "not compared: no time server is asked"
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second)
	defer cancel()
	readings, err := burst.AskNTP(ctx, cfg.Clock.NTP, dialer(cfg))
	if err != nil || len(readings) == 0 {
		f.OK, f.Says, f.Do = false, "no time server answered", "allow UDP port 123, or name others in [clock] ntp"
		return f
	}
	c := burst.Combine(readings, time.Now())
	f.Says = c.String()
	if c.Offset.Abs() > 500*time.Millisecond {
		f.OK, f.Do = false, "let the machine follow a time server: bursts correct for it, schedules and logs do not"
	}
	return f
}

// factsOld is when embedded facts deserve a newer version of lapse.
const factsOld = 200 * 24 * time.Hour

// doctorFacts says how old the facts are that rot.
func doctorFacts(cfg *config.Loaded) []finding {
	oldest := func(what string, dates []string) finding {
		f := finding{What: "facts: " + what, OK: true}
		var first time.Time
		for _, d := range dates {
			t, err := time.Parse("2006-01-02", d)
			if err != nil {
				if t, err = time.Parse("2006-01", d); err != nil {
					continue
				}
			}
			if first.IsZero() || t.Before(first) {
				first = t
			}
		}
		if first.IsZero() {
			f.Says = "undated"
			return f
		}
		f.Says = fmt.Sprintf("the oldest is of %s", first.Format("January 2006"))
		if time.Since(first) > factsOld {
			f.Do = "check them, or install a newer lapse; a file in " + cfg.Paths.Folder + " overrides"
		}
		return f
	}
	var out []finding
	if book, err := cfg.Rules(); err != nil {
		out = append(out, finding{What: "facts: rules", Says: err.Error(), Do: "mend rules.toml"})
	} else {
		var ds []string
		for _, r := range book.Rules() {
			ds = append(ds, r.Seen)
		}
		out = append(out, oldest(fmt.Sprintf("%d TLD rules", len(ds)), ds))
	}
	if book, err := cfg.Terms(); err == nil {
		var ds []string
		for _, t := range book.All() {
			ds = append(ds, t.Seen)
		}
		out = append(out, oldest("terms", ds))
	}
	if ps, err := cfg.Policies(); err != nil {
		out = append(out, finding{What: "facts: policies", Says: err.Error(), Do: "mend policies.toml"})
	} else {
		var ds []string
		for _, p := range ps.All() {
			ds = append(ds, p.Seen)
		}
		out = append(out, oldest("policies", ds))
	}
	if as, err := cfg.Answers(); err != nil {
		out = append(out, finding{What: "facts: nexus answers", Says: err.Error(), Do: "mend answers.toml"})
	} else {
		var ds []string
		for _, n := range as.All() {
			ds = append(ds, n.Seen)
		}
		out = append(out, oldest("nexus answers", ds))
	}
	out = append(out, oldest("WHOIS servers", []string{whois.DefaultTable().Dated()}))
	b := rdap.NewBootstrap(rdap.BootstrapOptions{})
	_, day := b.Dated()
	return append(out, oldest("RDAP servers", []string{day}))
}
