package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

func (a *app) editCommand() *cobra.Command {
	var kind, note, purpose string
	var tags, add, drop []string
	var priority int
	var limit, bid money
	cmd := &cobra.Command{
		Use:   "edit NAME...|-",
		Short: "Change caps, kind, priority, purpose, note or tags",
		Example: `  lapse edit tinplate.com --cap 60USD --bid-cap 180USD
  lapse edit mynest.com --kind mine --purpose use
  lapse ls tag:brand --plain | cut -f1 | lapse edit - --priority 5`,
		GroupID: groupList,
		Args:    someNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			set := cmd.Flags().Changed
			var p watch.Patch
			if set("kind") {
				k, err := parseKind(kind)
				if err != nil {
					return err
				}
				p.Kind = &k
			}
			if set("note") {
				p.Note = &note
			}
			if set("purpose") {
				p.Purpose = &purpose
			}
			if set("priority") {
				p.Priority = &priority
			}
			if set("cap") {
				p.Cap = &limit.Money
			}
			if set("bid-cap") {
				p.BidCap = &bid.Money
			}
			if set("no-cap") {
				p.Cap, p.BidCap = &catch.Money{}, &catch.Money{}
			}
			if set("tags") {
				tags = list(tags)
				p.Tags = &tags
			}
			p.AddTags, p.DropTags = add, drop
			if !set("kind") && !set("note") && !set("purpose") && !set("priority") && !set("cap") &&
				!set("bid-cap") && !set("no-cap") && !set("tags") && len(add)+len(drop) == 0 {
				return withHint(usagef("nothing to change"), "say what: lapse edit %s --cap 60USD", args[0])
			}
			return a.patch(cmd, args, p)
		},
	}
	f := cmd.Flags()
	f.StringVar(&kind, "kind", "", "want, mine or launch")
	f.StringVar(&note, "note", "", "a note for yourself")
	f.StringVar(&purpose, "purpose", "", "what for: use, park, for sale")
	f.IntVar(&priority, "priority", 0, "higher goes first where names share a burst")
	f.Var(&limit, "cap", "most to be charged as the only one who ordered, like 60USD")
	f.Var(&bid, "bid-cap", "most to be bid if it comes to an auction, like 180USD")
	f.Bool("no-cap", false, "take both caps away: nothing can be ordered then")
	f.StringSliceVar(&tags, "tags", nil, "replace all tags")
	f.StringSliceVar(&add, "tag", nil, "add a tag")
	f.StringSliceVar(&drop, "untag", nil, "take a tag away")
	return cmd
}

// patch changes several names: each on its own, so that one that is not on the
// list does not hold up the others.
func (a *app) patch(cmd *cobra.Command, args []string, p watch.Patch) error {
	names, err := a.names(args)
	if err != nil {
		return err
	}
	s, err := a.open(cmd.Context(), needStore)
	if err != nil {
		return err
	}
	done := make([]watch.Watch, 0, len(names))
	var failed []error
	for _, n := range names {
		w, err := s.Edit(cmd.Context(), n, p)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", n.Display(), err))
			continue
		}
		done = append(done, w)
		if !a.flags.json {
			if err := a.printf("changed\t%s\n", n.Display()); err != nil {
				return err
			}
		}
	}
	if a.flags.json {
		if err := a.writeJSON(done); err != nil {
			return err
		}
	}
	return partly(len(done), failed)
}

// partly is how a command over several names ends: 3 where only some were
// done, the code of the first failure where none was.
func partly(done int, failed []error) error {
	if len(failed) == 0 {
		return nil
	}
	err := errors.Join(failed...)
	if done > 0 {
		return coded(exitPartly, err)
	}
	return coded(exitCode(failed[0]), err)
}

func (a *app) tagCommand() *cobra.Command {
	var add, drop []string
	cmd := &cobra.Command{
		Use:     "tag NAME...|-",
		Short:   "Add and take away tags",
		Example: "  lapse tag tinplate.com oak.atelier --add brand\n  lapse tag tinplate.com --remove brand",
		GroupID: groupList,
		Args:    someNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(add)+len(drop) == 0 {
				return withHint(usagef("which tag?"), "lapse tag %s --add brand", args[0])
			}
			return a.patch(cmd, args, watch.Patch{AddTags: add, DropTags: drop})
		},
	}
	cmd.Flags().StringSliceVar(&add, "add", nil, "add a tag (may be repeated)")
	cmd.Flags().StringSliceVar(&drop, "remove", nil, "take a tag away (may be repeated)")
	return cmd
}

func (a *app) noteCommand() *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:     "note NAME [TEXT]",
		Short:   "Write a note, or read it",
		Example: "  lapse note tinplate.com 'resale 900; walk away above 180'\n  lapse note tinplate.com",
		GroupID: groupList,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 || remove {
				text := ""
				if len(args) == 2 {
					text = args[1]
				}
				return a.patch(cmd, args[:1], watch.Patch{Note: &text})
			}
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			d, err := s.Get(cmd.Context(), n)
			if err != nil {
				return notListed(n, err)
			}
			if a.flags.json {
				return a.writeJSON(struct {
					Name watch.Name `json:"name"`
					Note string     `json:"note"`
				}{n, d.Note})
			}
			return a.printf("%s\n", d.Note)
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take the note away")
	return cmd
}

// notListed says of a name that is not on the list how it gets there.
func notListed(n watch.Name, err error) error {
	if errors.Is(err, watch.ErrNotFound) {
		if !strings.HasPrefix(err.Error(), n.Display()+":") {
			err = fmt.Errorf("%s: %w", n.Display(), err)
		}
		return withHint(err, "lapse add %s watches it; lapse check %s looks once", n, n)
	}
	return err
}
