package cli

import (
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/intake"
)

func (a *app) exportCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "export [QUERY]",
		Short:   "Write what you said of names, as CSV or JSON",
		Long:    "Write the list as lapse import reads it. What was looked up stays here: lapse ls --json has it.\n\n" + queryHelp,
		Example: "  lapse export > names.csv\n  lapse export tag:brand --format json",
		GroupID: groupList,
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := watch.ParseQuery(strings.Join(args, " "))
			if err != nil {
				return coded(exitUsage, err)
			}
			if a.flags.json {
				format = "json"
			}
			if format != "csv" && format != "json" {
				return usagef("--format %s: csv or json", format)
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			page, err := s.List(cmd.Context(), q)
			if err != nil {
				return fmt.Errorf("export: %w", err)
			}
			if format == "json" {
				ws := make([]watch.Watch, len(page.Rows))
				for i, r := range page.Rows {
					ws[i] = r.Watch
				}
				return a.writeJSON(ws)
			}
			return a.writeCSV(page.Rows)
		},
	}
	cmd.Flags().StringVar(&format, "format", "csv", "csv or json")
	return cmd
}

func (a *app) writeCSV(rows []watch.Row) error {
	w := csv.NewWriter(a.stdout)
	_ = w.Write([]string{"name", "kind", "tags", "note", "priority", "cap", "bid_cap", "purpose"})
	for _, r := range rows {
		capText := func(m catch.Money) string {
			if m == (catch.Money{}) {
				return ""
			}
			return m.String()
		}
		_ = w.Write([]string{string(r.Name), string(r.Kind), strings.Join(r.Tags, " "), intake.Guard(r.Note), fmt.Sprint(r.Priority), capText(r.Cap), capText(r.BidCap), intake.Guard(r.Purpose)})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
