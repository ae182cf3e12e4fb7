package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Every command that does something shows first how it is given, and nothing
// of the marks by which flags name their values is left in a help text.
func TestHelpOfEveryCommand(t *testing.T) {
	root := newApp(strings.NewReader(""), io.Discard, io.Discard, func(string) string { return "" }).tree()
	root.InitDefaultCompletionCmd()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() && !c.Hidden && c.Name() != "help" && c.Parent() != nil && c.Parent().Name() != "completion" && c.Name() != "completion" {
			if c.Example == "" {
				t.Errorf("%s has no example", c.CommandPath())
			}
			for _, line := range strings.Split(c.Example, "\n") {
				if !strings.HasPrefix(line, "  ") {
					t.Errorf("%s: the example %q is not indented", c.CommandPath(), line)
				}
			}
			if c.Short == "" || strings.HasSuffix(c.Short, ".") {
				t.Errorf("%s: its line is %q", c.CommandPath(), c.Short)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	unquote(root)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if strings.Contains(f.Usage, "`") {
				t.Errorf("%s --%s: a mark is left in %q", c.CommandPath(), f.Name, f.Usage)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// A mistyped subcommand is guessed also where the command takes a name.
func TestSubcommandIsGuessed(t *testing.T) {
	for args, want := range map[string]string{
		"orders canel 3": "did you mean lapse orders cancel?", "tld sho com": "did you mean lapse tld show?",
		"stauts": "did you mean lapse status?", "ls --jsno": "did you mean --json?",
	} {
		var errs strings.Builder
		a := newApp(strings.NewReader(""), io.Discard, &errs, func(string) string { return "" })
		if code := a.run(t.Context(), strings.Fields(args)); code != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("lapse %s: exit %d, %q", args, code, errs.String())
		}
	}
}
