package cli

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch/registrar"
)

// TestNoSecretIsKept runs commands against services that fail in every way and
// repeat what they were sent, and then reads every file that lapse left and all
// that it said: no secret is in any.
func TestNoSecretIsKept(t *testing.T) {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.Header().Set("Content-Type", "application/json")
		switch calls % 4 {
		case 0:
			w.WriteHeader(http.StatusForbidden)
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2: // the connection breaks
			if h, ok := w.(http.Hijacker); ok {
				if c, _, err := h.Hijack(); err == nil {
					_ = c.Close()
					return
				}
			}
		}
		body := new(bytes.Buffer)
		_, _ = body.ReadFrom(http.MaxBytesReader(w, r.Body, 1<<20))
		fmt.Fprintf(w, `{"error":"what was that: %s %s %s","message":%q}`, r.URL.String(), r.Header.Get("Authorization"), body.String(), fmt.Sprint(r.Header))
	}))
	defer srv.Close()

	folder := t.TempDir()
	conf := filepath.Join(folder, "conf")
	if err := os.MkdirAll(conf, 0o700); err != nil {
		t.Fatal(err)
	}
	const key, secret = "kEy-7d1f0c55aa", "sEcret-90be11c2fe"
	var b strings.Builder
	fmt.Fprintf(&b, "[lookup]\noffline = true\n[month]\nUSD = \"600\"\n[log]\nlevel = \"debug\"\n")
	var accounts []string
	for _, f := range registrar.All() {
		if f.Service == "epp" {
			continue // its secret goes over TLS to a server that none here plays
		}
		acc := "a" + f.Service
		accounts = append(accounts, acc)
		for name, value := range map[string]string{"key": key, "secret": secret} {
			if err := os.WriteFile(filepath.Join(conf, acc+"."+name), []byte(value), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&b, "[account.%s]\nservice = %q\nurl = %q\nuser = \"someone\"\ncontact = \"1\"\napi_key = \"file:%s.key\"\nsecret = \"file:%s.secret\"\n", acc, f.Service, srv.URL, acc, acc)
		fmt.Fprintf(&b, "[account.%s.options]\n", acc)
		for _, field := range f.Fields {
			switch field.Name {
			case "key", "secret", "user", "contact", "url":
			default:
				if field.Needed {
					fmt.Fprintf(&b, "%s = \"1.2.3.4\"\n", field.Name)
				}
			}
		}
	}
	if err := os.WriteFile(filepath.Join(conf, "config.toml"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(folder, "state")
	t.Setenv("HOME", folder)
	t.Setenv("XDG_STATE_HOME", state)
	t.Setenv("XDG_DATA_HOME", state)
	t.Setenv("LAPSE_CONFIG", filepath.Join(conf, "config.toml"))

	var said bytes.Buffer
	run := func(args ...string) {
		t.Helper()
		fmt.Fprintf(&said, "$ lapse %s\n", strings.Join(args, " "))
		Main(append(args, "--db", filepath.Join(state, "lapse.db")), strings.NewReader(""), &said, &said)
	}
	run("add", "tinplate.com", "--cap", "60USD")
	run("account", "--json")
	run("routes", "tinplate.com", "--json")
	for _, acc := range accounts {
		run("account", "test", acc)
		for _, route := range []string{acc, acc + ":register"} {
			run("order", "tinplate.com", "--via", route, "--cap", "60USD", "--price", "24.99USD", "--consent", "burst", "--dry-run", "--print")
			run("order", "tinplate.com", "--via", route, "--cap", "60USD", "--price", "24.99USD", "--consent", "burst", "--yes", "--wait=false")
		}
	}
	run("check", "tinplate.com", "--json")
	run("orders", "sync")
	run("orders", "--all", "--json")
	run("ledger", "--json")
	run("show", "tinplate.com", "--json")
	run("history", "tinplate.com", "--json")
	run("config")
	run("doctor")
	if strings.Contains(said.String(), "is left out") {
		t.Errorf("an account was not set up:\n%s", said.String())
	}
	if calls == 0 {
		t.Fatalf("no service was ever asked:\n%s", said.String())
	}

	hidden := map[string][]byte{}
	for what, s := range map[string]string{"key": key, "secret": secret} {
		hidden[what] = []byte(s)
		hidden[what+" in base64"] = []byte(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(s)), "="))
		hidden["someone:"+what+" in base64"] = []byte(base64.RawStdEncoding.EncodeToString([]byte("someone:" + s)))
	}
	look := func(where string, data []byte) {
		for what, s := range hidden {
			if i := bytes.Index(data, s); i >= 0 {
				t.Errorf("%s holds the %s: …%q…", where, what, data[max(0, i-60):min(len(data), i+len(s)+20)])
			}
		}
	}
	look("what was said", said.Bytes())
	files := 0
	err := filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		look(path, data)
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files read: %v", files, err)
	}
	t.Logf("%d calls to services, %d files and %d bytes of output read", calls, files, said.Len())
}
