package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/lapse-dev/lapse/whoisx"
)

// writeJSON writes one value: an array for lists, an object for the rest.
func (a *app) writeJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// writeLine writes one object of a stream on a line of its own.
func (a *app) writeLine(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// list never writes null for an empty list.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// table is what a command prints for people: a header and rows. With --plain
// it is one record a line, tabs between, no header. Text in it may come from
// the network: it is cleaned here, once.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) {
	for i, c := range cells {
		cells[i] = whoisx.CleanLine(c)
	}
	t.rows = append(t.rows, cells)
}

func (a *app) writeTable(t *table) error {
	var b strings.Builder
	if a.flags.plain {
		for _, r := range t.rows {
			b.WriteString(strings.Join(r, "\t"))
			b.WriteByte('\n')
		}
		_, err := io.WriteString(a.stdout, b.String())
		return err
	}
	if len(t.rows) == 0 {
		return nil
	}
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		widths[i] = ansi.StringWidth(h)
	}
	for _, r := range t.rows {
		for i, c := range r {
			widths[i] = max(widths[i], ansi.StringWidth(c))
		}
	}
	limit := a.width()
	line := func(cells []string) {
		var l strings.Builder
		for i, c := range cells {
			l.WriteString(c)
			if i < len(cells)-1 {
				l.WriteString(strings.Repeat(" ", widths[i]-ansi.StringWidth(c)+2))
			}
		}
		s := strings.TrimRight(l.String(), " ")
		if limit > 0 {
			s = ansi.Truncate(s, limit, "…")
		}
		b.WriteString(s)
		b.WriteByte('\n')
	}
	line(t.head)
	for _, r := range t.rows {
		line(r)
	}
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

// width is the terminal's, or 0 where stdout is none: nothing is cut in a pipe.
func (a *app) width() int {
	type fd interface{ Fd() uintptr }
	f, ok := a.stdout.(fd)
	if !ok {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// printf writes data for people.
func (a *app) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(a.stdout, format, args...)
	return err
}
