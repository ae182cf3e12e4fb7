package terms

import (
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

func TestEmbedded(t *testing.T) {
	b := Default()
	if len(b.All()) < 10 {
		t.Errorf("only %d entries", len(b.All()))
	}
	d := b.For("dynadot", catch.Backorder, "tinplate.com")
	if d.Fee.String() != "24.99 USD" || d.PayWithin != 47*time.Hour || d.Provisional != 7*24*time.Hour || !strings.Contains(d.Text, "banned") {
		t.Errorf("dynadot: %+v", d)
	}
	if n := b.For("nobody", catch.Register, "a.com"); n.Burst != catch.BurstUnstated || len(n.Notes) == 0 {
		t.Errorf("terms that nobody wrote down: %+v", n)
	}
}

func TestOverlay(t *testing.T) {
	b := Default()
	own := "[[terms]]\nservice = \"dynadot\"\nkind = \"backorder\"\ntlds = [\"com\"]\nfee = \"10.99USD\"\nsource = \"my account\"\nseen = \"2026-11\"\n"
	if err := b.Overlay("own.toml", []byte(own)); err != nil {
		t.Fatal(err)
	}
	if got := b.For("dynadot", catch.Backorder, "a.com").Fee.String(); got != "10.99 USD" {
		t.Errorf("own fee for .com: %s", got)
	}
	if got := b.For("dynadot", catch.Backorder, "a.net").Fee.String(); got != "24.99 USD" {
		t.Errorf("own fee reaches .net: %s", got)
	}
	for bad, says := range map[string]string{
		"[[terms]]\nservice = \"x\"\nkind = \"backorder\"\nfees = \"1USD\"\n":                                     "line 4",
		"[[terms]]\nservice = \"x\"\nkind = \"backorder\"\n":                                                      "source",
		"[[terms]]\nservice = \"x\"\nkind = \"backorder\"\nsource=\"s\"\nseen=\"1\"\nfee = \"10\"\n":              "currency",
		"[[terms]]\nservice = \"x\"\nkind = \"backorder\"\nsource=\"s\"\nseen=\"1\"\nrefund = \"maybe\"\n":        "refund",
		"[[terms]]\nservice = \"x\"\nkind = \"backorder\"\nsource=\"s\"\nseen=\"1\"\npay_within = \"two days\"\n": "duration",
		"[[terms]]\nservice = \"x\"\nkind = \"backorder\"\nsource=\"s\"\nseen=\"1\"\nseveral = \"a fight\"\n":     "several",
	} {
		if err := b.Overlay("bad.toml", []byte(bad)); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "bad.toml") {
			t.Errorf("%q: %v, want it to say %q", bad, err, says)
		}
	}
}
