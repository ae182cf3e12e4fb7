package cli

import (
	"slices"
	"testing"
)

// TestRemovedAccountTakesItsOwnSecretsAlone: what another account or a channel
// is kept by stays in the keyring.
func TestRemovedAccountTakesItsOwnSecretsAlone(t *testing.T) {
	t.Parallel()
	l := &loaded{}
	l.Account = map[string]AccountConfig{
		"one": {Secret: "keyring:shared", APIKey: "keyring:one"}, "two": {Secret: "keyring:two", APIKey: "keyring:shared"},
		"tri": {Secret: "keyring:tri", APIKey: "keyring:tri"}, "bot": {Secret: "keyring:bot"}, "file": {Secret: "file:x"},
	}
	l.Alert.Channel = map[string]ChannelConfig{"me": {Secret: "keyring:bot"}}
	for name, want := range map[string][]string{"one": {"one"}, "two": {"two"}, "tri": {"tri"}, "bot": nil, "file": nil} {
		if got := l.keyringOnly(name); !slices.Equal(got, want) {
			t.Errorf("%s takes %v, want %v", name, got, want)
		}
	}
}
