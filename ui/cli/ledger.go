package cli

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) ledgerCommand() *cobra.Command {
	var limit int
	var asCSV bool
	cmd := &cobra.Command{
		Use:     "ledger",
		Short:   "Show every step that could cost money, newest first",
		Example: "  lapse ledger\n  lapse ledger --json --limit 0\n  lapse ledger --csv --limit 0 > ledger.csv",
		GroupID: groupMoney,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asCSV && a.flags.json {
				return usagef("--csv or --json, not both")
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			es, err := s.Ledger(cmd.Context(), limit)
			if err != nil {
				return fmt.Errorf("ledger: %w", err)
			}
			switch {
			case asCSV:
				return a.ledgerCSV(es)
			case a.flags.json:
				return a.writeJSON(list(es))
			}
			t := &table{head: []string{"SEQ", "WHEN (UTC)", "STEP", "ORDER", "NAME", "ROUTE", "ACTION", "AT MOST", "PAID", "OUTCOME", "WORDS"}}
			for _, e := range es {
				t.add(strconv.FormatInt(e.Seq, 10), moment(e.At), string(e.Step), strconv.FormatInt(e.Order, 10), watch.Name(e.Name).Display(),
					e.Route, e.Action, e.AtMost.String(), e.Paid.String(), e.Outcome, e.Words)
			}
			return a.writeTable(t)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "the latest so many entries (0: all)")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "as comma-separated values, for a spreadsheet")
	return cmd
}

// ledgerColumns are the columns of `lapse ledger --csv`, called as in JSON; an
// amount and its currency stand apart, so that a spreadsheet can add up. New
// ones are added at the end.
var ledgerColumns = []string{
	"seq", "at", "epoch", "step", "intent", "order", "name", "route", "action",
	"at_most", "at_most_currency", "paid", "paid_currency", "creates", "outcome", "words",
}

// ledgerCSV writes entries as RFC 4180 wants it, but for the line ends.
func (a *app) ledgerCSV(es []catch.LedgerEntry) error {
	w := csv.NewWriter(a.stdout)
	rows := [][]string{ledgerColumns}
	amount := func(m catch.Money) (string, string) {
		if m.Currency == "" {
			return "", ""
		}
		return m.Amount(), m.Currency
	}
	number := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	for _, e := range es {
		most, mostIn := amount(e.AtMost)
		paid, paidIn := amount(e.Paid)
		rows = append(rows, []string{
			number(e.Seq), e.At.UTC().Format(time.RFC3339Nano), strconv.FormatInt(e.Epoch, 10), string(e.Step), number(e.Intent), number(e.Order),
			e.Name, plainCell(e.Route), e.Action, most, mostIn, paid, paidIn, number(int64(e.Creates)), e.Outcome, plainCell(e.Words),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// plainCell is a text from elsewhere as a cell: one line, and never a formula,
// which a spreadsheet would carry out (the quote before it is how they mark
// text).
func plainCell(s string) string {
	s = whoisx.CleanLine(s)
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@') {
		return "'" + s
	}
	return s
}
