package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "dns.json"), filepath.Join(dir, "servers.txt")
	list := `{"publication":"2026-11-20T23:00:01Z","services":[[["net","com"],["http://v.example/","https://v.example"]],[["aero"],["https://a.example/rdap/"]]]}`
	if err := os.WriteFile(in, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(in, out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want := "# RDAP servers and the suffixes that each serves, from IANA's bootstrap list.\n# published 2026-11-20\nhttps://a.example/rdap/ aero\nhttps://v.example/ com net\n"
	if string(got) != want {
		t.Errorf("%s", got)
	}
	if err := run(filepath.Join(dir, "none"), out); err == nil {
		t.Error("a list that is not there was read")
	}
}
