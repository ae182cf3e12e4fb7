package catch

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func goodContact() Contact {
	return Contact{
		ID: "me", Name: "Jo Sedge", Street: []string{"1 Moor Lane"}, City: "Leeds", Zip: "LS1 1AA", Country: "GB",
		Phone: "+44.1130000000", Email: "jo@sedge.example", Nexus: map[string]string{"uk": "a UK address"}, Handles: map[string]string{"tag": "JS-1"},
	}
}

func TestContactCheck(t *testing.T) {
	if err := goodContact().Check(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Contact)
		says   string // "": it is fine
	}{
		"no name":              {func(c *Contact) { c.Name = "" }, "name: is missing"},
		"blank name":           {func(c *Contact) { c.Name = " " }, "name: is missing"},
		"escape in the name":   {func(c *Contact) { c.Name = "Jo\x1b[31m" }, "name: has"},
		"no street":            {func(c *Contact) { c.Street = nil }, "one to three lines"},
		"four streets":         {func(c *Contact) { c.Street = []string{"a", "b", "c", "d"} }, "one to three lines"},
		"no city":              {func(c *Contact) { c.City = "" }, "city: is missing"},
		"no zip":               {func(c *Contact) { c.Zip = "" }, "zip: is missing"},
		"no zip in Hong Kong":  {func(c *Contact) { c.Zip, c.Country = "", "HK" }, ""},
		"no state in the US":   {func(c *Contact) { c.Country = "US" }, "state: is missing"},
		"UK":                   {func(c *Contact) { c.Country = "UK" }, "Kingdom is GB"},
		"small letters":        {func(c *Contact) { c.Country = "gb" }, "ISO 3166"},
		"blanks as a country":  {func(c *Contact) { c.Country = "  " }, "ISO 3166"},
		"phone without a plus": {func(c *Contact) { c.Phone = "44.1130000000" }, "phone"},
		"phone without a dot":  {func(c *Contact) { c.Phone = "+441130000000" }, "phone"},
		"phone with blanks":    {func(c *Contact) { c.Phone = "+44.113 0000000" }, "phone"},
		"phone too long":       {func(c *Contact) { c.Phone = "+44.11300000000000" }, "phone"},
		"country code 0":       {func(c *Contact) { c.Phone = "+044.1130000" }, "phone"},
		"no phone":             {func(c *Contact) { c.Phone = "" }, "phone"},
		"no at":                {func(c *Contact) { c.Email = "jo.example" }, "email"},
		"two ats":              {func(c *Contact) { c.Email = "jo@x@sedge.example" }, "email"},
		"no dot":               {func(c *Contact) { c.Email = "jo@localhost" }, "email"},
		"a name before":        {func(c *Contact) { c.Email = "Jo <jo@sedge.example>" }, "email"},
		"handle with a blank":  {func(c *Contact) { c.Handles["tag"] = "J S" }, "handle at tag"},
		"empty nexus":          {func(c *Contact) { c.Nexus["us"] = "" }, "nexus for .us"},
	} {
		x := goodContact()
		c.change(&x)
		err := x.Check()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.says)
		}
	}
}

func TestContactHidesInLogs(t *testing.T) {
	c := goodContact()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "contact", c)
	if out := log.String() + fmt.Sprintf("%v %s %+v", c, c, &c); strings.Contains(out, "Moor") || strings.Contains(out, "sedge") {
		t.Errorf("%s", out)
	}
}

func TestContactFinds(t *testing.T) {
	c := goodContact()
	if c.Answer("co.uk") == "" || c.Answer("us") != "" || c.Handle("tag") != "JS-1" || c.Handle("other") != "me" || !c.ASCII() {
		t.Errorf("%q %q %q", c.Answer("co.uk"), c.Handle("tag"), c.Handle("other"))
	}
}
