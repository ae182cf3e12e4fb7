package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/watch/alert"
)

// Alert is who is told what, and when not.
type Alert struct {
	Channels []string           `toml:"channels"` // told what no rule claims: names of channels, "desktop", "terminal"
	Quiet    string             `toml:"quiet"`    // "23:00-07:00 Europe/Berlin": only what is urgent
	Digest   string             `toml:"digest"`   // "08:00", in the zone of the quiet hours
	Channel  map[string]Channel `toml:"channel"`
	Rule     []alert.Rule       `toml:"rule"` // the first that matches decides
}

// Channel is one way to a person. Its address is a shoutrrr URL, which
// holds secrets: only where it is kept stands here.
type Channel struct {
	Secret string `toml:"secret"` // "keyring:NAME", "command:CMD" or "file:PATH"
}

// Rules reads the rules, and says what is wrong with them.
func (c Alert) Rules() (alert.Rules, error) {
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
