package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

const queryHelp = `A query is words and key:value pairs; it is safe in a shell:

  stage:redemption   not:premium     kind:mine      tld:uk
  tag:brand          drop:..7d       drop:2026-11-10..2026-11-12
  cap:50..           sort:drop       sort:-added    any words: name, tag, note`

func (a *app) lsCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "ls [QUERY]",
		Aliases: []string{"list"},
		Short:   "List names, your own next deadline first",
		Long:    "List names, sorted by your own next deadline: order, bid, pay, decide, renew.\n\n" + queryHelp,
		Example: `  lapse ls
  lapse ls stage:redemption tld:uk drop:..7d
  lapse ls --json tag:brand not:premium sort:drop`,
		GroupID: groupList,
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := watch.ParseQuery(strings.Join(args, " "))
			if err != nil {
				return coded(exitUsage, err)
			}
			if limit > 0 {
				q.Limit = limit
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			page, err := s.List(cmd.Context(), q)
			if err != nil {
				return fmt.Errorf("list: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(list(page.Rows))
			}
			if len(page.Rows) == 0 {
				if len(page.Kinds) == 0 {
					a.note("the list is empty; lapse add example.com watches a name")
				} else {
					a.note("no name matches")
				}
				return nil
			}
			if err := a.writeTable(rowsTable(page.Rows, a.now())); err != nil {
				return err
			}
			if page.Total > len(page.Rows) {
				a.note("%d of %d", len(page.Rows), page.Total)
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 0, "at most so many names (0: all)")
	return cmd
}

func rowsTable(rows []watch.Row, now time.Time) *table {
	t := &table{head: []string{"NAME", "YOU, BY", "STAGE", "DROPS (UTC)", "ROUTE", "CAP", "TAGS"}}
	for _, r := range rows {
		t.add(r.Name.Display(), todoText(r.Todo, now), stageText(r.Verdict), windowText(r.Verdict.Window),
			routesOf(r.Orders), r.Cap.String(), strings.Join(r.Tags, ","))
	}
	return t
}

func todoText(t watch.Todo, now time.Time) string {
	if t.Verb == watch.TodoNothing {
		return "-"
	}
	s := string(t.Verb)
	if t.Urgent {
		s = "! " + s
	}
	if !t.By.IsZero() {
		s += " " + ahead(now, t.By)
	}
	return s
}

// stageText is the stage with what makes it uncertain or special.
func stageText(v lifecycle.Verdict) string {
	if v.Stage == "" {
		return string(lifecycle.Unknown)
	}
	s := string(v.Stage)
	if v.RegistryStage != "" && !strings.EqualFold(strings.ReplaceAll(v.RegistryStage, " ", "-"), s) {
		s += " (" + v.RegistryStage + ")"
	}
	for _, f := range v.Flags {
		s += " " + string(f.Flag)
		if f.Category != "" && f.Flag == lifecycle.FlagAtAuction {
			s += ":" + f.Category
		}
	}
	switch v.Confidence {
	case lifecycle.Conflict:
		s += " CONFLICT"
	case lifecycle.Guess:
		s += " ?"
	}
	return s
}

func routesOf(orders []catch.Order) string {
	var rs []string
	for _, o := range orders {
		rs = append(rs, o.Route+":"+string(o.State))
	}
	if len(rs) == 0 {
		return "-"
	}
	return strings.Join(rs, " ")
}
