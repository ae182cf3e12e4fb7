package sshd

import (
	"fmt"
	"sort"
	"strings"

	"github.com/lapse-dev/lapse/catch"
)

// allowed is one command that may be given without a terminal. Only commands
// that touch no path, secret, account, database or configuration of the server
// are here, and of their flags only those that do not either.
type allowed struct {
	role  Role
	subs  map[string]Role // where it has subcommands: those that are open
	flags string          // with "=" where the flag takes a value
}

const showFlags = "--json --plain --no-input --read-only --help -h "

var commands = map[string]allowed{
	"ls":       {role: Read, flags: "--limit="},
	"show":     {role: Read},
	"history":  {role: Read, flags: "--limit="},
	"check":    {role: Read},
	"queue":    {role: Read, flags: "--limit= --budgets"},
	"calendar": {role: Read},
	"status":   {role: Read},
	"routes":   {role: Read},
	"ledger":   {role: Read, flags: "--limit= --csv"},
	"version":  {role: Read},
	"tld":      {role: Read, subs: map[string]Role{"": Read, "ls": Read, "show": Read}},
	"terms":    {role: Read, flags: "--name="},
	"launch":   {role: Read, subs: map[string]Role{"": Read, "ls": Read, "show": Read, "rounds": Read, "exposure": Read, "contest": Read, "eap": Read, "quotes": Read}, flags: "--take= --entrant= --cap= --fees= --hourly --at= --registration= --renewal="},

	"add":  {role: Edit, flags: "--kind= --tag= --note= --cap= --bid-cap= --priority="},
	"edit": {role: Edit, flags: "--kind= --tag= --tags= --untag= --note= --cap= --bid-cap= --no-cap --priority= --purpose="},
	"rm":   {role: Edit, flags: "--yes"},
	"tag":  {role: Edit, flags: "--add= --remove="},
	"note": {role: Edit, flags: "--remove"},
	"halt": {role: Edit, flags: "--off"},

	"order":  {role: Order, flags: "--via= --cap= --bid-cap= --price= --years= --premium --consent= --dry-run --print --wait --yes"},
	"orders": {role: Read, subs: map[string]Role{"": Read, "ls": Read, "show": Read, "sync": Order, "cancel": Order, "bid": Order, "pay": Order, "check": Read, "record": Order}, flags: "--yes --all --undo --state= --why= --ref= --paid= --refund= --own-bid= --high-bid= --price= --frozen= --ends= --pay-by= --cancel-by= --final="},
	"catch":  {role: Order, flags: "--until="},
}

// Commands lists the commands that may be given over SSH, with the role that
// each needs, for help and docs.
func Commands() []string {
	var out []string
	for name, c := range commands {
		if len(c.subs) == 0 {
			out = append(out, fmt.Sprintf("%s (%s)", name, c.role))
			continue
		}
		for sub, role := range c.subs {
			if sub != "" {
				out = append(out, fmt.Sprintf("%s %s (%s)", name, sub, role))
			}
		}
	}
	sort.Strings(out)
	return out
}

// permit says whether a command may run for a session, and why not. What it
// returns is to be run in the place of args: the same command written in the
// one way that nobody can read differently, the subcommand before the flags,
// every flag with its value, and the rest behind "--". The commands find their
// subcommand by rules of their own (a flag that they do not know there swallows
// the next word), so "launch --help x quote" must not be judged as one command
// and run as another.
func permit(args []string, s *Session) ([]string, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("no command; ask for a terminal (ssh -t) to open the screens")
	}
	for _, a := range args {
		if shellWord(a) {
			return nil, fmt.Errorf("%.60q means nothing here: there is no shell; pipe and redirect on your own side", a)
		}
	}
	name := args[0]
	c, ok := commands[name]
	if !ok {
		return nil, fmt.Errorf("%.60q is not open over SSH; open are %s", name, strings.Join(commandNames(), ", "))
	}
	flags, rest, err := c.split(args[1:])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	role := c.role
	if len(c.subs) > 0 {
		sub := ""
		if len(rest) > 0 && !strings.Contains(rest[0], ".") { // a name is no subcommand
			sub = rest[0]
		}
		need, ok := c.subs[sub]
		if !ok {
			return nil, fmt.Errorf("%s %.60q is not open over SSH", name, sub)
		}
		role = need
		if sub != "" {
			rest = rest[1:]
			name += " " + sub
		}
	}
	for _, f := range flags {
		if name == "halt" && f.name == "--off" {
			role = Order
		}
	}
	if name == "orders check" && len(rest) > 1 { // items are ticked off, a deposit among them
		role = Order
	}
	if s.Role.rank() < role.rank() {
		return nil, fmt.Errorf("%s needs lapse-role=%s; this key has %s", name, role, s.Role)
	}
	if err := capped(name, flags, rest, s); err != nil {
		return nil, err
	}
	run := strings.Fields(name)
	for _, f := range flags {
		run = append(run, f.name+"="+f.value)
	}
	return append(append(run, "--"), rest...), nil
}

// shellWord reports whether a word was meant for a shell. Nothing would run it
// as one; read as a name or a query it would only mislead.
func shellWord(w string) bool {
	switch w {
	case "|", "||", "&", "&&", ";", ">", ">>", "<", "<<":
		return true
	}
	return strings.HasPrefix(w, "$(") || strings.HasPrefix(w, "`") || strings.HasPrefix(w, ">") || strings.HasPrefix(w, ";") || strings.HasPrefix(w, "<") ||
		(strings.HasSuffix(w, ";") && !strings.Contains(w, " "))
}

// capped holds what a command may spend against the key's own limit.
func capped(name string, flags []flag, rest []string, s *Session) error {
	if s.Cap.IsZero() {
		return nil
	}
	under := func(what, text string) error {
		m, err := catch.ParseMoney(text)
		if err != nil {
			return fmt.Errorf("%s %s: %w", name, what, err)
		}
		c, err := m.Cmp(s.Cap)
		if err != nil || m.Units < 0 {
			return fmt.Errorf("%s %s: this key may spend %s, and no other currency", name, what, s.Cap)
		}
		if c > 0 {
			return fmt.Errorf("%s %s: this key may spend at most %s a name, not %s", name, what, s.Cap, m)
		}
		return nil
	}
	switch name {
	case "add", "edit": // a cap that stands is what an order may cost
		for _, f := range flags {
			if f.name == "--cap" || f.name == "--bid-cap" {
				if err := under(f.name, f.value); err != nil {
					return err
				}
			}
		}
	case "order":
		caps, bids := 0, 0
		for _, f := range flags {
			switch f.name {
			case "--cap":
				caps++
			case "--bid-cap":
				bids++
			default:
				continue
			}
			if err := under(f.name, f.value); err != nil {
				return err
			}
		}
		if caps == 0 {
			return fmt.Errorf("order: this key may spend at most %s a name; say so with --cap", s.Cap)
		}
		if bids == 0 { // else the name's own, larger cap would count
			return fmt.Errorf("order: say with --bid-cap how far to bid, at most %s (0%s: not at all)", s.Cap, s.Cap.Currency)
		}
	case "orders bid":
		for _, a := range rest[min(1, len(rest)):] {
			if err := under("bid", a); err != nil {
				return err
			}
		}
	case "orders record":
		// A refund or a state that did not come about frees money for others.
		return fmt.Errorf("%s: it changes what the month's budget counts; use a key without lapse-cap", name)
	case "orders pay", "catch":
		return fmt.Errorf("%s: what it charges cannot be held against this key's limit of %s; use a key without lapse-cap", name, s.Cap)
	}
	return nil
}

func commandNames() []string {
	out := make([]string, 0, len(commands))
	for n := range commands {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

type flag struct{ name, value string }

// split takes arguments apart as the commands will, and refuses every flag
// that is not known to be harmless. After "--" everything is an argument.
func (c *allowed) split(args []string) (flags []flag, rest []string, err error) {
	takes := map[string]bool{}
	known := map[string]bool{}
	for _, f := range strings.Fields(showFlags + c.flags) {
		name, value := strings.CutSuffix(f, "=")
		known[name], takes[name] = true, value
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			return flags, append(rest, args[i+1:]...), nil
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			continue
		}
		name, value, has := strings.Cut(a, "=")
		switch {
		case !known[name]:
			return nil, nil, fmt.Errorf("the flag %.60q is not open over SSH", name)
		case has && !takes[name] && value != "true" && value != "false":
			return nil, nil, fmt.Errorf("the flag %s takes no value", name)
		case takes[name] && !has:
			if i+1 == len(args) {
				return nil, nil, fmt.Errorf("the flag %s needs a value", name)
			}
			i++
			value = args[i]
		case !has: // on, in the words of the commands
			value = "true"
		}
		if name == "-h" {
			name = "--help"
		}
		flags = append(flags, flag{name, value})
	}
	return flags, rest, nil
}
