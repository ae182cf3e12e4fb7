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
	"github.com/lapse-dev/lapse/whoisx/whois"
)

// maxSaved is how much of a saved answer is read; the parsers have their own
// caps below it.
const maxSaved = 16 << 20

func (a *app) explainCommand() *cobra.Command {
	var whoisFile, server, rdapFile, at string
	var status int
	cmd := &cobra.Command{
		Use:   "explain NAME",
		Short: "Say what was concluded, from which lines, and why not something else",
		Long: `Explain a verdict: from the answers that are kept of a name on the list, or
from answers that you saved. With a file nothing is asked and nothing is
stored, so that a wrong verdict can be reported and mended.`,
		Example: `  lapse explain tinplate.com
  lapse explain example.com --whois answer.txt --server whois.verisign-grs.com
  lapse explain example.com --rdap answer.json --http-status 404 --at 2026-11-10T17:42:00Z --json`,
		GroupID: groupLook,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			now := a.now().UTC()
			if at != "" {
				t, err := parseMoment(at)
				if err != nil {
					return err
				}
				now = t
			}
			saved := whoisFile != "" || rdapFile != ""
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
				look, err = a.explainSaved(n, now, whoisFile, server, rdapFile, status)
			} else {
				look, err = a.explainKept(cmd, n, now)
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
	f.StringVar(&whoisFile, "whois", "", "a saved WHOIS answer (`file`, or - for standard input)")
	f.StringVar(&server, "server", "", "the WHOIS `host` that gave it")
	f.StringVar(&rdapFile, "rdap", "", "a saved RDAP answer (`file`, or - for standard input)")
	f.IntVar(&status, "http-status", 200, "the HTTP status that came with it")
	f.StringVar(&at, "at", "", "the `time` of the answer (default: now)")
	return cmd
}

func (a *app) explainSaved(n watch.Name, at time.Time, whoisFile, server, rdapFile string, status int) (watch.Look, error) {
	cfg, err := a.config()
	if err != nil {
		return watch.Look{}, err
	}
	book, err := cfg.rules()
	if err != nil {
		return watch.Look{}, err
	}
	houses, err := cfg.houses()
	if err != nil {
		return watch.Look{}, err
	}
	l := watch.Look{Name: n, At: at}
	if rdapFile != "" {
		raw, err := a.readSaved(rdapFile)
		if err != nil {
			return l, err
		}
		l.Answers = append(l.Answers, rdap.Explain(raw, status, string(n), at))
	}
	if whoisFile != "" {
		raw, err := a.readSaved(whoisFile)
		if err != nil {
			return l, err
		}
		answer := whois.Classify(raw, server, string(n), at)
		whois.Fill(&answer, whoisx.Clean(string(raw)))
		l.Answers = append(l.Answers, answer)
	}
	l.Verdict = lifecycle.Decide(lifecycle.Input{Name: string(n), Rule: book.Rule(string(n)), Answers: l.Answers, Now: at, Houses: houses})
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
		l.Verdict = lifecycle.Decide(lifecycle.Input{Name: string(n), Rule: d.Rule, Answers: d.Answers, Now: at})
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
