package cli

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// The TLDs of the sandbox that are not open to all, one a kind of phase, so
// that the whole way of a launch can be tried: claims and their notice, an
// application, a falling fee, a sunrise; and one that has an expiry access period
// for names that dropped.
const (
	claimedName = "brand.moss"
	claimKey    = "2013041500/2/6/9/rJ1NrDO92vDsAzf7EQzgjX4R0000000001"
	allocateIn  = 30 * time.Second
	accessStep  = 2 * time.Minute
	yearPrice   = "10.00"
	droppedFor  = 132*time.Hour + 58*time.Minute // cobalt.app: the next hour but one asks less than 600 USD
)

var accessFees = []string{"1000.00", "500.00", "100.00", "10.00"}

func launchingTLDs(now time.Time) []sandbox.TLD {
	tld := func(zone string) sandbox.TLD {
		return sandbox.TLD{Zone: zone, Price: yearPrice, Stages: []sandbox.Stage{{Name: "registered", Statuses: []string{"ok"}, For: 24 * time.Hour, Renewable: true}}}
	}
	moss, grove, fern, dawn := tld("moss"), tld("grove"), tld("fern"), tld("dawn")
	moss.Phase, moss.Claims = "claims", map[string]string{claimedName: claimKey}
	grove.Phase, grove.Allocate = "landrush", allocateIn
	fern.EAPFrom = now
	for _, fee := range accessFees {
		fern.EAP = append(fern.EAP, sandbox.EAP{For: accessStep, Fee: fee})
	}
	dawn.Phase = "sunrise"
	app := tld("app")
	for _, s := range launch.ExpiryAccess(now).Steps() {
		app.EAP = append(app.EAP, sandbox.EAP{For: s.To.Sub(s.From), Fee: s.Fee.Amount()})
	}
	return []sandbox.TLD{moss, grove, fern, dawn, app}
}

func launchingNames() []sandbox.Name {
	return []sandbox.Name{
		{Name: "gold.grove", Stage: "free", Premium: "119.00", Class: "premium"},
		{Name: "held.grove", Reserved: "Reserved by the registry"},
		{Name: "cobalt.app", Stage: "free", Into: droppedFor},
	}
}

// writeLaunches writes the launch book of those TLDs, a claims notice and a
// signed mark beside a sandbox's configuration.
func writeLaunches(folder string, now time.Time) error {
	now = now.UTC().Truncate(time.Second)
	at := func(d time.Duration) whoisx.Date { return whoisx.At(now.Add(d)) }
	const day = 24 * time.Hour
	year, err := catch.MoneyOf(yearPrice, "USD")
	if err != nil {
		return err
	}
	phase := func(name string, kind launch.Kind, from, to whoisx.Date) launch.Phase {
		p := launch.Phase{Name: name, Kind: kind, From: from, To: to}
		if kind == launch.GA {
			p.Fee = year
		}
		return p
	}
	book := func(tld string, ps ...launch.Phase) launch.Launch {
		return launch.Launch{TLD: tld, Registry: "the sandbox", Confidence: "seen", Checked: now.Format(time.DateOnly), Sources: []string{"lapse sandbox"}, Phases: ps}
	}
	fern := book("fern")
	for i, fee := range accessFees {
		m, err := catch.MoneyOf(fee, "USD")
		if err != nil {
			return err
		}
		p := phase(fmt.Sprintf("EAP %d", i+1), launch.EarlyAccess, at(time.Duration(i)*accessStep), at(time.Duration(i+1)*accessStep))
		p.Fee = m
		fern.Phases = append(fern.Phases, p)
	}
	fern.Phases = append(fern.Phases, phase("general availability", launch.GA, at(time.Duration(len(accessFees))*accessStep), whoisx.Date{}))
	raw, err := launch.Encode([]launch.Launch{
		book("moss", phase("claims", launch.Claims, at(0), at(90*day)), phase("general availability", launch.GA, at(7*day), whoisx.Date{})),
		book("grove", phase("landrush", launch.Landrush, at(0), at(7*day)), phase("general availability", launch.GA, at(8*day), whoisx.Date{})),
		fern,
		book("dawn", phase("sunrise", launch.SunriseEnd, at(0), at(60*day)), phase("general availability", launch.GA, at(67*day), whoisx.Date{})),
	}, nil)
	if err != nil {
		return err
	}
	stamp := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	notice := `<?xml version="1.0" encoding="UTF-8"?>
<notice xmlns="urn:ietf:params:xml:ns:tmNotice-1.0"><id>370d0b7c9223372036854775807</id><notBefore>` + stamp(-time.Hour) + `</notBefore><notAfter>` + stamp(2*day) + `</notAfter><label>brand</label>
<claim><markName>Brand</markName><holder><org>Brand Ltd</org></holder><jurDesc>USA</jurDesc><goodsAndServices>Hammers.</goodsAndServices></claim></notice>
`
	mark := `<smd:signedMark xmlns:smd="urn:ietf:params:xml:ns:signedMark-1.0" id="smd1"><smd:id>1-2</smd:id><smd:notAfter>` + stamp(365*day) + `</smd:notAfter></smd:signedMark>`
	for name, text := range map[string]string{
		config.LaunchesFile: string(raw), "notice.xml": notice,
		"mark.smd": "Marks: Brand\n-----BEGIN ENCODED SMD-----\n" + base64.StdEncoding.EncodeToString([]byte(mark)) + "\n-----END ENCODED SMD-----\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write configuration: %w", err)
		}
	}
	return nil
}
