package lifecycle

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// DecodeStrict decodes one of the dated files; an unknown key, a wrong type or broken syntax is
// an error that names file and line.
func DecodeStrict(path string, data []byte, to any) error {
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(to)
	var missing *toml.StrictMissingError
	var bad *toml.DecodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing) && len(missing.Errors) > 0:
		e := missing.Errors[0]
		row, _ := e.Position()
		return fmt.Errorf("%s:%d: unknown key %q", path, row, strings.Join(e.Key(), "."))
	case errors.As(err, &bad):
		row, col := bad.Position()
		return fmt.Errorf("%s:%d:%d: %s", path, row, col, strings.TrimPrefix(bad.Error(), "toml: "))
	}
	return fmt.Errorf("%s: %w", path, err)
}

// index finds the line of each key: "rule[0].zone", "rule[0].stage[2].max".
// A table's own line stands under its path.
func index(data []byte) map[string]int {
	at := map[string]int{}
	count := map[string]int{}
	table := ""
	for i, line := range strings.Split(string(data), "\n") {
		s := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(s, "[["):
			name, _, _ := strings.Cut(strings.TrimPrefix(s, "[["), "]]")
			table = numbered(name, count, true)
			at[table] = i + 1
		case strings.HasPrefix(s, "[") && strings.HasSuffix(strings.TrimSpace(strings.SplitN(s, "#", 2)[0]), "]") && !strings.Contains(s, "="):
			name, _, _ := strings.Cut(strings.TrimPrefix(s, "["), "]")
			table = numbered(name, count, false)
			at[table] = i + 1
		default:
			key, _, ok := strings.Cut(s, "=")
			key = strings.TrimSpace(key)
			if !ok || key == "" || strings.ContainsAny(key, "\"'#[]{} ") {
				continue
			}
			p := key
			if table != "" {
				p = table + "." + key
			}
			if at[p] == 0 {
				at[p] = i + 1
			}
		}
	}
	return at
}

// numbered turns "rule.stage" into "rule[3].stage[1]".
func numbered(name string, count map[string]int, array bool) string {
	parts, path := strings.Split(strings.TrimSpace(name), "."), ""
	for i, p := range parts {
		if path != "" {
			path += "."
		}
		path += strings.TrimSpace(p)
		n, isArray := count[path]
		switch {
		case i == len(parts)-1 && array:
			count[path] = n + 1
			path = fmt.Sprintf("%s[%d]", path, n)
		case isArray:
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
	}
	return path
}

// reader turns one rule of a file into a Rule; its errors name file and line.
type reader struct {
	path  string
	at    map[string]int
	table string
	sure  string // the confidence of what names none
}

func (p reader) fail(key, format string, args ...any) error {
	line := p.at[p.table+"."+key]
	for t := p.table; line == 0 && t != ""; {
		line = p.at[t]
		i := strings.LastIndexByte(t, '.')
		if i < 0 {
			break
		}
		t = t[:i]
	}
	return fmt.Errorf("%s:%d: %s", p.path, line, fmt.Sprintf(format, args...))
}

func (p reader) span(key, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := ParseSpan(s)
	if err != nil {
		return 0, p.fail(key, "%s: %v", key, err)
	}
	return d, nil
}
