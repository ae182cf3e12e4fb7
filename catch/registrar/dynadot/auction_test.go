package dynadot

import (
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
)

// An auction that is over is lost only where the service says that somebody else
// leads: a win that nobody notices is not paid for.
func TestEndedAuction(t *testing.T) {
	for _, c := range []struct {
		o     offer
		state catch.State
		words string
	}{
		{offer{over: true, told: true, leads: true}, catch.PaymentDue, "won"},
		{offer{over: true, told: true}, catch.Lost, "another bidder"},
		{offer{over: true}, catch.AuctionOutbid, "look at the website"},
	} {
		if r := c.o.report(catch.Report{}); r.State != c.state || !strings.Contains(r.Words, c.words) {
			t.Errorf("%+v: %s, %s", c.o, r.State, r.Words)
		}
	}
}
