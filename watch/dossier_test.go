package watch_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// TestDossier wants everything that is kept of a name in one file, each answer
// as it came with its time and hash, and the same bytes twice.
func TestDossier(t *testing.T) {
	s := newStory(t)
	const n = watch.Name("tinplate.com")
	if _, err := s.Add(t.Context(), []watch.NewWatch{{Input: string(n)}}); err != nil {
		t.Fatal(err)
	}
	s.reg.set(string(n), "clientTransferProhibited")
	s.at(2, 10, 12, 0, 0)
	if err := s.LookNow(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	s.reg.put(string(n), whoisx.Answer{
		Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"pendingDelete"},
		Created: whoisx.Day(2010, 1, 1), Updated: whoisx.Day(2026, 10, 2), Expires: whoisx.Day(2026, 8, 1), Registrar: "Old\x1b[31m Registrar",
	})
	s.at(3, 10, 12, 0, 0)
	if err := s.LookNow(t.Context(), n); err != nil {
		t.Fatal(err)
	}

	var one, two bytes.Buffer
	if err := s.Dossier(t.Context(), n, &one); err != nil {
		t.Fatal(err)
	}
	if err := s.Dossier(t.Context(), n, &two); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same database gave two files")
	}
	files := unzip(t, one.Bytes())
	for _, name := range []string{"README.txt", "verdict.json", "history.json", "alerts.json", "orders.json", "ledger.json", "bursts.json", "who-knows.json", "SHA256SUMS"} {
		if len(files[name]) == 0 {
			t.Errorf("no %s", name)
		}
	}
	for line := range strings.Lines(string(files["SHA256SUMS"])) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if got := sha256.Sum256(files[name]); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s does not have the hash %s", name, sum)
		}
	}
	raws := 0
	for name, data := range files {
		if !strings.HasPrefix(name, "answers/") || strings.Contains(name, ".raw.") {
			continue
		}
		var a struct {
			Raw  string        `json:"raw"`
			Hash string        `json:"raw_sha256"`
			Read whoisx.Answer `json:"read_as"`
		}
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatal(err)
		}
		raw := files["answers/"+a.Raw]
		if got := sha256.Sum256(raw); a.Raw == "" || hex.EncodeToString(got[:]) != a.Hash || string(raw) != "answer about tinplate.com" {
			t.Errorf("%s: raw %q is %q", name, a.Raw, raw)
		}
		raws++
	}
	if raws != 2 { // two sources, one change
		t.Errorf("%d answers in %v", raws, len(files))
	}
	if !bytes.Contains(files["history.json"], []byte("pending-delete")) || !bytes.Contains(files["verdict.json"], []byte(`"pending-delete"`)) {
		t.Errorf("history %s\nverdict %s", files["history.json"], files["verdict.json"])
	}
	for name, data := range files {
		if bytes.ContainsRune(data, 0x1b) {
			t.Errorf("%s holds an escape sequence", name)
		}
	}
	if err := s.Dossier(t.Context(), "nobody.com", io.Discard); !errors.Is(err, watch.ErrNotFound) {
		t.Errorf("a name that is not on the list: %v", err)
	}
}

func unzip(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
