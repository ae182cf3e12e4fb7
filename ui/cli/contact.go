package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) contactCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contact",
		Short: "Keep who names are registered for: data, nexus answers, ids at registries",
		Long: `Keep contacts: the data that registrars and registries want of a registrant,
what a registry with a nexus rule wants to see (sent along when the contact is
made there), and the id that the contact has at each account. It is personal
data: it lies in contacts.toml beside the configuration, readable by you alone,
and goes nowhere but to the service that registers a name. An account registers
for the contact that it names (contact = "sedge"), an order for the one given
with --contact.`,
		Example: `  lapse contact add sedge --name "Jo Sedge" --street "1 Moor Lane" --city Leeds --zip "LS1 1AA" --country GB --phone +44.1130000000 --email jo@sedge.example
  lapse contact edit sedge --nexus us=C11/P3 --handle tag=JS-2026
  lapse contact test sedge --account tag --create
  lapse contact show sedge
  lapse contact rm sedge`,
		GroupID: groupMoney,
		Args:    a.noSuchCommand,
	}
	ls := a.contactLs()
	cmd.RunE = ls.RunE
	cmd.AddCommand(ls, a.contactEdit(false), a.contactEdit(true), a.contactShow(), a.contactTest(), a.contactRm())
	return cmd
}

// contactLine is a contact as `lapse contact ls` shows it: no more of it than
// tells one from the other.
type contactLine struct {
	Contact  string            `json:"contact"`
	Country  string            `json:"country"`
	Complete bool              `json:"complete"`
	Why      []string          `json:"why"` // what is wrong with it
	Nexus    []string          `json:"nexus"`
	Handles  map[string]string `json:"handles"`
	Accounts []string          `json:"accounts"` // that register for it
}

func contactLineOf(cfg *config.Loaded, c catch.Contact) contactLine {
	line := contactLine{Contact: c.ID, Country: c.Country, Complete: true, Why: []string{}, Handles: c.Handles, Accounts: []string{}}
	if err := c.Check(); err != nil {
		line.Complete, line.Why = false, strings.Split(err.Error(), "\n")
	}
	line.Nexus = list(slices.Sorted(maps.Keys(c.Nexus)))
	if line.Handles == nil {
		line.Handles = map[string]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Account)) {
		if cfg.Account[name].Contact == c.ID {
			line.Accounts = append(line.Accounts, name)
		}
	}
	return line
}

func (a *app) contactLs() *cobra.Command {
	return &cobra.Command{
		Use:     "ls",
		Short:   "List contacts",
		Example: "  lapse contact ls",
		Args:    noWords,
		RunE: func(*cobra.Command, []string) error {
			cfg, all, err := a.contactBook()
			if err != nil {
				return err
			}
			lines := []contactLine{}
			for _, id := range slices.Sorted(maps.Keys(all)) {
				lines = append(lines, contactLineOf(cfg, all[id]))
			}
			if a.flags.json {
				return a.writeJSON(lines)
			}
			if len(lines) == 0 {
				a.note("no contact; lapse contact add NAME --name ... --help says what is needed")
			}
			t := &table{head: []string{"CONTACT", "COUNTRY", "COMPLETE", "NEXUS", "HANDLES", "USED BY"}}
			for _, l := range lines {
				complete := "yes"
				if !l.Complete {
					complete = "NO: " + strings.Join(l.Why, "; ")
				}
				t.add(l.Contact, l.Country, complete, strings.Join(l.Nexus, ","), pairs(l.Handles), strings.Join(l.Accounts, ","))
			}
			return a.writeTable(t)
		},
	}
}

func pairs(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return strings.Join(out, ",")
}

func (a *app) contactBook() (*config.Loaded, map[string]catch.Contact, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, nil, err
	}
	all, err := cfg.Contacts()
	return cfg, all, err
}

// contactNamed finds a contact.
func contactNamed(all map[string]catch.Contact, id string) (catch.Contact, error) {
	c, ok := all[id]
	if ok {
		return c, nil
	}
	err := coded(exitNotFound, fmt.Errorf("there is no contact %q", typed.Clip(id)))
	if g := typed.Guess(id, slices.Collect(maps.Keys(all))); g != "" {
		return c, withHint(err, "did you mean %s?", g)
	}
	return c, withHint(err, "lapse contact ls lists them")
}

// contactEdit adds a contact, or changes one that is there.
func (a *app) contactEdit(edit bool) *cobra.Command {
	var in catch.Contact
	var nexus, handles []string
	use, short := "add NAME", "Add a contact"
	example := "  lapse contact add sedge --name 'Ann Bell' --email ann@example.com --phone +44.2079460000 \\\n" +
		"    --street '1 High Street' --city London --zip 'N1 1AA' --country GB"
	if edit {
		use, short = "edit NAME", "Change what is given of a contact; the rest stays"
		example = "  lapse contact edit sedge --email ann@example.org"
	}
	cmd := &cobra.Command{
		Use:     use,
		Short:   short,
		Example: example,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if a.flags.readOnly {
				return coded(exitGuard, errors.New("change contacts: read-only"))
			}
			id := words[0]
			if !accountName().MatchString(id) {
				return usagef("contact %q: letters, digits, - and _, at most 32", typed.Clip(id))
			}
			var c catch.Contact
			err = cfg.ChangeContacts(cmd.Context(), func(all map[string]catch.Contact) error {
				var there bool
				c, there = all[id]
				switch {
				case edit && !there:
					_, err := contactNamed(all, id)
					return err
				case !edit && there:
					return withHint(usagef("there is a contact %q already", id), "lapse contact edit %s changes it", id)
				}
				c.ID = id
				if err := changeContact(&c, cmd.Flags().Changed, in, nexus, handles); err != nil {
					return err
				}
				if err := c.Check(); err != nil {
					return withHint(coded(exitUsage, fmt.Errorf("contact %s:\n%w", id, err)), "%s --help shows the flags", cmd.CommandPath())
				}
				all[id] = c
				return nil
			})
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(contactLineOf(cfg, c))
			}
			a.note("lapse contact test %s asks your EPP accounts whether they have it", id)
			return a.printf("%s\t%s\n", map[bool]string{false: "added", true: "changed"}[edit], id)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Name, "name", "", "the person's `name`")
	f.StringVar(&in.Org, "org", "", "the `organisation`, if there is one")
	f.StringArrayVar(&in.Street, "street", nil, "a `line` of the address: street and number (up to three)")
	f.StringVar(&in.City, "city", "", "the `city`")
	f.StringVar(&in.State, "state", "", "the `state` or province, where addresses have one")
	f.StringVar(&in.Zip, "zip", "", "the postal `code`")
	f.StringVar(&in.Country, "country", "", "the country in two `letters`, like GB")
	f.StringVar(&in.Phone, "phone", "", "the telephone `number`, like +44.1130000000")
	f.StringVar(&in.Email, "email", "", "the e-mail `address`; verifications go there")
	f.StringArrayVar(&nexus, "nexus", nil, "what a registry wants to see, as `ZONE=ANSWER` (ZONE= takes it out; may be repeated)")
	f.StringArrayVar(&handles, "handle", nil, "the contact's id at an account, as `ACCOUNT=ID` (ACCOUNT= takes it out; may be repeated)")
	return cmd
}

// changeContact takes over what was given.
func changeContact(c *catch.Contact, given func(flag string) bool, in catch.Contact, nexus, handles []string) error {
	for _, f := range []struct {
		flag     string
		to, from *string
	}{
		{"name", &c.Name, &in.Name},
		{"org", &c.Org, &in.Org},
		{"city", &c.City, &in.City},
		{"state", &c.State, &in.State},
		{"zip", &c.Zip, &in.Zip},
		{"country", &c.Country, &in.Country},
		{"phone", &c.Phone, &in.Phone},
		{"email", &c.Email, &in.Email},
	} {
		if given(f.flag) {
			*f.to = *f.from
		}
	}
	if given("country") {
		c.Country = strings.ToUpper(c.Country)
	}
	if given("street") {
		c.Street = in.Street
	}
	for _, m := range []struct {
		flag  string
		into  *map[string]string
		words []string
		key   func(string) string
	}{
		{"nexus", &c.Nexus, nexus, func(k string) string { return strings.ToLower(strings.Trim(k, ".")) }},
		{"handle", &c.Handles, handles, func(k string) string { return k }},
	} {
		for _, w := range m.words {
			k, v, ok := strings.Cut(w, "=")
			if k = m.key(k); !ok || k == "" {
				return usagef("--%s %q: write it with a =", m.flag, typed.Clip(w))
			}
			if *m.into == nil {
				*m.into = map[string]string{}
			}
			if (*m.into)[k] = v; v == "" {
				delete(*m.into, k)
			}
		}
	}
	return nil
}

func (a *app) contactShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a contact whole",
		Example: "  lapse contact show sedge",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, words []string) error {
			cfg, all, err := a.contactBook()
			if err != nil {
				return err
			}
			c, err := contactNamed(all, words[0])
			if err != nil {
				return err
			}
			if a.flags.json {
				c.Street = list(c.Street)
				for _, m := range []*map[string]string{&c.Nexus, &c.Handles} {
					if *m == nil {
						*m = map[string]string{}
					}
				}
				return a.writeJSON(c)
			}
			t := &table{head: []string{"WHAT", "SAYS"}}
			row := func(what, says string) {
				if says != "" {
					t.add(what, says)
				}
			}
			row("name", c.Name)
			row("org", c.Org)
			for _, s := range c.Street {
				row("street", s)
			}
			row("city", c.City)
			row("state", c.State)
			row("zip", c.Zip)
			row("country", c.Country)
			row("phone", c.Phone)
			row("email", c.Email)
			for _, z := range slices.Sorted(maps.Keys(c.Nexus)) {
				row("nexus ."+z, c.Nexus[z])
			}
			for _, acc := range slices.Sorted(maps.Keys(c.Handles)) {
				row("id at "+acc, c.Handles[acc])
			}
			l := contactLineOf(cfg, c)
			row("used by", strings.Join(l.Accounts, ", "))
			for _, why := range l.Why {
				row("wrong", why)
			}
			return a.writeTable(t)
		},
	}
}

func (a *app) contactRm() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "rm NAME",
		Short:   "Forget a contact here; registries keep theirs",
		Example: "  lapse contact rm sedge",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			cfg, all, err := a.contactBook()
			if err != nil {
				return err
			}
			if a.flags.readOnly {
				return coded(exitGuard, errors.New("change contacts: read-only"))
			}
			c, err := contactNamed(all, words[0])
			if err != nil {
				return err
			}
			if used := contactLineOf(cfg, c).Accounts; len(used) > 0 {
				return withHint(coded(exitGuard, fmt.Errorf("remove contact %s: account %s registers for it", c.ID, strings.Join(used, ", "))), "name another contact there first")
			}
			if a.interactive() && !yes {
				ok, err := a.ask(false, "forget contact %s?", c.ID)
				if err != nil || !ok {
					return err
				}
			}
			err = cfg.ChangeContacts(cmd.Context(), func(all map[string]catch.Contact) error {
				delete(all, c.ID)
				return nil
			})
			if err != nil {
				return err
			}
			return a.printf("removed\t%s\n", c.ID)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// contactTested is a line of `lapse contact test`.
type contactTested struct {
	Contact string `json:"contact"`
	Account string `json:"account,omitempty"`
	catch.Line
}

func (a *app) contactTest() *cobra.Command {
	var account string
	var create, printIt bool
	cmd := &cobra.Command{
		Use:     "test [NAME...]",
		Aliases: []string{"check"},
		Short:   "Check contacts: what registries want, and whether your EPP accounts have them",
		Example: "  lapse contact test\n  lapse contact test sedge --create --print",
		Long: `Hold contacts against what registries want of a registrant, and ask every EPP
account whether it has them. With --create a contact that an account does not
have is made there, with the contact's data; --print shows that frame and sends
nothing. A red line ends with exit 4.`,
		RunE: func(cmd *cobra.Command, words []string) error {
			cfg, all, err := a.contactBook()
			if err != nil {
				return err
			}
			if len(words) == 0 {
				words = slices.Sorted(maps.Keys(all))
			}
			if create && a.flags.readOnly {
				return coded(exitGuard, errors.New("create contact: read-only"))
			}
			var people []catch.Contact
			for _, id := range words {
				c, err := contactNamed(all, id)
				if err != nil {
					return err
				}
				people = append(people, c)
			}
			accs, err := a.eppAccounts(cmd.Context(), cfg, account)
			if err != nil {
				return err
			}
			defer func() {
				for _, acc := range accs {
					_ = acc.Close()
				}
			}()
			if printIt {
				return a.printContacts(accs, people)
			}
			return a.testContacts(cmd.Context(), accs, people, create)
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "the EPP `account` to ask (default: all)")
	cmd.Flags().BoolVar(&create, "create", false, "make it where an account does not have it; its data goes to that registry")
	cmd.Flags().BoolVar(&printIt, "print", false, "show the frame that would create it, and send nothing")
	return cmd
}

// eppAccounts opens the EPP account that was named, or all.
func (a *app) eppAccounts(ctx context.Context, cfg *config.Loaded, named string) ([]*eppaccount.Account, error) {
	var out []*eppaccount.Account
	for _, name := range slices.Sorted(maps.Keys(cfg.Account)) {
		if cfg.Account[name].Service != eppaccount.Factory().Service || named != "" && named != name {
			continue
		}
		acc, err := a.openEPP(ctx, cfg, name)
		if err != nil {
			return out, err
		}
		out = append(out, acc)
	}
	if named != "" && len(out) == 0 {
		return nil, coded(exitNotFound, fmt.Errorf("there is no EPP account %q", typed.Clip(named)))
	}
	return out, nil
}

func (a *app) printContacts(accs []*eppaccount.Account, people []catch.Contact) error {
	if len(accs) == 0 {
		return withHint(coded(exitNotFound, errors.New("there is no EPP account")), "lapse account add NAME --service epp --url HOST:700 --user CLID")
	}
	for _, acc := range accs {
		for _, c := range people {
			text, err := acc.PrintContact(c)
			if err != nil {
				return err
			}
			if err := a.printf("%s", whoisx.Clean(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *app) testContacts(ctx context.Context, accs []*eppaccount.Account, people []catch.Contact, create bool) error {
	lines := []contactTested{}
	say := func(c catch.Contact, account, what string, l catch.Light, format string, args ...any) {
		lines = append(lines, contactTested{c.ID, account, catch.Line{What: what, Light: l, Words: fmt.Sprintf(format, args...)}})
	}
	for _, c := range people {
		if err := c.Check(); err != nil {
			say(c, "", "fields", catch.Red, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
			continue
		}
		say(c, "", "fields", catch.Green, "complete")
		for _, acc := range accs {
			actx, cancel := context.WithTimeout(ctx, time.Minute)
			light, words := testHandle(actx, acc, c, create)
			cancel()
			say(c, acc.Name(), "handle", light, "%s", words)
			for _, l := range acc.Nexus(c) {
				say(c, acc.Name(), l.What, l.Light, "%s", l.Words)
			}
		}
	}
	if a.flags.json {
		if err := a.writeJSON(lines); err != nil {
			return err
		}
	} else {
		t := &table{head: []string{"", "CONTACT", "ACCOUNT", "WHAT", "SAYS"}}
		for _, l := range lines {
			t.add(string(l.Light), l.Contact, l.Account, l.What, l.Words)
		}
		if err := a.writeTable(t); err != nil {
			return err
		}
	}
	red := 0
	for _, l := range lines {
		if l.Light == catch.Red {
			red++
		}
	}
	if red > 0 {
		return coded(exitGuard, fmt.Errorf("%s red: a registry would refuse a create", count(red, "line is", "lines are")))
	}
	return nil
}

// testHandle asks an account for a contact, and makes it there where that is
// wanted.
func testHandle(ctx context.Context, acc *eppaccount.Account, c catch.Contact, create bool) (catch.Light, string) {
	id := c.Handle(acc.Name())
	if len(id) < 3 || len(id) > 16 { // RFC 5730, clIDType
		return catch.Red, fmt.Sprintf("%s: an id has 3 to 16 characters at a registry; lapse contact edit %s --handle %s=ID", id, c.ID, acc.Name())
	}
	has, err := acc.HasContact(ctx, id)
	switch {
	case catch.KindOf(err) == catch.TLDUnsupported:
		return catch.Green, "the registry keeps no contacts: none is needed"
	case err != nil:
		return catch.Red, err.Error()
	case has && create:
		return catch.Green, id + " exists already; nothing was created"
	case has:
		return catch.Green, id + " exists"
	case !create:
		return catch.Red, fmt.Sprintf("%s does not exist: lapse contact test %s --account %s --create makes it", id, c.ID, acc.Name())
	}
	no, err := acc.CreateContact(ctx, c)
	if err != nil {
		return catch.Red, err.Error()
	}
	return catch.Green, fmt.Sprintf("%s was created (%s)", id, no)
}
