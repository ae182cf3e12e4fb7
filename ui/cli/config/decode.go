package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/lapse-dev/lapse/ui/cli/typed"
)

// maxFile is far more than anybody writes by hand.
const maxFile = 4 << 20

// readBounded reads a file that a person named, whatever it turns out to be.
func readBounded(path string, most int64) ([]byte, error) {
	// A pipe that nobody writes to would keep lapse waiting, without a word.
	if st, err := os.Stat(path); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		return nil, fmt.Errorf("%s is larger than %d KiB", path, most>>10)
	}
	return data, err
}

// decodeStrict reads TOML and names file and line of what it does not know.
func decodeStrict(path string, data []byte, into any) error {
	dec := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		return nil
	}
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) && len(missing.Errors) > 0 {
		var lines []string
		for _, e := range missing.Errors {
			row, _ := e.Position()
			msg := fmt.Sprintf("%s:%d: unknown key %q", path, row, strings.Join(e.Key(), "."))
			if g := typed.Guess(lastOf(e.Key()), knownKeys()); g != "" {
				msg += fmt.Sprintf(" (did you mean %q?)", g)
			}
			lines = append(lines, msg)
		}
		return &Error{errors.New(strings.Join(lines, "\n"))}
	}
	var de *toml.DecodeError
	if errors.As(err, &de) {
		row, col := de.Position()
		return &Error{fmt.Errorf("%s:%d:%d: %s", path, row, col, strings.TrimPrefix(de.Error(), "toml: "))}
	}
	return &Error{fmt.Errorf("%s: %w", path, err)}
}

func lastOf(ss []string) string {
	if len(ss) == 0 {
		return ""
	}
	return ss[len(ss)-1]
}

// knownKeys are the last parts of all keys, to guess typos from.
var knownKeys = sync.OnceValue(func() []string {
	seen := map[string]bool{}
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Struct:
			for i := range t.NumField() {
				seen[t.Field(i).Tag.Get("toml")] = true
				visit(t.Field(i).Type)
			}
		case reflect.Map:
			visit(t.Elem())
		}
	}
	visit(reflect.TypeFor[File]())
	var keys []string
	for k := range seen {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
})

// keyLines finds the line of every key of a TOML file that has been read
// without error.
func keyLines(data []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(data)
	prefix := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			var at int
			prefix, at = keyOf(e.Key(), data)
			if _, more := lines[prefix]; e.Kind == unstable.ArrayTable && !more {
				lines[prefix] = 1 + bytes.Count(data[:at], []byte("\n"))
			}
		case unstable.KeyValue:
			key, at := keyOf(e.Key(), data)
			if prefix != "" {
				key = prefix + "." + key
			}
			line := 1 + bytes.Count(data[:at], []byte("\n"))
			lines[key] = line
			inlineKeys(e.Value(), key, line, lines)
		}
	}
	return lines
}

func inlineKeys(v *unstable.Node, prefix string, line int, lines map[string]int) {
	if v == nil || v.Kind != unstable.InlineTable {
		return
	}
	it := v.Children()
	for it.Next() {
		kv := it.Node()
		if kv.Kind != unstable.KeyValue {
			continue
		}
		key, _ := keyOf(kv.Key(), nil)
		lines[prefix+"."+key] = line
		inlineKeys(kv.Value(), prefix+"."+key, line, lines)
	}
}

func keyOf(it unstable.Iterator, data []byte) (key string, at int) {
	var parts []string
	for it.Next() {
		n := it.Node()
		if len(parts) == 0 && data != nil {
			at = int(n.Raw.Offset)
		}
		parts = append(parts, string(n.Data))
	}
	return strings.Join(parts, "."), min(at, len(data))
}
