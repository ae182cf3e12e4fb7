package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/rdap"
)

// maxSaved is how much of a saved answer is read; the parsers have their own
// caps below it.
const maxSaved = 16 << 20

// savedAnswers are answers in files. The first of each kind belong to the first
// time, the second to the second: earlier ones are the name's history.
type savedAnswers struct {
	whois, servers, rdap []string
	status               []int
	at                   []string
}

func (a *app) explainCommand() *cobra.Command {
	var files savedAnswers
	cmd := &cobra.Command{
		Use:   "explain NAME",
		Short: "Say what was concluded, from which lines, and why not something else",
		Long: `Explain a verdict: from the answers that are kept of a name on the list, or
from answers that you saved. With a file nothing is asked and nothing is
stored, so that a wrong verdict can be reported and mended.

Where --at is given more than once, each time has its own file of every kind,
oldest first; what they show one after the other is the name's history.`,
		Example: `  lapse explain tinplate.com
  lapse explain example.com --whois answer.txt --server whois.verisign-grs.com
  lapse explain example.com --rdap answer.json --http-status 404 --at 2026-11-10T17:42:00Z --json
  lapse explain example.com --rdap may.json --at 2026-05-01T12:00Z --rdap june.json --at 2026-06-01T12:00Z`,
		GroupID: groupLook,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			times := []time.Time{a.now().UTC()}
			for i, at := range files.at {
				t, err := parseMoment(at)
				if err != nil {
					return err
				}
				times = append(times[:i], t)
			}
			if err := files.alone(cmd.Flags().Changed("http-status")); err != nil {
				return err
			}
			saved := len(files.whois)+len(files.rdap) > 0
			n, err := a.parseName(args[0])
			if err != nil {
				if !saved {
					return err
				}
				// A saved answer is read whatever name it is about.
				if n, err = anyHost(args[0], err); err != nil {
					return err
				}
			}
			var look watch.Look
			if saved {
				look, err = a.explainSaved(n, files, times)
			} else {
				look, err = a.explainKept(cmd, n, times[len(times)-1])
			}
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(explainLook(look))
			}
			return a.printExplained(explainLook(look))
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&files.whois, "whois", nil, "a saved WHOIS answer (`file`, or - for standard input)")
	f.StringArrayVar(&files.servers, "server", nil, "the WHOIS `host` that gave it")
	f.StringArrayVar(&files.rdap, "rdap", nil, "a saved RDAP answer (`file`, or - for standard input)")
	f.IntSliceVar(&files.status, "http-status", []int{200}, "the HTTP `status` that came with it")
	f.StringArrayVar(&files.at, "at", nil, "the `time` of the answer (default: now)")
	return cmd
}

// alone refuses what belongs to an answer that was not given, and a status that
// is none: three digits (RFC 9112 §4).
func (f savedAnswers) alone(status bool) error {
	switch {
	case len(f.servers) > 0 && len(f.whois) == 0:
		return coded(exitUsage, errors.New("explain: --server says who gave a WHOIS answer; --whois names its file"))
	case status && len(f.rdap) == 0:
		return coded(exitUsage, errors.New("explain: --http-status came with an RDAP answer; --rdap names its file"))
	}
	for _, n := range f.status {
		if n < 100 || n > 999 {
			return coded(exitUsage, fmt.Errorf("explain: --http-status %d is none; they have three digits", n))
		}
	}
	return nil
}

// check wants a file of every kind that is used for each time, or one for all.
func (f savedAnswers) check(times int) error {
	for _, k := range []struct {
		flag string
		n    int
		one  bool // one stands for all
	}{
		{"--rdap", len(f.rdap), false}, {"--whois", len(f.whois), false}, {"--server", len(f.servers), true}, {"--http-status", len(f.status), true},
	} {
		if k.n != 0 && k.n != times && (!k.one || k.n != 1) {
			return coded(exitUsage, fmt.Errorf("explain: %d of %s for %d times; each --at has its own, oldest first", k.n, k.flag, times))
		}
	}
	return nil
}

// nth is what belongs to one of several times: its own, or the one for all.
func nth[T any](of []T, i int) (v T) {
	switch {
	case i < len(of):
		return of[i]
	case len(of) == 1:
		return of[0]
	}
	return v
}

func (a *app) explainSaved(n watch.Name, files savedAnswers, times []time.Time) (watch.Look, error) {
	if err := files.check(len(times)); err != nil {
		return watch.Look{}, err
	}
	cfg, err := a.config()
	if err != nil {
		return watch.Look{}, err
	}
	book, err := cfg.Rules()
	if err != nil {
		return watch.Look{}, err
	}
	houses, err := cfg.Houses()
	if err != nil {
		return watch.Look{}, err
	}
	reserved, err := cfg.Reserved()
	if err != nil {
		return watch.Look{}, err
	}
	servers, err := cfg.WHOISServers()
	if err != nil {
		return watch.Look{}, err
	}
	l := watch.Look{Name: n}
	var before *lifecycle.Seen
	for i, at := range times {
		l.At, l.Answers = at, nil
		if i < len(files.rdap) {
			raw, err := a.readSaved(files.rdap[i])
			if err != nil {
				return l, err
			}
			l.Answers = append(l.Answers, rdap.Explain(raw, nth(files.status, i), string(n), at))
		}
		if i < len(files.whois) {
			raw, err := a.readSaved(files.whois[i])
			if err != nil {
				return l, err
			}
			l.Answers = append(l.Answers, servers.Read(raw, nth(files.servers, i), string(n), at))
		}
		in := lifecycle.Input{Name: string(n), Rule: book.Rule(string(n)), Answers: l.Answers, Before: before, Now: at, Houses: houses, Reserved: reserved}
		l.Verdict = lifecycle.Decide(in)
		seen := lifecycle.Remember(in, l.Verdict)
		before = &seen
	}
	return l, nil
}

func (a *app) explainKept(cmd *cobra.Command, n watch.Name, at time.Time) (watch.Look, error) {
	s, err := a.open(cmd.Context(), needStore)
	if err != nil {
		return watch.Look{}, err
	}
	d, err := s.Get(cmd.Context(), n)
	if err != nil {
		return watch.Look{}, notListed(n, err)
	}
	l := watch.Look{Name: n, At: at, Answers: d.Answers, Verdict: d.Verdict}
	if cmd.Flags().Changed("at") {
		houses, err := a.cfg.Houses()
		if err != nil {
			return l, err
		}
		reserved, err := a.cfg.Reserved()
		if err != nil {
			return l, err
		}
		l.Verdict = lifecycle.Decide(lifecycle.Input{Name: string(n), Rule: d.Rule, Answers: d.Answers, Now: at, Houses: houses, Reserved: reserved})
	}
	return l, nil
}

func (a *app) readSaved(path string) ([]byte, error) {
	r := a.input()
	if path != "-" {
		if !a.own { // never a file of the server's
			return nil, coded(exitGuard, errors.New("read saved answer: give it on standard input, as -"))
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read saved answer: %w", err)
		}
		defer f.Close()
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, maxSaved+1))
	if err != nil {
		return nil, fmt.Errorf("read saved answer: %w", err)
	}
	if len(data) > maxSaved {
		return nil, fmt.Errorf("read saved answer %s: more than %d MiB", path, maxSaved>>20)
	}
	return data, nil
}

// anyHost takes a host name that cannot be registered (a suffix, a name two
// labels below one) as it stands.
func anyHost(s string, err error) (watch.Name, error) {
	s = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), "."))
	if s == "" || len(s) > 253 || !strings.Contains(s, ".") {
		return "", err
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' {
			return "", err
		}
	}
	return watch.Name(s), nil
}

func (a *app) printExplained(e explained) error {
	a.printLook(watch.Look{Name: watch.Name(e.Name), Verdict: e.Verdict, Answers: e.Answers})
	var errs []error
	for _, ev := range e.Evidence {
		errs = append(errs, a.printf("  %s line %d: %s\n      says: %s\n", ev.Source, ev.Line, ev.Text, whoisx.CleanLine(ev.Says)))
	}
	return errors.Join(errs...)
}
