package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// claimer is a route that can ask whether claims stand against a name.
type claimer interface {
	Describe() catch.Description
	Open(name string) (bool, string)
	Claims(ctx context.Context, name string) ([]string, error)
}

// claimed is what `lapse launch claims` writes as JSON.
type claimed struct {
	Name   watch.Name               `json:"name"`
	Route  string                   `json:"route"`
	Keys   []string                 `json:"claim_keys"`
	Notice *eppaccount.ClaimsNotice `json:"notice,omitempty"`
}

func (a *app) launchClaimsCommand() *cobra.Command {
	var via, file string
	cmd := &cobra.Command{
		Use:     "claims NAME --via ROUTE",
		Short:   "Ask the registry whether trade mark claims stand against a name, and show the notice",
		Example: "  lapse launch claims acorn.fraud --via dyn",
		Long: `Ask over one's own EPP account whether trade mark claims stand against a name.
The keys lead to the claims notice at the clearinghouse; --notice shows one that
was saved. An order in the claims phase needs it: lapse order NAME --via ROUTE
--launch-phase claims --notice FILE asks whether you accept it, and keeps its id
and the time.`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if _, err := a.open(cmd.Context(), needStore); err != nil {
				return err
			}
			routes, _, err := a.routes(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			for _, r := range routes {
				c, ok := r.(claimer)
				if !ok || via != "" && r.Describe().Route != via {
					continue
				}
				if open, why := c.Open(string(n)); !open {
					if via == "" {
						continue
					}
					return coded(exitGuard, fmt.Errorf("claims: %s is not open to you for %s: %s", via, n.Display(), why))
				}
				keys, err := c.Claims(cmd.Context(), string(n))
				if err != nil {
					return fmt.Errorf("claims: %w", err)
				}
				out := claimed{Name: n, Route: c.Describe().Route, Keys: list(keys)}
				if file != "" {
					if out.Notice, err = a.readNotice(file); err != nil {
						return err
					}
				}
				if a.flags.json {
					return a.writeJSON(out)
				}
				if len(keys) == 0 {
					return a.printf("%s: no claim; no notice is needed\n", n.Display())
				}
				for _, k := range keys {
					if err := a.printf("claim\t%s\n", whoisx.CleanLine(k)); err != nil {
						return err
					}
				}
				if out.Notice != nil {
					return a.printf("%s", noticeText(*out.Notice))
				}
				return nil
			}
			return withHint(coded(exitNotFound, fmt.Errorf("no EPP account here can ask about claims on %s", n.Display())), "lapse account add --help")
		},
	}
	cmd.Flags().StringVar(&via, "via", "", "the `route` (default: the first that can)")
	cmd.Flags().StringVar(&file, "notice", "", "show the notice of a `file`")
	return cmd
}

func (a *app) readNotice(file string) (*eppaccount.ClaimsNotice, error) {
	raw, err := a.readImport(file)
	if err != nil {
		return nil, err
	}
	n, err := eppaccount.ReadNotice(bytes.NewReader(raw))
	if err != nil {
		return nil, coded(exitUsage, err)
	}
	return &n, nil
}

func noticeText(n eppaccount.ClaimsNotice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Trade mark claims notice %s, valid until %s\n", n.ID, n.NotAfter.UTC().Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(&b, "Somebody holds these marks; registering %q for what they cover may infringe their rights.\n", n.Label)
	for _, c := range n.Claims {
		fmt.Fprintf(&b, "  %s, held by %s (%s): %s\n", c.Mark, c.Holder, c.Jurisdiction, c.Goods)
	}
	return b.String()
}

// launchFlags are the phase in which an order is sent.
type launchFlags struct {
	phase, notice, accept string
	marks                 []string
	apply                 bool
}

// launchConsents turns the flags into what the order keeps. The notice is
// shown, and a person accepts it; in a script its id has to be written.
func (a *app) launchConsents(n watch.Name, f launchFlags) ([]string, error) {
	if f.phase == "" {
		if f.apply || f.notice != "" || len(f.marks) > 0 {
			return nil, usagef("--application, --notice and --signed-mark need --launch-phase")
		}
		return nil, nil
	}
	l := catch.Launch{Application: f.apply}
	l.Phase, l.Name, _ = strings.Cut(f.phase, "/")
	switch l.Phase {
	case "sunrise", "landrush", "claims", "open", "custom":
	default:
		return nil, usagef("--launch-phase %q: sunrise, landrush, claims, open or custom, perhaps with /NAME", f.phase)
	}
	for _, file := range f.marks {
		raw, err := a.readImport(file)
		if err != nil {
			return nil, err
		}
		m, err := eppaccount.ReadMark(bytes.NewReader(raw))
		if err != nil {
			return nil, coded(exitUsage, err)
		}
		l.Marks = append(l.Marks, m)
	}
	if l.Phase == "sunrise" && len(l.Marks) == 0 {
		return nil, withHint(coded(exitGuard, fmt.Errorf("a sunrise is for holders of a trade mark: no registry takes %s without a signed mark", n.Display())),
			"give the clearinghouse's file with --signed-mark FILE")
	}
	if f.notice == "" {
		return l.Consents(), nil
	}
	notice, err := a.readNotice(f.notice)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(a.stderr, noticeText(*notice))
	switch {
	case f.accept == notice.ID:
	case f.accept != "":
		return nil, coded(exitGuard, fmt.Errorf("the notice is %s, what was accepted is %s", notice.ID, typed.Clip(f.accept)))
	case !a.interactive():
		return nil, withHint(coded(exitGuard, fmt.Errorf("the claims notice has not been accepted")), "read it, then --accept-notice %s", notice.ID)
	default:
		ok, err := a.ask(false, "do you accept the notice, and register %s all the same?", n.Display())
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, coded(exitGuard, fmt.Errorf("the claims notice was not accepted"))
		}
	}
	if l.Notice, err = notice.Accept(string(n), a.now()); err != nil {
		return nil, coded(exitGuard, err)
	}
	return l.Consents(), nil
}
