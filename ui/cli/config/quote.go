package config

import (
	"fmt"
	"strings"
)

// Quote writes the elements of a TOML array of strings.
func Quote(ss []string) string {
	qs := make([]string, len(ss))
	for i, s := range ss {
		qs[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(qs, ", ")
}
