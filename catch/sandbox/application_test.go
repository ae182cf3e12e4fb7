package sandbox

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestApplications applies twice for one name: the first gets it, the second is
// told so, and its fee comes back.
func TestApplications(t *testing.T) {
	rush := generic("rush")
	rush.Phase, rush.Allocate = "landrush", 2*time.Second
	o := Options{TLDs: []TLD{rush}, Accounts: []Account{{User: "anna-1", Password: "sandbox-secret", Balance: "100.00", Registrar: "Anna"}}}
	simulate(t, o, func(t *testing.T, r *Registry, dial func() *peer) {
		p := in(t, r, dial)
		apply := func() string {
			t.Helper()
			got := p.do(createXML("a.rush", "") + `<extension><launch:create xmlns:launch="` + nsLaunch + `" type="application"><launch:phase>landrush</launch:phase></launch:create></extension>`)
			m := regexp.MustCompile(`<launch:applicationID>([\w-]+)</launch:applicationID>`).FindStringSubmatch(got)
			if code(got) != "1001" || m == nil {
				t.Fatalf("apply: %s", got)
			}
			return m[1]
		}
		status := func(id, want string) {
			t.Helper()
			got := p.do(infoXML("a.rush") + `<extension><launch:info xmlns:launch="` + nsLaunch + `" includeMark="false"><launch:phase>landrush</launch:phase><launch:applicationID>` + id + `</launch:applicationID></launch:info></extension>`)
			if code(got) != "1000" || !strings.Contains(got, `<launch:status s="`+want+`"/>`) {
				t.Errorf("application %s is not %s: %s", id, want, got)
			}
		}
		first := apply()
		time.Sleep(500 * time.Millisecond)
		second := apply()
		status(first, "pendingAllocation")
		time.Sleep(3 * time.Second)
		status(first, "allocated")
		status(second, "rejected")
		if got := p.do(`<poll op="req"/>`); !strings.Contains(got, first+" allocated") || !strings.Contains(got, `count="2"`) {
			t.Errorf("poll: %s", got)
		}
		if got := p.do(infoXML("a.rush")); code(got) != "1000" {
			t.Errorf("the name is not there: %s", got)
		}
		r.mu.Lock()
		left := r.accounts["anna-1"].balance
		r.mu.Unlock()
		if left != 9000 {
			t.Errorf("the balance is %s, want 90.00: one fee came back", fmtCents(left))
		}
		validate(t, p.seen)
	})
}
