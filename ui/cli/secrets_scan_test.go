package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

// TestNoSecretIsKept runs commands against services that fail in every way and
// repeat what they were sent, and then reads every file that lapse left and all
// that it said: no secret is in any. The other tests of the program are read in
// the same way, see keptFolder.
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

	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "said.txt"), said.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	noLeaks(t, state, key, secret)
	t.Logf("%d calls to services, %d bytes of output read", calls, said.Len())
}

// noLeaks reads every file below a folder that is there to keep no secret.
func noLeaks(t *testing.T, folder string, secrets ...string) {
	t.Helper()
	leaks, files, err := fake.Leaks(folder, keepsSecrets, secrets...)
	for _, l := range leaks {
		t.Error(l)
	}
	if err != nil || files == 0 {
		t.Errorf("%d files read: %v", files, err)
	}
}

// keepsSecrets tells the files that a person keeps secrets in, and the
// configuration of scripts which try to put one there.
func keepsSecrets(path string) bool {
	switch filepath.Ext(path) {
	case ".key", ".secret", ".toml", ".url", ".pem", ".txtar":
		return true
	}
	switch filepath.Base(path) {
	case "key", "secret", "spaced", "epp-password":
		return true
	}
	return false
}

// keptFolder is a folder for tests of the program. Once they are over, no secret
// that any of them knows is in what the program left: database, WAL, log,
// whatever a process that was killed wrote.
func keptFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	t.Cleanup(func() { noLeaks(t, folder, "hunter2", "hunter 2", "sandbox-secret", fake.Secret) })
	return folder
}
