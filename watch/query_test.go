package watch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

func TestParseQuery(t *testing.T) {
	now := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	usd := func(n int64) catch.Money { return catch.Money{Units: n * 10000, Currency: "USD"} }
	for in, want := range map[string]Query{
		"":                             {},
		"brand new":                    {Text: "brand new"},
		"stage:redemption,free tld:uk": {Stages: []lifecycle.Stage{"redemption", "free"}, TLDs: []string{"uk"}},
		"tld:.CO.uk kind:mine":         {TLDs: []string{"co.uk"}, Kinds: []Kind{Mine}},
		"drop:..7d":                    {DropTo: now.Add(7 * 24 * time.Hour)},
		"drop:7d":                      {DropTo: now.Add(7 * 24 * time.Hour)},
		"drop:1d..2w":                  {DropFrom: now.Add(24 * time.Hour), DropTo: now.Add(14 * 24 * time.Hour)},
		"drop:2026-12-01": {
			DropFrom: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
			DropTo:   time.Date(2026, 12, 1, 23, 59, 59, 999999000, time.UTC),
		},
		"cap:50..":              {CapFrom: catch.Money{Units: 500000}},
		"cap:10USD..60USD":      {CapFrom: usd(10), CapTo: usd(60)},
		"tag:brand not:premium": {Tags: []string{"brand"}, NotFlags: []lifecycle.FlagName{"premium"}},
		"not:shop,registered":   {NotTags: []string{"shop"}, NotStage: []lifecycle.Stage{"registered"}},
		"flag:eap sort:-drop":   {Flags: []lifecycle.FlagName{"EAP"}, Sort: "drop", Desc: true},
	} {
		got, err := parseQuery(in, now)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q:\n%s", in, d)
		}
	}
	for in, want := range map[string]string{
		"stagee:free":     "did you mean stage?",
		"stage:redemtion": "did you mean redemption?",
		"kind:wanted":     "there are want, mine, launch",
		"drop:soon":       "7d",
		"drop:2w..1d":     "ends before",
		"cap:lots":        "50USD",
		"sort:nam":        "did you mean name?",
		"tag:":            "nothing stands after",
		"https://x.com":   "no key",
		"stage:pend":      "did you mean pending-restore?",
	} {
		_, err := parseQuery(in, now)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}
