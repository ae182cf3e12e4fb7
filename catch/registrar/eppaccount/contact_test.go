package eppaccount

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp/epptest"
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

// TestNexusGoesAlong makes a contact with a nexus answer at registries that offer
// the extension for it, and at one that does not.
func TestNexusGoesAlong(t *testing.T) {
	for zone, c := range map[string]struct{ answer, sent string }{
		"us": {"C31/DE/P1", `<neulevel:unspec>AppPurpose=P1 NexusCategory=C31/DE</neulevel:unspec>`},
		"nu": {"[SE]802405-0190", `<iis:orgno>[SE]802405-0190</iis:orgno>`},
		"no": {"894786892", `<no-ext-contact:identity type="organizationNumber">894786892</no-ext-contact:identity>`},
		"uk": {"LTD/12345678", `<contact-nom-ext:co-no>12345678</contact-nom-ext:co-no>`},
	} {
		for _, offered := range []bool{true, false} {
			var mu sync.Mutex
			var login, create string
			s := &epptest.Server{Answer: func(frame string) (int, string) {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case strings.Contains(frame, "<login>"):
					login = frame
				case strings.Contains(frame, "<create>"):
					create = frame
				}
				return -1, ""
			}}
			uri := ""
			for _, n := range DefaultAnswers().All() {
				if n.asks([]string{zone}) {
					uri = n.Namespace
				}
			}
			if offered {
				s.Extensions = []string{uri}
			}
			a := toldOf(t, s, zone)
			person := jo
			person.Nexus = map[string]string{zone: c.answer}
			if _, err := a.CreateContact(t.Context(), person); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			if strings.Contains(create, c.sent) != offered || strings.Contains(login, "<extURI>"+uri+"</extURI>") != offered {
				t.Errorf("%s, offered %t: %s\n%s", zone, offered, login, create)
			}
			mu.Unlock()
			if l := a.Nexus(person); len(l) != 1 || (l[0].Light == catch.Green) != offered {
				t.Errorf("%s, offered %t: %+v", zone, offered, l)
			}
			if text, err := a.PrintContact(person); err != nil || !strings.Contains(text, c.sent) {
				t.Errorf("%s: %s, %v", zone, text, err)
			}
			person.Nexus[zone] = `C99"><x/>`
			if _, err := a.CreateContact(t.Context(), person); catch.KindOf(err) != catch.InvalidContact || !strings.Contains(err.Error(), "not written like") {
				t.Errorf("%s: %v", zone, err)
			}
		}
	}
}

func TestAnswersOfOnesOwn(t *testing.T) {
	const good = `[[answer]]
zones = ["example"]
namespace = "urn:x:nexus-1.0"
form = '^(?P<id>[0-9]+)$'
like = "a number"
create = '<x:create xmlns:x="urn:x:nexus-1.0"><x:id>{id}</x:id></x:create>'
source = "the registry"
seen = "2026-11"
confidence = "official"
`
	for old, c := range map[string]struct{ put, want string }{
		"":                      {"", ""},
		`zones = ["example"]`:   {``, "zones"},
		`seen = "2026-11"`:      {``, "source"},
		`(?P<id>[0-9]+)`:        {`(`, "form"},
		`{id}`:                  {`{no}`, "braces"},
		`</x:create>`:           {``, "no XML"},
		`xmlns:x="urn:x:nexus-`: {`xmlns:x="urn:y:nexus-`, "element of"},
		`like = "a number"`:     {`likes = "a number"`, "unknown key"},
	} {
		err := DefaultAnswers().Overlay("answers.toml", []byte(strings.Replace(good, old, c.put, 1)))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q for %q: %v, want %q", c.put, old, err, c.want)
		}
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
