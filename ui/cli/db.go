package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch/store"
)

func (a *app) dbCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "db",
		Short:   "Check, back up, restore and compact the database",
		Example: "  lapse db check\n  lapse db backup lapse-today.db\n  lapse db restore lapse-today.db\n  lapse db compact",
		GroupID: groupProgram,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.noSuchCommand(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	check := &cobra.Command{
		Use:     "check",
		Short:   "Read the whole file and say what is wrong with it; changes nothing",
		Example: "  lapse db check",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), true, func(s *store.Store) error {
				if err := s.Check(cmd.Context()); err != nil {
					return err
				}
				return a.dbSay("ok", s.Path(), "")
			})
		},
	}
	backup := &cobra.Command{
		Use:     "backup [FILE]",
		Short:   "Write a consistent copy while others go on working",
		Example: "  lapse db backup\n  lapse db backup lapse-today.db",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), false, func(s *store.Store) error {
				to := s.Path() + "." + time.Now().UTC().Format("20060102T150405Z") + ".backup"
				if len(args) == 1 {
					to = args[0]
				}
				if _, err := os.Stat(to); err == nil {
					return usagef("%s is there already; nothing is overwritten", to)
				}
				if err := s.Backup(cmd.Context(), to); err != nil {
					return err
				}
				return a.dbSay("backup", to, "")
			})
		},
	}
	var yes bool
	restore := &cobra.Command{
		Use:     "restore FILE",
		Short:   "Put a backup in the place of the database; what was there is kept beside it",
		Example: "  lapse db restore lapse-today.db",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if a.flags.readOnly {
				return coded(exitGuard, errors.New("restore: read-only"))
			}
			if a.interactive() && !yes {
				ok, err := a.ask(false, "put %s in the place of %s?", args[0], cfg.Paths.DB)
				if err != nil || !ok {
					return err
				}
			}
			if err := os.MkdirAll(filepath.Dir(cfg.Paths.DB), 0o700); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			kept, err := store.Restore(cmd.Context(), args[0], cfg.Paths.DB)
			if err != nil {
				return err
			}
			return a.dbSay("restored", cfg.Paths.DB, kept)
		},
	}
	restore.Flags().BoolVar(&yes, "yes", false, "do not ask")
	compact := &cobra.Command{
		Use:     "compact",
		Short:   "Give the space of what was removed back to the disk",
		Example: "  lapse db compact",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s *store.Store) error {
				if err := s.Compact(cmd.Context()); err != nil {
					return err
				}
				return a.dbSay("compacted", s.Path(), "")
			})
		},
	}
	cmd.AddCommand(check, backup, restore, compact)
	return cmd
}

// withStore opens the database alone: no source, no route, no service.
func (a *app) withStore(ctx context.Context, readOnly bool, do func(*store.Store) error) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.Paths.DB, store.Options{ReadOnly: readOnly || a.flags.readOnly, Now: a.now})
	if err != nil {
		return storeHint(err, cfg.Paths.DB)
	}
	return errors.Join(do(s), s.Close())
}

func (a *app) dbSay(what, path, kept string) error {
	if a.flags.json {
		return a.writeJSON(struct {
			Done string `json:"done"`
			Path string `json:"path"`
			Kept string `json:"kept,omitempty"`
		}{what, path, kept})
	}
	if kept != "" {
		a.say("what was there is kept as %s", kept)
	}
	return a.printf("%s\t%s\n", what, path)
}
