package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/ui/cli/config"
)

// TestDoctorTellsNoSecretOfAChannel: at some services the key stands where
// others have their host.
func TestDoctorTellsNoSecretOfAChannel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := &config.Loaded{Paths: config.Paths{Folder: dir}}
	cfg.Alert.Channel = map[string]config.Channel{}
	for name, url := range map[string]string{
		"wecom": "wecom://s3cret", "later": "later://s3cret/x", "push": "pushover://shoutrrr:s3cret@s3cret/", "hook": "generic+https://s3cret@hook.example/s3cret",
		"mail": "smtp://me:s3cret@mail.example/", "chat": "discord://s3cret@s3cret",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(url), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg.Alert.Channel[name] = config.Channel{Secret: "file:" + name}
	}
	ps, bad := probes(t.Context(), cfg)
	all := fmt.Sprint(ps, bad)
	if strings.Contains(all, "s3cret") {
		t.Errorf("a secret is told: %s", all)
	}
	for _, addr := range []string{"qyapi.weixin.qq.com:443", "api.pushover.net:443", "hook.example:443", "mail.example:25", "discord.com:443"} {
		if !strings.Contains(all, addr) {
			t.Errorf("%s is not looked at: %s", addr, all)
		}
	}
}

// TestDoctorListsAccountsByName: two runs of doctor can be compared.
func TestDoctorListsAccountsByName(t *testing.T) {
	t.Parallel()
	cfg := &config.Loaded{Paths: config.Paths{Folder: t.TempDir()}}
	cfg.Account = map[string]config.Account{}
	var want, got []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		cfg.Account[name] = config.Account{Service: "dynadot"}
		want = append(want, "account "+name)
	}
	for _, f := range doctorAccounts(t.Context(), cfg) {
		got = append(got, f.What)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
