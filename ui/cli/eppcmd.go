package cli

import (
	"context"
	"errors"
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

// eppFlags are what the commands of lapse epp share.
type eppFlags struct {
	account string
	print   bool
	host    bool // NAME is a host object
	contact bool // NAME is a contact's id
}

func (a *app) eppCommand() *cobra.Command {
	var f eppFlags
	cmd := &cobra.Command{
		Use:   "epp",
		Short: "Speak to an EPP account by hand",
		Long: `Send one command over the account and show the answer. --print shows the frame
instead, byte for byte, and needs neither network nor account. A create of a
name is an order like any other (lapse order NAME --via ACCOUNT): epp create
prints its frame, or orders it under a cap. Every command waits its turn within
the registry's limits.`,
		Example: "  lapse epp hello --account tag\n  lapse epp check moor.uk sedge.co.uk --fee\n  lapse epp info ns1.moor.uk --host\n  lapse epp info moor.uk --print\n  lapse epp poll --ack 4711\n  lapse epp balance",
		GroupID: groupMoney,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.noSuchCommand(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&f.account, "account", "", "the EPP `account`, where there are several")
	cmd.PersistentFlags().BoolVar(&f.print, "print", false, "show the frame and send nothing")
	objects := func(c *cobra.Command) *cobra.Command {
		c.Flags().BoolVar(&f.host, "host", false, "it is a host object")
		c.Flags().BoolVar(&f.contact, "contact", false, "it is a contact, by its id")
		return c
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "hello", Short: "Ask for the greeting: services and the registry's clock",
			Example: "  lapse epp hello --account own",
			Args:    noWords,
			RunE:    func(cmd *cobra.Command, _ []string) error { return a.runEPP(cmd.Context(), f, "", epp.Hello{}) },
		},
		objects(a.eppCheck(&f)), objects(a.eppInfo(&f)), a.eppPoll(&f), a.eppCreate(&f), a.eppBalance(&f),
	)
	return cmd
}

// runEPP prints a command, or sends it and shows the answer.
func (a *app) runEPP(ctx context.Context, f eppFlags, n watch.Name, c epp.Command) error {
	if f.print {
		return a.printFrame(c)
	}
	return a.sendEPP(ctx, f.account, n, c)
}

// eppWords reads names, or ids where the flag says so.
func (a *app) eppWords(f eppFlags, words []string) (ids []string, first watch.Name, err error) {
	switch {
	case f.host && f.contact:
		return nil, "", usagef("it is a host or a contact, not both")
	case f.contact:
		return words, "", nil
	case f.host: // a host's name says nothing of the account that has it
		for _, w := range words {
			ids = append(ids, strings.ToLower(strings.TrimSuffix(w, ".")))
		}
		return ids, "", nil
	}
	names, err := a.parseNames(words)
	if err != nil {
		return nil, "", err
	}
	for _, n := range names {
		ids = append(ids, string(n))
	}
	if len(names) > 0 {
		first = names[0]
	}
	return ids, first, nil
}

func (a *app) eppCheck(f *eppFlags) *cobra.Command {
	var fee bool
	var years int
	cmd := &cobra.Command{
		Use: "check NAME...", Short: "Ask which names, hosts or contacts could be created", Args: someNames,
		Example: "  lapse epp check tinplate.com harbor.com --account own\n  lapse epp check tinplate.com --print",
	}
	cmd.Flags().BoolVar(&fee, "fee", false, "ask for the price of a create too")
	cmd.Flags().IntVar(&years, "years", 1, "for how many years")
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		ids, first, err := a.eppWords(*f, words)
		if err != nil {
			return err
		}
		var c epp.Command = epp.DomainCheck{Names: ids}
		switch {
		case f.host:
			c = epp.HostCheck{Names: ids}
		case f.contact:
			c = epp.ContactCheck{IDs: ids}
		case fee:
			c = epp.DomainCheck{Names: ids, Fee: &epp.FeeCheck{Years: years}}
		}
		if fee && (f.host || f.contact) {
			return usagef("hosts and contacts have no price")
		}
		return a.runEPP(cmd.Context(), *f, first, c)
	}
	return cmd
}

func (a *app) eppInfo(f *eppFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "info NAME", Short: "Read what the registry has on a name, a host or a contact", Args: oneName,
		Example: "  lapse epp info tinplate.com --account own",
	}
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		ids, first, err := a.eppWords(*f, words)
		if err != nil {
			return err
		}
		var c epp.Command = epp.DomainInfo{Name: ids[0]}
		switch {
		case f.host:
			c = epp.HostInfo{Name: ids[0]}
		case f.contact:
			c = epp.ContactInfo{ID: ids[0]}
		}
		return a.runEPP(cmd.Context(), *f, first, c)
	}
	return cmd
}

func (a *app) eppPoll(f *eppFlags) *cobra.Command {
	var ack string
	cmd := &cobra.Command{
		Use: "poll", Short: "Read the first message of the queue; it stays there until --ack",
		Example: "  lapse epp poll --account own\n  lapse epp poll --ack 12345 --account own",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runEPP(cmd.Context(), *f, "", epp.Poll{Ack: ack})
		},
	}
	cmd.Flags().StringVar(&ack, "ack", "", "take the message with this `id` out of the queue instead")
	return cmd
}

func (a *app) eppCreate(f *eppFlags) *cobra.Command {
	var limit money
	var years int
	var yes bool
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Order a create under a cap, or print its frame",
		Example: "  lapse epp create tinplate.com --cap 60USD --account own\n  lapse epp create tinplate.com --print",
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			if f.print && f.account == "" {
				return a.printFrame(epp.DomainCreate{Name: string(n), Years: years})
			}
			acc, err := a.eppAccount(cmd.Context(), f.account, n)
			if err != nil {
				return err
			}
			if f.print { // as this account would send it: its contacts, its name servers
				frame, err := acc.Print(catch.Request{Name: string(n), Years: years, Cap: limit.Money})
				if err != nil {
					return fmt.Errorf("print frame: %w", err)
				}
				return a.printf("%s\n", strings.TrimSpace(whoisx.Clean(frame)))
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

func (a *app) eppBalance(f *eppFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "balance",
		Short:   "Read the account's balance, where the registry has a command for it",
		Example: "  lapse epp balance --account own",
		Long: `EPP itself has no command for a balance. Where the greeting offers the mapping
that Verisign wrote (` + epp.NSBalance + `) or SWITCH's,
it is asked for. Other registries tell the balance beside a create (RFC 8748),
by mail or on their website only, and that is what the answer says.`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runEPP(cmd.Context(), *f, "", epp.BalanceInfo{})
		},
	}
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
	s, err := acc.Session(ctx, string(n), c.Op())
	if err != nil {
		return fmt.Errorf("epp: %w", err)
	}
	switch c := c.(type) {
	case epp.Hello:
		g, err := s.Hello(ctx)
		if err != nil {
			return eppError(err)
		}
		return a.printGreeting(g)
	case epp.BalanceInfo:
		if s.Services().Balance() == "" {
			return a.noBalance(ctx, acc, s)
		}
	case epp.DomainCheck:
		if c.Fee != nil && s.Services().Fee == "" {
			return coded(exitGuard, fmt.Errorf("epp check: %s does not offer prices (RFC 8748)", s.Greeting().Server))
		}
	}
	r, err := s.Do(ctx, c)
	if err != nil {
		return eppError(err)
	}
	return a.printAnswer(acc, c, r)
}

// eppError gives an answer's code the exit code that goes with it.
func eppError(err error) error {
	var refused *epp.ResultError
	switch err = fmt.Errorf("epp: %w", err); {
	case errors.As(err, &refused) && refused.Code == epp.DoesNotExist:
		return coded(exitNotFound, err)
	case errors.As(err, &refused) && refused.Code == epp.TooManySessions, errors.Is(err, epp.ErrTimeout), errors.Is(err, epp.ErrClosed):
		return coded(exitUnreachable, err)
	}
	return err
}

// noBalance tells what is known where the server has no command for it.
func (a *app) noBalance(ctx context.Context, acc *eppaccount.Account, s *epp.Session) error {
	m, err := acc.Balance(ctx)
	if err != nil {
		return coded(exitGuard, fmt.Errorf("epp balance: %s offers no mapping for a balance (EPP itself has none): look at the registry's website, or at what the last create said", s.Greeting().Server))
	}
	return a.printBalance(acc, epp.Balance{Balance: m.Amount(), Currency: m.Currency})
}
