package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
)

// addAtOnce is how many names one transaction adds.
const addAtOnce = 5000

// complaints is how many bad lines are named one by one.
const complaints = 20

// money is a flag that holds an amount with its currency.
type money struct{ catch.Money }

func (m *money) String() string {
	if m.Money == (catch.Money{}) {
		return ""
	}
	return m.Money.String()
}

func (m *money) Set(s string) error {
	v, err := catch.ParseMoney(s)
	if err != nil {
		return err
	}
	if v.Units < 0 {
		return fmt.Errorf("read amount %q: below zero", s)
	}
	m.Money = v
	return nil
}

// Type names the value in the help.
func (*money) Type() string { return "amount" }

func parseKind(s string) (watch.Kind, error) {
	switch k := watch.Kind(strings.ToLower(s)); k {
	case "", watch.Want, watch.Mine, watch.Launch:
		return k, nil
	}
	err := usagef("no kind %q: want, mine or launch", s)
	if g := typed.Guess(s, []string{"want", "mine", "launch"}); g != "" {
		return "", withHint(err, "did you mean %s?", g)
	}
	return "", err
}

func (a *app) addCommand() *cobra.Command {
	var w watch.NewWatch
	var kind string
	var limit, bid money
	cmd := &cobra.Command{
		Use:   "add NAME...|-",
		Short: "Watch names",
		Long: `Put names on the list. A name may be pasted as it is found: an address, an
e-mail address, upper case, an IDN in either form. With - they are read from
standard input.`,
		Example: `  lapse add example.com example.co.uk
  lapse add tinplate.com --cap 60USD --bid-cap 180USD --tag brand
  lapse add --kind mine mynest.com
  pbpaste | lapse add -`,
		GroupID: groupList,
		Args:    someNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := parseKind(kind)
			if err != nil {
				return err
			}
			w.Kind, w.Cap, w.BidCap = k, limit.Money, bid.Money
			words, err := a.readWords(args)
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			results := make([]watch.AddResult, 0, len(words))
			for len(words) > 0 {
				n := min(len(words), addAtOnce)
				ws := make([]watch.NewWatch, n)
				for i, word := range words[:n] {
					ws[i] = w
					ws[i].Input = word
				}
				rs, err := s.Add(cmd.Context(), ws)
				if err != nil {
					return fmt.Errorf("add: %w", err)
				}
				results = append(results, rs...)
				words = words[n:]
			}
			return a.addResults(results)
		},
	}
	f := cmd.Flags()
	f.StringVar(&kind, "kind", "", "want, mine or launch (default: want)")
	f.StringSliceVar(&w.Tags, "tag", nil, "tag them (may be repeated)")
	f.StringVar(&w.Note, "note", "", "a note for yourself")
	f.IntVar(&w.Priority, "priority", 0, "higher goes first where names share a burst")
	f.Var(&limit, "cap", "most to be charged as the only one who ordered, like 60USD")
	f.Var(&bid, "bid-cap", "most to be bid if it comes to an auction, like 180USD")
	return cmd
}

// addResults shows what became of each line, and how it ends: 0 when all are
// on the list now, 3 when some are none, 2 when none is a name.
func (a *app) addResults(results []watch.AddResult) error {
	added, there, bad := 0, 0, 0
	for _, r := range results {
		switch {
		case r.Added:
			added++
		case r.Name != "":
			there++
		default:
			bad++
		}
	}
	if a.flags.json {
		if err := a.writeJSON(list(results)); err != nil {
			return err
		}
	} else {
		shown := 0
		for _, r := range results {
			switch {
			case r.Added && (len(results) <= 100 || a.flags.plain):
				if err := a.printf("added\t%s\n", r.Name.Display()); err != nil {
					return err
				}
			case r.Added:
			case r.Name != "" && (len(results) <= 100 || a.flags.plain):
				if err := a.printf("already\t%s\n", r.Name.Display()); err != nil {
					return err
				}
			case r.Name != "":
			default:
				if shown++; shown > complaints {
					continue
				}
				a.say("%s", badLine(r))
			}
		}
		if shown > complaints {
			a.say("and %d more that are no names", shown-complaints)
		}
		if len(results) > 100 && !a.flags.plain {
			if err := a.printf("%d added, %d already there, %d no names\n", added, there, bad); err != nil {
				return err
			}
		}
	}
	switch {
	case bad == 0:
		if added > 0 {
			a.note("lapse shows them; lapse serve watches without a screen")
		}
		return nil
	case added+there > 0:
		return silent(exitPartly)
	}
	return silent(exitUsage)
}

func badLine(r watch.AddResult) string {
	s := fmt.Sprintf("not added: %s: %s", typed.Clip(r.Input), r.Why)
	if r.Meant != "" && !strings.Contains(r.Why, r.Meant) {
		s += "; did you mean " + r.Meant + "?"
	}
	return s
}
