// Package registrar holds the services that sell names, one package a service,
// and the one list of them.
//
// A connector turns one service's API into catch.Route. Adding one is a file
// here, which says how the service's calls look and what its answers mean, and a
// line in the list of this package; beside it its terms and limits in terms/, a
// fake in fake/, a test that runs the conformance suite against that fake, and
// its requests as they are sent in testdata/requests, to be held against what
// the service documents. The suite is the contract: one error kind for
// everything that can go wrong, with the service's own words kept, and never a
// paid call sent twice. What connectors share is in account (what a route knows
// without asking), web (HTTP within the service's limits, without secrets in
// errors, and failures typed by the service's facts), plain (the frame of a
// route that registers) and repeat (the register burst).
package registrar

import (
	"fmt"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/byhand"
	"github.com/lapse-dev/lapse/catch/registrar/dnsimple"
	"github.com/lapse-dev/lapse/catch/registrar/dropcatch"
	"github.com/lapse-dev/lapse/catch/registrar/dynadot"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/catch/registrar/gandi"
	"github.com/lapse-dev/lapse/catch/registrar/hexonet"
	"github.com/lapse-dev/lapse/catch/registrar/namecheap"
	"github.com/lapse-dev/lapse/catch/registrar/namecom"
	"github.com/lapse-dev/lapse/catch/registrar/namesilo"
	"github.com/lapse-dev/lapse/catch/registrar/porkbun"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// All lists every service.
func All() []account.Factory {
	return []account.Factory{
		dnsimple.Factory(),
		dropcatch.Factory(),
		dynadot.Factory(),
		eppaccount.Factory(),
		gandi.Factory(),
		hexonet.Factory(),
		namecheap.Factory(),
		namecom.Factory(),
		namesilo.Factory(),
		porkbun.Factory(),
	}
}

// ByHand returns the services that have no API: they need no account here.
func ByHand(b *terms.Book) []catch.Route { return byhand.Routes(b) }

// Open makes the routes of one account.
func Open(c account.Config) ([]catch.Route, error) {
	for _, f := range All() {
		if f.Service == c.Service {
			if err := f.Check(c); err != nil {
				return nil, err
			}
			routes, err := f.New(c)
			if err != nil {
				return nil, fmt.Errorf("open account %s: %w", c.Account, err)
			}
			return routes, nil
		}
	}
	return nil, fmt.Errorf("open account %s: no service is called %q; there are %s", c.Account, c.Service, strings.Join(Services(), ", "))
}

// Services lists the names of the services.
func Services() []string {
	var names []string
	for _, f := range All() {
		names = append(names, f.Service)
	}
	return names
}
