package account

import (
	"fmt"
	"strings"
)

// Person is the registrant as services that keep no contacts want it: in the
// options of the account.
type Person struct {
	First, Last, Organisation, Street, City, State, Zip, Country, Phone, Email string
}

// PersonFields are what such a service asks for.
var PersonFields = []Field{
	{Name: "first_name", What: "the registrant's first name", Needed: true},
	{Name: "last_name", What: "the registrant's last name", Needed: true},
	{Name: "organisation", What: "the registrant's organisation, if there is one"},
	{Name: "street", What: "street and number", Needed: true},
	{Name: "city", What: "city", Needed: true},
	{Name: "state", What: "state or province", Needed: true},
	{Name: "zip", What: "postal code", Needed: true},
	{Name: "country", What: "country, in two letters", Needed: true},
	{Name: "phone", What: "telephone, as +49.301234567", Needed: true},
	{Name: "email", What: "e-mail address; the registry's verification goes there", Needed: true},
}

// Person reads the registrant from the options.
func (c Config) Person() Person {
	o := c.Options
	return Person{
		First: o["first_name"], Last: o["last_name"], Organisation: o["organisation"], Street: o["street"], City: o["city"],
		State: o["state"], Zip: o["zip"], Country: strings.ToUpper(o["country"]), Phone: o["phone"], Email: o["email"],
	}
}

// Check says what is wrong with the registrant, before a service does.
func (p Person) Check() error {
	switch {
	case len(p.Country) != 2:
		return fmt.Errorf("country %q: two letters, like DE", p.Country)
	case !strings.HasPrefix(p.Phone, "+") || !strings.Contains(p.Phone, "."):
		return fmt.Errorf("phone %q: write it like +49.301234567", p.Phone)
	case !strings.Contains(p.Email, "@"):
		return fmt.Errorf("email %q is no address", p.Email)
	}
	return nil
}
