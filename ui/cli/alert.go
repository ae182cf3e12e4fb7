package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/whoisx"
)

// AlertConfig is who is told what, and when not.
type AlertConfig struct {
	Channels []string                 `toml:"channels"` // told what no rule claims: names of channels, "desktop", "terminal"
	Quiet    string                   `toml:"quiet"`    // "23:00-07:00 Europe/Berlin": only what is urgent
	Digest   string                   `toml:"digest"`   // "08:00", in the zone of the quiet hours
	Channel  map[string]ChannelConfig `toml:"channel"`
	Rule     []alert.Rule             `toml:"rule"` // the first that matches decides
}

// ChannelConfig is one way to a person. Its address is a shoutrrr URL, which
// holds secrets: only where it is kept stands here.
type ChannelConfig struct {
	Secret string `toml:"secret"` // "keyring:NAME", "command:CMD" or "file:PATH"
}

// rules reads the rules, and says what is wrong with them.
func (c AlertConfig) rules() (alert.Rules, error) {
	quiet, err := alert.ParseQuiet(c.Quiet)
	if err != nil {
		return alert.Rules{}, fmt.Errorf("alert.quiet: %w", err)
	}
	r := alert.Rules{Rules: c.Rule, Channels: c.Channels, Quiet: quiet, DigestAt: 8 * 60}
	if c.Digest != "" {
		if r.DigestAt, err = alert.ParseClock(c.Digest); err != nil {
			return alert.Rules{}, fmt.Errorf("alert.digest: %w", err)
		}
	}
	known := func(name string) error {
		if _, ok := c.Channel[name]; ok || name == "desktop" || name == "terminal" {
			return nil
		}
		return fmt.Errorf("no channel is called %q; write [alert.channel.%s] with a secret, or use desktop or terminal", name, name)
	}
	for _, name := range c.Channels {
		if err := known(name); err != nil {
			return alert.Rules{}, fmt.Errorf("alert.channels: %w", err)
		}
	}
	for i, rule := range c.Rule {
		for _, name := range rule.Channels {
			if err := known(name); err != nil {
				return alert.Rules{}, fmt.Errorf("alert.rule %d: %w", i+1, err)
			}
		}
		for _, e := range rule.Events {
			if !slices.Contains(alert.Kinds, e) {
				return alert.Rules{}, fmt.Errorf("alert.rule %d: no event is called %q; there are %s", i+1, e, kindWords())
			}
		}
	}
	return r, nil
}

func kindWords() string {
	words := make([]string, len(alert.Kinds))
	for i, k := range alert.Kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// channels opens the channels that something is sent to.
func (l *loaded) channels(ctx context.Context) ([]alert.Channel, error) {
	used := map[string]bool{}
	for _, c := range l.Alert.Channels {
		used[c] = true
	}
	for _, r := range l.Alert.Rule {
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
		ref, err := parseSecretRef(l.Alert.Channel[n].Secret, l.paths.folder)
		if err != nil {
			return nil, coded(exitUsage, fmt.Errorf("alert.channel.%s: %w", n, err))
		}
		url, err := readSecret(ctx, ref)
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
			channels, err := cfg.channels(cmd.Context())
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
