package cli

import (
	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/ui/cli/config"
)

func (a *app) configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Show the effective settings and where each comes from",
		Long: `Show every setting in effect with its origin: the file and line, the variable,
or the default. Flags win over the environment, that over the file. What a
secret is never appears; only where it is kept.`,
		Example: "  lapse config\n  lapse config --json\n  LAPSE_LOOKUP_OFFLINE=true lapse config --plain",
		GroupID: groupProgram,
		Args:    noWords,
		RunE: func(_ *cobra.Command, _ []string) error {
			l, err := a.config()
			if err != nil {
				return err
			}
			ss := l.Settings()
			if a.flags.json {
				return a.writeJSON(struct {
					File     string           `json:"file"`
					Database string           `json:"database"`
					State    string           `json:"state"`
					Settings []config.Setting `json:"settings"`
				}{l.Paths.Config, l.Paths.DB, l.Paths.State, list(ss)})
			}
			a.note("file %s\ndatabase %s\nstate %s", l.Paths.Config, l.Paths.DB, l.Paths.State)
			t := &table{head: []string{"SETTING", "VALUE", "FROM"}}
			for _, s := range ss {
				t.add(s.Key, s.Value, s.Origin)
			}
			return a.writeTable(t)
		},
	}
}
