package registrar

import (
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

func TestTheList(t *testing.T) {
	seen := map[string]bool{}
	book := terms.Default()
	for _, f := range All() {
		if seen[f.Service] {
			t.Errorf("%s is listed twice", f.Service)
		}
		seen[f.Service] = true
		if f.Title == "" || f.New == nil || len(f.Routes) == 0 || len(f.Fields) == 0 {
			t.Errorf("%s: incomplete: %+v", f.Service, f)
		}
		if err := f.Check(account.Config{Account: "empty"}); err == nil {
			t.Errorf("%s takes an account without a key", f.Service)
		} else if !strings.Contains(err.Error(), "empty") {
			t.Errorf("%s: the error does not name the account: %v", f.Service, err)
		}
		if err := f.Check(account.Config{Account: "a", User: "u", Key: catch.NewSecret("a b"), Secret: catch.NewSecret("c\n")}); err == nil {
			t.Errorf("%s takes a key with spaces", f.Service)
		}
	}
	if len(seen)+len(ByHand(book)) < 9 {
		t.Errorf("only %d services", len(seen))
	}
	if _, err := Open(account.Config{Account: "x", Service: "dynadott"}); err == nil || !strings.Contains(err.Error(), "dynadot") {
		t.Errorf("an unknown service: %v", err)
	}
}

func TestTwoAccountsAtOneService(t *testing.T) {
	names, pools := map[string]bool{}, map[string]bool{}
	for _, a := range []string{"dynadot", "second"} {
		routes, err := Open(account.Config{Account: a, Service: "dynadot", Key: catch.NewSecret("k"), Terms: terms.Default()})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range routes {
			d := r.Describe()
			names[d.Route] = true
			if d.Kind == catch.Backorder {
				pools[d.Pool] = true
			}
		}
	}
	if len(names) != 4 {
		t.Errorf("routes %v are not told apart", names)
	}
	if len(pools) != 1 {
		t.Errorf("two accounts share one queue, which is why two orders are against oneself: %v", pools)
	}
}

// TestTermsThatForbidBursts: these services say so themselves. No consent opens
// what they forbid.
func TestTermsThatForbidBursts(t *testing.T) {
	for _, service := range []string{"dnsimple", "namecom"} {
		if terms := terms.Default().For(service, catch.Register, "example.com"); terms.Burst != catch.BurstForbidden || terms.Source == "" {
			t.Errorf("%s: burst is %q by %q", service, terms.Burst, terms.Source)
		}
	}
}
