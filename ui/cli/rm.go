package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
)

func (a *app) rmCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "rm NAME...|-",
		Aliases: []string{"remove"},
		Short:   "Take names off the list",
		Example: "  lapse rm example.com\n  lapse ls stage:registered --plain | cut -f1 | lapse rm - --yes",
		GroupID: groupList,
		Args:    someNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := a.names(args)
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			if a.interactive() && !yes {
				what := fmt.Sprintf("%d names", len(names))
				if len(names) == 1 {
					what = names[0].Display()
				}
				ok, err := a.ask(false, "take %s off the list, with notes and history?", what)
				if err != nil || !ok {
					return err
				}
			}
			n, err := s.Remove(cmd.Context(), names...)
			if err != nil {
				return fmt.Errorf("remove: %w", err)
			}
			if a.flags.json {
				if err := a.writeJSON(struct {
					Removed int `json:"removed"`
					Asked   int `json:"asked"`
				}{n, len(names)}); err != nil {
					return err
				}
			} else if n > 0 {
				if err := a.printf("removed\t%d\n", n); err != nil {
					return err
				}
			}
			switch {
			case n == 0:
				return fmt.Errorf("remove: %w", watch.ErrNotFound)
			case n < len(names):
				return coded(exitPartly, fmt.Errorf("%d of %d were not on the list", len(names)-n, len(names)))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
