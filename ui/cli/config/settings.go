package config

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// Setting is one effective value, as `lapse config` shows it.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
	Env    string `json:"env,omitempty"` // the variable that overrides it
}

// Settings lists every effective setting with its origin. A secret is only
// ever a reference here (config holds none), yet the command that fetches one
// may carry more than a person wants on a screen: it is hidden.
func (l *Loaded) Settings() []Setting {
	var out []Setting
	walk(reflect.ValueOf(&l.File).Elem(), "", func(key string, v reflect.Value, fixed bool) {
		s := Setting{Key: key, Value: textOf(v), Origin: l.origin[key]}
		if secretKey(key) && s.Value != "" {
			kind, _, _ := strings.Cut(s.Value, ":")
			s.Value = kind + ":•••"
		}
		if s.Origin == "" {
			s.Origin = "default"
		}
		if fixed {
			s.Env = envName(key)
		}
		out = append(out, s)
	})
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out
}

func secretKey(key string) bool {
	return strings.HasSuffix(key, ".secret") || strings.HasSuffix(key, ".api_key")
}

// walk visits every leaf of a configuration by its TOML key. A leaf below a
// map (an account, a TLD) has no variable of its own.
func walk(v reflect.Value, key string, leaf func(key string, v reflect.Value, fixed bool)) {
	walkIn(v, key, true, leaf)
}

func walkIn(v reflect.Value, key string, fixed bool, leaf func(string, reflect.Value, bool)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("toml")
			if key != "" {
				name = key + "." + name
			}
			walkIn(v.Field(i), name, fixed, leaf)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			walkIn(v.MapIndex(k), key+"."+k.String(), false, leaf)
		}
	case reflect.Slice:
		leaf(key, v, fixed && v.Type().Elem().Kind() == reflect.String) // rules have no variable
	default:
		leaf(key, v, fixed)
	}
}

// textOf writes a value in one line; of a table, such as a rule's, what was set.
func textOf(v reflect.Value) string {
	var parts []string
	switch v.Kind() {
	case reflect.Slice:
		sep := ","
		if v.Type().Elem().Kind() == reflect.Struct {
			sep = "; "
		}
		for i := range v.Len() {
			parts = append(parts, textOf(v.Index(i)))
		}
		return strings.Join(parts, sep)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				parts = append(parts, v.Type().Field(i).Tag.Get("toml")+"="+textOf(f))
			}
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v.Interface())
}

func envName(key string) string {
	return "LAPSE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// overlayEnvironment lays LAPSE_* over the file: LAPSE_LOOKUP_OFFLINE=true is
// lookup.offline. Lists are separated by commas.
func overlayEnvironment(l *Loaded, getenv func(string) string) error {
	var first error
	walk(reflect.ValueOf(&l.File).Elem(), "", func(key string, v reflect.Value, fixed bool) {
		if !fixed || first != nil {
			return
		}
		name := envName(key)
		text := getenv(name)
		if text == "" {
			return
		}
		switch v.Kind() {
		case reflect.String:
			v.SetString(text)
		case reflect.Bool:
			b, err := strconv.ParseBool(text)
			if err != nil {
				first = &Error{fmt.Errorf("%s=%q: want true or false", name, text)}
				return
			}
			v.SetBool(b)
		case reflect.Slice:
			var parts []string
			for _, p := range strings.Split(text, ",") {
				if p = strings.TrimSpace(p); p != "" {
					parts = append(parts, p)
				}
			}
			v.Set(reflect.ValueOf(parts))
		default:
			return
		}
		l.origin[key] = name
	})
	return first
}
