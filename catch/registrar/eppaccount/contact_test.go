package eppaccount

import (
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

var jo = catch.Contact{
	ID: "jo", Name: "Jo Sedge", Street: []string{"1 Moor Lane"}, City: "Leeds", Zip: "LS1 1AA", Country: "GB",
	Phone: "+44.1130000000", Email: "jo@sedge.example", Handles: map[string]string{"mine": "JS-2026"},
}

func TestContactIsMadeAtTheRegistry(t *testing.T) {
	_, a := bench(t, nil)
	ctx := t.Context()
	if has, err := a.HasContact(ctx, "JS-2026"); has || err != nil {
		t.Fatalf("before: %t, %v", has, err)
	}
	if no, err := a.CreateContact(ctx, jo); err != nil || no == "" {
		t.Fatalf("%q, %v", no, err)
	}
	if has, err := a.HasContact(ctx, "JS-2026"); !has || err != nil {
		t.Errorf("after: %t, %v", has, err)
	}
	rep, err := a.Place(ctx, catch.Request{Key: "order-1", Name: "free.test", Years: 1, Contact: "JS-2026", Price: usd("10"), Cap: usd("20")})
	if err != nil || rep.State != catch.Won {
		t.Errorf("a create with it: %+v, %v", rep, err)
	}
	bad := jo
	bad.Phone = "0113 0000000"
	if _, err := a.CreateContact(ctx, bad); catch.KindOf(err) != catch.InvalidContact || strings.Contains(err.Error(), "Moor Lane") {
		t.Errorf("%v", err)
	}
	local := jo
	local.Name, local.ID, local.Handles = "Jö Sëdge", "loc-1", nil
	if text, err := a.PrintContact(local); err != nil || !strings.Contains(text, `type="loc"`) || !strings.Contains(text, "<contact:id>loc-1</contact:id>") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestPreflightBesideABurst looks while a burst of the account is armed: its own
// name is well, another has to wait; neither is red.
func TestPreflightBesideABurst(t *testing.T) {
	keeper := &burst.Memory{}
	reg, a := bench(t, func(o *sandbox.Options, opts *Options) {
		opts.Keeper = keeper
		o.TLDs[0].Stages[1].For = 20 * time.Second
	})
	st, _ := reg.Look("dropping.test")
	armed, err := a.Arm(t.Context(), []catch.Request{{Name: "dropping.test", Years: 1, Price: usd("10"), Cap: usd("20")}}, st.Drop, st.Drop)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = armed.Disarm() }()
	for name, want := range map[string]catch.Light{"dropping.test": catch.Green, "other.test": catch.Yellow} {
		login := catch.Line{}
		for _, l := range a.Preflight(t.Context(), catch.Request{Name: name, Price: usd("10"), Cap: usd("20")}, st.Drop) {
			if l.Light == catch.Red {
				t.Errorf("%s: %+v", name, l)
			}
			if l.What == "login" {
				login = l
			}
		}
		if login.Light != want {
			t.Errorf("%s: %+v", name, login)
		}
	}
}
