package config

import (
	"slices"
	"testing"
)

// TestRemovedAccountTakesItsOwnSecretsAlone: what another account or a channel
// is kept by stays in the keyring.
func TestRemovedAccountTakesItsOwnSecretsAlone(t *testing.T) {
	t.Parallel()
	l := &Loaded{}
	l.Account = map[string]Account{
		"one": {Secret: "keyring:shared", APIKey: "keyring:one"}, "two": {Secret: "keyring:two", APIKey: "keyring:shared"},
		"tri": {Secret: "keyring:tri", APIKey: "keyring:tri"}, "bot": {Secret: "keyring:bot"}, "file": {Secret: "file:x"},
	}
	l.Alert.Channel = map[string]Channel{"me": {Secret: "keyring:bot"}}
	for name, want := range map[string][]string{"one": {"one"}, "two": {"two"}, "tri": {"tri"}, "bot": nil, "file": nil} {
		if got := l.KeyringOnly(name); !slices.Equal(got, want) {
			t.Errorf("%s takes %v, want %v", name, got, want)
		}
	}
}
