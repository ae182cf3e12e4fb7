package cli

import (
	"context"
	"fmt"
	"os"
	"sort"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/whoisx"
)

// openChannels opens the channels that something is sent to.
func openChannels(ctx context.Context, cfg *config.Loaded) ([]alert.Channel, error) {
	used := map[string]bool{}
	for _, c := range cfg.Alert.Channels {
		used[c] = true
	}
	for _, r := range cfg.Alert.Rule {
		for _, c := range r.Channels {
			used[c] = true
		}
	}
	names := make([]string, 0, len(used))
	for n := range used {
		names = append(names, n)
	}
	sort.Strings(names)
	var out []alert.Channel
	for _, n := range names {
		switch n {
		case "desktop":
			out = append(out, alert.Desktop{})
			continue
		case "terminal":
			out = append(out, alert.Terminal{W: os.Stderr})
			continue
		}
		ref, err := cfg.Paths.Secret(cfg.Alert.Channel[n].Secret)
		if err != nil {
			return nil, coded(exitUsage, fmt.Errorf("alert.channel.%s: %w", n, err))
		}
		url, err := ref.Read(ctx)
		if err != nil {
			return nil, fmt.Errorf("alert.channel.%s: %w", n, err)
		}
		ch, err := alert.NewService(n, url.Reveal())
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	return out, nil
}

func (a *app) alertCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "alert",
		Short:   "Show what is going to be told, and test the channels",
		Example: "  lapse alert\n  lapse alert test",
		GroupID: groupLook,
		Args:    a.noSuchCommand,
	}
	ls := &cobra.Command{
		Use:     "ls",
		Short:   "List the alerts that have not been told yet",
		Example: "  lapse alert ls\n  lapse alert ls --json",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			items, err := s.Outbox(cmd.Context(), 500)
			if err != nil {
				return fmt.Errorf("list alerts: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(list(items))
			}
			t := &table{head: []string{"WHEN", "CHANNEL", "ALERT", "TRIES", "TROUBLE"}}
			for _, it := range items {
				t.add(ahead(a.now(), it.NotBefore), it.Channel, it.Title, fmt.Sprint(it.Tries), it.Error)
			}
			return a.writeTable(t)
		},
	}
	test := &cobra.Command{
		Use:     "test",
		Short:   "Send one alert through every channel, now",
		Example: "  lapse alert test",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			channels, err := openChannels(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if len(channels) == 0 {
				return withHint(coded(exitUsage, fmt.Errorf("test alerts: no channel is configured")), "write channels = [\"desktop\"] into [alert], or see docs/alerts.md")
			}
			failed := 0
			for _, c := range channels {
				err := c.Send(cmd.Context(), alert.Message{ID: "test", Title: "lapse: a test", Text: "If you read this, the channel " + c.Name() + " works."})
				result := "sent"
				if err != nil {
					failed++
					result = err.Error()
				}
				if perr := a.printf("%-12s %s\n", c.Name(), whoisx.CleanLine(result)); perr != nil {
					return perr
				}
			}
			switch {
			case failed == len(channels):
				return fmt.Errorf("test alerts: no channel works")
			case failed > 0:
				return coded(exitPartly, fmt.Errorf("test alerts: %d of %d channels failed", failed, len(channels)))
			}
			return nil
		},
	}
	cmd.RunE = ls.RunE
	cmd.AddCommand(ls, test)
	return cmd
}

func (a *app) calendarCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "calendar",
		Short:   "Write drops and deadlines as an iCalendar file",
		Example: "  lapse calendar > lapse.ics\n  lapse calendar --output ~/public/lapse.ics",
		Long: "Write drops and deadlines as an iCalendar file. Its events keep their ids, so\n" +
			"that a calendar that reads the file again updates them in place.",
		GroupID: groupLook,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context(), needRoutes)
			if err != nil {
				return err
			}
			return a.writeCalendar(cmd.Context(), s, out)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "-", "file to write; - is stdout")
	return cmd
}

func (a *app) writeCalendar(ctx context.Context, s *watch.Service, out string) error {
	entries, err := s.Calendar(ctx)
	if err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	if out == "-" {
		return alert.Calendar(a.stdout, entries, a.now())
	}
	// A calendar program may read the file at any moment: it is replaced whole.
	tmp := out + ".new"
	f, err := os.Create(tmp)
	if err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	if err := alert.Calendar(f, entries, a.now()); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	if err := os.Rename(tmp, out); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	a.note("%d names written to %s", len(entries), out)
	return nil
}
