package epp

import (
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch/epp/epptest"
)

func TestBalance(t *testing.T) {
	for ns, c := range map[string]struct{ inner, want string }{
		NSBalance:   {`<b:creditLimit>1000.00</b:creditLimit><b:balance>200.00</b:balance><b:availableCredit>800.00</b:availableCredit><b:creditThreshold><b:percent>10</b:percent></b:creditThreshold>`, "200.00 USD 1000.00 800.00 10"},
		NSBalanceCH: {`<b:balance>-12.50</b:balance><b:currency>CHF</b:currency>`, "-12.50 CHF   "},
	} {
		g, err := ParseGreeting([]byte(strings.Replace(epptest.Greeting(), "</objURI>", "</objURI><objURI>"+ns+"</objURI>", 1)))
		if err != nil {
			t.Fatal(err)
		}
		svc, err := g.Services()
		if err != nil || svc.Balance() != ns {
			t.Fatalf("%s: services %v %v", ns, svc, err)
		}
		b, err := Encode(BalanceInfo{}, svc, "lapse-0001")
		if err != nil || !strings.Contains(string(b), `<info><balance:info xmlns:balance="`+ns+`"/></info>`) {
			t.Errorf("%s %v", b, err)
		}
		r, err := ParseResponse(wrap("1000", `<resData><b:infData xmlns:b="`+ns+`">`+c.inner+`</b:infData></resData>`))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := ReadBalance(r)
		m, err := got.Money("USD")
		if s := strings.Join([]string{m.String(), got.Limit, got.Available, got.Threshold}, " "); !ok || err != nil || s != c.want {
			t.Errorf("%s: %q %v", ns, s, err)
		}
	}
	if _, err := Encode(BalanceInfo{}, Services{Objects: []string{NSDomain}}, "lapse-0001"); err == nil {
		t.Error("a balance was asked for where there is none")
	}
}
