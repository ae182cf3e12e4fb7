package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRoutesJSON holds `lapse routes --json` to its documented shape.
func TestRoutesJSON(t *testing.T) {
	folder := keptFolder(t)
	t.Setenv("HOME", folder)
	t.Setenv("XDG_STATE_HOME", folder)
	t.Setenv("XDG_CONFIG_HOME", folder)
	for _, args := range [][]string{{"routes", "--json"}, {"routes", "tinplate.com", "--json"}} {
		var out, errs bytes.Buffer
		if code := Main(append(args, "--db", filepath.Join(folder, "lapse.db")), strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, errs.String())
		}
		var routes []map[string]any
		if err := json.Unmarshal(out.Bytes(), &routes); err != nil {
			t.Fatal(err)
		}
		kinds := []string{"backorder", "expiry-auction", "register", "epp", "prereg", "by-hand"}
		services := map[string]bool{}
		for _, r := range routes {
			name, _ := r["route"].(string)
			service, _ := r["service"].(string)
			kind, _ := r["kind"].(string)
			can, isList := r["can"].([]any)
			_, hasConfigured := r["configured"].(bool)
			open, hasOpen := r["open"].(bool)
			why, hasWhy := r["why"].(string)
			services[service] = true
			if name == "" || service == "" || !slices.Contains(kinds, kind) || !isList || len(can) == 0 || !hasConfigured || !hasOpen || !hasWhy {
				t.Errorf("%v: not of the documented shape: %v", args, r)
			}
			if !open && why == "" {
				t.Errorf("%v: it is not open, and nobody says why: %v", args, r)
			}
		}
		if len(services) < 9 {
			t.Errorf("%v: %d services", args, len(services))
		}
	}
}
