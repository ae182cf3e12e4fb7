package fake

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLeaksAreFound plants a secret in every way in which one is written: a scan
// that finds nothing has to be one that could have.
func TestLeaksAreFound(t *testing.T) {
	const secret = "s3cret/of+some=length"
	for what, text := range map[string]string{
		"plain":        "key=" + secret + "&x",
		"query":        "GET /?key=" + url.QueryEscape(secret),
		"basic":        "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+secret)),
		"basic, one":   "Basic " + base64.StdEncoding.EncodeToString([]byte("four:"+secret)),
		"base64 alone": base64.RawStdEncoding.EncodeToString([]byte(secret)),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "lapse.db-wal"), []byte(strings.Repeat("\x00page", 100)+text+strings.Repeat("more", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		if leaks, files, err := Leaks(dir, nil, secret, "s3cond"); len(leaks) == 0 || files != 1 || err != nil {
			t.Errorf("%s: %v in %d files, %v", what, leaks, files, err)
		}
		if leaks, files, err := Leaks(dir, func(string) bool { return true }, secret); len(leaks) != 0 || files != 0 || err != nil {
			t.Errorf("%s, left out: %v in %d files, %v", what, leaks, files, err)
		}
		if leaks, _, err := Leaks(dir, nil, "another-secret"); len(leaks) != 0 || err != nil {
			t.Errorf("%s, another: %v, %v", what, leaks, err)
		}
	}
}
