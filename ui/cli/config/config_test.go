package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestLoad: the environment wins over the file, that over the defaults, each
// setting says where it is from, and what is wrong names file and line.
func TestLoad(t *testing.T) {
	t.Parallel()
	env := map[string]string{"LAPSE_UI_THEME": "dark", "LAPSE_CLOCK_NTP": "a.example, b.example"}
	getenv := func(name string) string { return env[name] }
	load := func(text string) (*Loaded, string, error) {
		file := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Load(Paths{Config: file, Folder: filepath.Dir(file)}, true, getenv)
		return l, file, err
	}
	l, file, err := load("[ui]\ntheme = \"light\"\nascii = true\n[account.dyn]\nservice = \"dynadot\"\nsecret = \"command:gopass show dyn\"\n" +
		"[[alert.rule]]\nevents = [\"renewed\", \"restored\"]\nchannels = [\"phone\"]\ndigest = true\n[[alert.rule]]\ntags = [\"dull\"]\nchannels = []\n[alert.channel.phone]\nsecret = \"keyring:phone\"\n")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Setting{}
	for _, s := range l.Settings() {
		got[s.Key] = s
	}
	for _, want := range []Setting{
		{"ui.theme", "dark", "LAPSE_UI_THEME", "LAPSE_UI_THEME"},
		{"ui.ascii", "true", file + ":3", "LAPSE_UI_ASCII"},
		{"ui.mouse", "true", "default", "LAPSE_UI_MOUSE"},
		{"clock.ntp", "a.example,b.example", "LAPSE_CLOCK_NTP", "LAPSE_CLOCK_NTP"},
		{"account.dyn.secret", "command:•••", file + ":6", ""},
		{"alert.rule", "events=renewed,restored channels=phone digest=true; tags=dull channels=", file + ":7", ""},
	} {
		if got[want.Key] != want {
			t.Errorf("%s is %+v, want %+v", want.Key, got[want.Key], want)
		}
	}
	for text, says := range map[string]string{
		"\n[ui]\ntheem = \"light\"\n":                                  `:3: unknown key "ui.theem" (did you mean "theme"?)`,
		"[ui]\nascii = = true\n":                                       ":2:",
		"[log]\nlevel = \"loud\"\n":                                    `:2: log.level: "loud" is none of debug, info, warn, error`,
		"[serve]\nmetrics = \"0.0.0.0:9110\"\n":                        ":2: serve.metrics: ",
		"[account.dyn]\nservice = \"dynadot\"\nsecret = \"hunter2\"\n": ":3: account.dyn.secret: a secret never stands in the configuration",
	} {
		_, file, err := load(text)
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), file+says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
}

// What is read is bounded, whatever a file or a command turns out to hold.
func TestBoundedReads(t *testing.T) {
	home := t.TempDir()
	none := func(string) string { return "" }
	big := filepath.Join(home, "config.toml")
	if err := os.WriteFile(big, bytes.Repeat([]byte("#"), maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	var wrong *Error
	if _, err := Load(Paths{Config: big}, true, none); !errors.As(err, &wrong) {
		t.Errorf("an endless configuration: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if s, err := (Secret{"command", "yes hunter2 | tr -d '\\n'"}).Read(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an endless secret: %v, %v", s, err)
	}
	if err := os.WriteFile(big, bytes.Repeat([]byte("s"), maxSecret+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Secret{"file", big}).Read(t.Context()); err == nil {
		t.Error("a file of 64 KiB was taken for a secret")
	}
}

// A list never lands in whatever folder a service manager starts lapse in.
func TestNoHomeIsNotHere(t *testing.T) {
	for _, home := range []string{"", "relative"} {
		p := DefaultPaths(func(name string) string {
			if name == "HOME" {
				return home
			}
			return ""
		})
		if !filepath.IsAbs(p.DB) || !filepath.IsAbs(p.Config) || !filepath.IsAbs(p.State) {
			t.Errorf("HOME=%q: %+v", home, p)
		}
	}
}
