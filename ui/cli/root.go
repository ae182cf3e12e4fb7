package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lapse-dev/lapse/ui/cli/typed"
)

// The groups of `lapse --help`.
const (
	groupList    = "list"
	groupLook    = "look"
	groupMoney   = "money"
	groupProgram = "program"
)

// tree builds the commands on the app's streams.
func (a *app) tree() *cobra.Command {
	root := &cobra.Command{
		Use:   "lapse",
		Short: "Watch domain names as they lapse, and catch them",
		Long: `lapse watches domain names as they lapse, and catches them.

Without a command it opens the terminal UI. It acts (asks, orders, fires
bursts) unless another process holds the lease.

` + exitHelp,
		Example: `  lapse                                   the terminal UI
  lapse add example.com example.co.uk     watch two names
  lapse ls stage:redemption drop:..7d     what drops this week
  lapse check example.com --json          look now, store nothing
  lapse demo                              the whole job on a registry of its own`,
		Version:       buildVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          a.noSuchCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.environment(cmd)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.screens(cmd.Context()) },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("lapse {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(examplesFirst(root.UsageTemplate()))
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetHelpCommandGroupID(groupProgram)
	root.SetCompletionCommandGroupID(groupProgram)
	root.SuggestionsMinimumDistance = 2

	p := root.PersistentFlags()
	p.StringVar(&a.flags.config, "config", "", "configuration `file` (default $XDG_CONFIG_HOME/lapse/config.toml)")
	p.StringVar(&a.flags.db, "db", "", "database `file` (default $XDG_DATA_HOME/lapse/lapse.db)")
	p.BoolVar(&a.flags.json, "json", false, "write data as JSON (docs/json.md)")
	p.BoolVar(&a.flags.plain, "plain", false, "write one record a line, fields separated by tabs")
	p.BoolVar(&a.flags.noInput, "no-input", false, "never ask a question")
	p.BoolVar(&a.flags.readOnly, "read-only", false, "change nothing")

	root.AddGroup(
		&cobra.Group{ID: groupList, Title: "The list:"},
		&cobra.Group{ID: groupLook, Title: "Looking:"},
		&cobra.Group{ID: groupMoney, Title: "Catching:"},
		&cobra.Group{ID: groupProgram, Title: "The program:"},
	)
	root.AddCommand(a.commands()...)
	return root
}

// examplesFirst moves the examples of cobra's own template to its top.
func examplesFirst(template string) string {
	const from, to = "{{if .HasExample}}", "{{end}}"
	i := strings.Index(template, from)
	if i < 0 {
		return template
	}
	j := strings.Index(template[i:], to)
	if j < 0 {
		return template
	}
	rest := template[:i] + template[i+j+len(to):]
	return "{{if .HasExample}}Examples:\n{{.Example}}\n\n{{end}}" + strings.TrimLeft(rest, "\n")
}

// noSuchCommand guesses what a word that is no command was meant to be.
func (a *app) noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usagef("unknown command %q", args[0])
	if g := typed.Guess(args[0], subcommands(cmd)); g != "" {
		return withHint(err, "did you mean %s %s?", cmd.CommandPath(), g)
	}
	if strings.Contains(args[0], ".") && !cmd.HasParent() {
		return withHint(err, "to watch a name: lapse add %s; to look once: lapse check %s", args[0], args[0])
	}
	return withHint(err, "%s --help lists the commands", cmd.CommandPath())
}

func subcommands(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError guesses what an unknown flag was meant to be.
func flagError(cmd *cobra.Command, err error) error {
	err = coded(exitUsage, err)
	_, word, ok := strings.Cut(err.Error(), "unknown flag: --")
	if !ok {
		return withHint(err, "%s --help shows its flags", cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if g := typed.Guess(word, names); g != "" {
		return withHint(err, "did you mean --%s?", g)
	}
	return withHint(err, "%s --help shows its flags", cmd.CommandPath())
}

// args wraps a check of arguments so that a mistake is a usage error with the
// command's own line as the hint.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, a []string) error {
		if err := check(cmd, a); err != nil {
			if len(a) > 0 && !strings.Contains(a[0], ".") { // no name: a subcommand that was mistyped
				if g := typed.Guess(a[0], subcommands(cmd)); g != "" {
					return withHint(coded(exitUsage, err), "did you mean %s %s?", cmd.CommandPath(), g)
				}
			}
			return withHint(coded(exitUsage, err), "usage: %s", cmd.UseLine())
		}
		return nil
	}
}

// noWords is for commands that take flags alone.
func noWords(cmd *cobra.Command, a []string) error {
	if len(a) == 0 {
		return nil
	}
	return withHint(usagef("%s takes flags alone, not %q", cmd.CommandPath(), typed.Clip(a[0])), "usage: %s", cmd.UseLine())
}

// names are the arguments of a command that takes at least one name.
func someNames(cmd *cobra.Command, a []string) error {
	if len(a) == 0 {
		return withHint(usagef("which name?"), "usage: %s", cmd.UseLine())
	}
	return nil
}

func oneName(cmd *cobra.Command, a []string) error {
	switch len(a) {
	case 1:
		return nil
	case 0:
		return withHint(usagef("which name?"), "usage: %s", cmd.UseLine())
	}
	return withHint(usagef("one name, not %d", len(a)), "usage: %s", cmd.UseLine())
}
