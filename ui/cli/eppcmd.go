package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) eppCommand() *cobra.Command {
	var account string
	var printIt bool
	cmd := &cobra.Command{
		Use:   "epp",
		Short: "Speak to an EPP account by hand",
		Long: `Send one command over the account and show the answer. --print shows the frame
instead, byte for byte, and needs neither network nor account. A create is an
order like any other (lapse order NAME --via ACCOUNT): epp create prints its
frame, or orders it under a cap.`,
		Example: "  lapse epp hello --account tag\n  lapse epp check moor.uk sedge.co.uk\n  lapse epp info moor.uk --print\n  lapse epp balance",
		GroupID: groupMoney,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.noSuchCommand(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&account, "account", "", "the EPP `account`, where there are several")
	cmd.PersistentFlags().BoolVar(&printIt, "print", false, "show the frame and send nothing")

	one := func(use, short string, args cobra.PositionalArgs, build func(names []watch.Name) epp.Command) *cobra.Command {
		return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, words []string) error {
			names, err := a.parseNames(words)
			if err != nil {
				return err
			}
			c := build(names)
			if printIt {
				return a.printFrame(c)
			}
			var n watch.Name
			if len(names) > 0 {
				n = names[0]
			}
			return a.sendEPP(cmd.Context(), account, n, c)
		}}
	}
	strs := func(names []watch.Name) []string {
		out := make([]string, len(names))
		for i, n := range names {
			out[i] = string(n)
		}
		return out
	}
	cmd.AddCommand(
		one("hello", "Ask for the greeting: services and the registry's clock", noWords, func([]watch.Name) epp.Command { return epp.Hello{} }),
		one("check NAME...", "Ask which names could be created", someNames, func(names []watch.Name) epp.Command { return epp.DomainCheck{Names: strs(names)} }),
		one("info NAME", "Read what the registry has on a name", oneName, func(names []watch.Name) epp.Command { return epp.DomainInfo{Name: string(names[0])} }),
		one("poll", "Read the first message of the queue; it stays there", noWords, func([]watch.Name) epp.Command { return epp.Poll{} }),
		a.eppCreate(&account, &printIt), a.eppBalance(&account),
	)
	return cmd
}

// printFrame shows a frame as it would be sent to a server that offers every
// extension that lapse speaks.
func (a *app) printFrame(c epp.Command) error {
	frame, err := epp.Print(c, epp.Everything(), "LAPSE-0000000001")
	if err != nil {
		return fmt.Errorf("print frame: %w", err)
	}
	return a.printf("%s\n", strings.TrimSpace(whoisx.Clean(string(frame))))
}

func (a *app) sendEPP(ctx context.Context, account string, n watch.Name, c epp.Command) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	acc, err := a.eppAccount(ctx, account, n)
	if err != nil {
		return err
	}
	defer func() { _ = acc.Close() }()
	s, _, err := acc.Connector().Connect(ctx)
	if err != nil {
		return coded(exitUnreachable, fmt.Errorf("epp %s: %w", c.Op(), err))
	}
	defer func() { _ = s.Logout(ctx) }()
	if _, ok := c.(epp.Hello); ok {
		g, err := s.Hello(ctx)
		if err != nil {
			return fmt.Errorf("epp hello: %w", err)
		}
		return a.printGreeting(g)
	}
	r, err := s.Do(ctx, c)
	if err != nil {
		return fmt.Errorf("epp %s: %w", c.Op(), err)
	}
	switch c := c.(type) {
	case epp.DomainCheck:
		return a.printChecked(epp.ReadCheck(r))
	case epp.DomainInfo:
		d, ok := epp.ReadDomain(r)
		if !ok {
			return fmt.Errorf("epp info: the answer holds no name")
		}
		if a.flags.json {
			return a.writeJSON(d)
		}
		t := &table{head: []string{"NAME", "STATUSES", "RGP", "SPONSOR", "CREATED", "EXPIRES"}}
		t.add(d.Name, strings.Join(d.Statuses, ","), strings.Join(d.RGP, ","), d.Sponsor, moment(d.Created), moment(d.Expires))
		return a.writeTable(t)
	case epp.Poll:
		p := epp.ReadPoll(r)
		if a.flags.json {
			return a.writeJSON(p)
		}
		if p.Empty {
			a.note("no message waits (poll %s)", c.Ack)
			return nil
		}
		return a.printf("%s\n", whoisx.CleanLine(fmt.Sprintf("%+v", p.Message)))
	}
	return nil
}

func (a *app) printGreeting(g epp.Greeting) error {
	if a.flags.json {
		return a.writeJSON(struct {
			Server     string    `json:"server"`
			Date       time.Time `json:"date"`
			Received   time.Time `json:"received"`
			RTT        string    `json:"rtt"`
			Objects    []string  `json:"objects"`
			Extensions []string  `json:"extensions"`
		}{g.Server, g.Date.UTC(), g.Received.UTC(), g.RTT.String(), list(g.Objects), list(g.Extensions)})
	}
	t := &table{head: []string{"WHAT", ""}}
	t.add("server", g.Server)
	t.add("its clock", g.Date.UTC().Format(time.RFC3339Nano))
	t.add("round trip", g.RTT.String())
	for _, o := range g.Objects {
		t.add("object", o)
	}
	for _, e := range g.Extensions {
		t.add("extension", e)
	}
	return a.writeTable(t)
}

func (a *app) printChecked(cs []epp.Checked) error {
	if a.flags.json {
		type checked struct {
			Name   string `json:"name"`
			Free   bool   `json:"free"`
			Reason string `json:"reason,omitempty"`
		}
		out := []checked{}
		for _, c := range cs {
			out = append(out, checked{c.ID, c.Free, whoisx.CleanLine(c.Reason)})
		}
		return a.writeJSON(out)
	}
	t := &table{head: []string{"NAME", "COULD BE CREATED", "REASON"}}
	for _, c := range cs {
		t.add(c.ID, map[bool]string{true: "yes", false: "no"}[c.Free], c.Reason)
	}
	return a.writeTable(t)
}

func (a *app) eppCreate(account *string, printIt *bool) *cobra.Command {
	var limit money
	var years int
	var yes bool
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Order a create under a cap, or print its frame",
		Args:  oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			if *printIt {
				return a.printFrame(epp.DomainCreate{Name: string(n), Years: years})
			}
			acc, err := a.eppAccount(cmd.Context(), *account, n)
			if err != nil {
				return err
			}
			route := acc.Describe().Route
			if err := acc.Close(); err != nil {
				return err
			}
			a.holderAs = "order"
			s, err := a.open(cmd.Context(), needAll)
			if err != nil {
				return err
			}
			return a.order(cmd.Context(), s, watch.OrderSpec{Name: n, Route: route, Cap: limit.Money, Years: years}, false, yes, true)
		},
	}
	cmd.Flags().Var(&limit, "cap", "most to be charged, like 60USD")
	cmd.Flags().IntVar(&years, "years", 1, "for how many years")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) eppBalance(account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "balance",
		Short: "Show the last balance that a response carried (there is no such frame)",
		Args:  noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			acc, err := a.eppAccount(cmd.Context(), *account, "")
			if err != nil {
				return err
			}
			defer func() { _ = acc.Close() }()
			return a.printBalance(cmd.Context(), acc)
		},
	}
}

func (a *app) printBalance(ctx context.Context, acc *eppaccount.Account) error {
	m, err := acc.Balance(ctx)
	if err != nil {
		return fmt.Errorf("epp balance: %w", err)
	}
	if a.flags.json {
		return a.writeJSON(struct {
			Account string      `json:"account"`
			Balance catch.Money `json:"balance"`
		}{acc.Describe().Route, m})
	}
	return a.printf("%s\n", m)
}
