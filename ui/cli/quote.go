package cli

import (
	"fmt"
	"strings"
)

// quoteAll writes the elements of a TOML array of strings.
func quoteAll(ss []string) string {
	qs := make([]string, len(ss))
	for i, s := range ss {
		qs[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(qs, ", ")
}
