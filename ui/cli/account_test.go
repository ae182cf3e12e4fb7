package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestAccountsChangedAtOnce: of many that add and take away at once none loses
// what another wrote, one name is added once, and a link to the configuration
// stays one.
func TestAccountsChangedAtOnce(t *testing.T) {
	t.Parallel()
	folder := keptFolder(t)
	kept, conf := filepath.Join(folder, "kept", "config.toml"), filepath.Join(folder, "config.toml")
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("# mine\n[account.old]\nservice = \"dynadot\"\nsecret = \"file:x\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(kept, conf); err != nil {
		t.Skip(err)
	}
	run := func(args ...string) (int, string) {
		var said bytes.Buffer
		code := Main(append(args, "--config", conf, "--db", filepath.Join(folder, "lapse.db")), strings.NewReader(""), &said, &said)
		return code, said.String()
	}
	var all sync.WaitGroup
	var same [6]int
	for i := range 12 {
		all.Go(func() {
			if code, said := run("account", "add", fmt.Sprintf("a%d", i), "--service", "dynadot", "--secret", "file:x"); code != 0 {
				t.Errorf("a%d: %d %s", i, code, said)
			}
		})
		if i < len(same) {
			all.Go(func() { same[i], _ = run("account", "add", "same", "--service", "dynadot", "--secret", "file:x") })
		}
	}
	all.Go(func() {
		if code, said := run("account", "rm", "old"); code != 0 {
			t.Errorf("rm: %d %s", code, said)
		}
	})
	all.Wait()
	raw, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(raw, []byte("[account.")); n != 13 || bytes.Contains(raw, []byte("[account.old]")) || !bytes.HasPrefix(raw, []byte("# mine\n")) {
		t.Errorf("%d accounts:\n%s", n, raw)
	}
	if slices.Sort(same[:]); !slices.Equal(same[:], []int{0, 2, 2, 2, 2, 2}) {
		t.Errorf("one account added six times ends with %v", same)
	}
	if st, err := os.Lstat(conf); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no longer one: %v %v", st, err)
	}
}
