//go:build unix

package cli

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/watch"
)

// TestTwoCatchesOfOneName catches one name from two processes: one burst is
// fired, and both say that it was won. Where the one that armed is killed before
// the drop, the other arms and fires in its place.
func TestTwoCatchesOfOneName(t *testing.T) {
	for how, kill := range map[string]bool{"both live": false, "the armed one is killed": true} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			const name = "quillwright.com"
			w := newWorld(t, sandbox.Name{Name: name, Stage: "redemption", Into: 4 * time.Second})
			drop, _ := w.reg.Look(name)
			w.run("order", name, "--via", "epp:sandbox", "--cap", "60USD", "--yes")
			var catches []*exec.Cmd
			said := map[*exec.Cmd]*output{}
			for range 2 {
				cmd := w.command("catch", name, "--at", drop.Drop.UTC().Format("2006-01-02T15:04:05.000Z"))
				said[cmd] = &output{}
				cmd.Stdout, cmd.Stderr = said[cmd], said[cmd]
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = cmd.Process.Kill() })
				catches = append(catches, cmd)
			}
			defer func() {
				if t.Failed() {
					t.Logf("%s\n%s", said[catches[0]].b.String(), said[catches[1]].b.String())
				}
			}()
			var st watch.Status
			w.until("one of them is armed", func() bool {
				w.json(&st, "status")
				return st.Lease.Held && (said[catches[0]].has("armed at") || said[catches[1]].has("armed at"))
			})
			waiting := catches
			for i, cmd := range catches {
				if kill && strings.Contains(st.Lease.Holder, fmt.Sprintf(" pid %d ", cmd.Process.Pid)) {
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
					waiting = []*exec.Cmd{catches[1-i]}
				}
			}
			for _, cmd := range waiting {
				if err := cmd.Wait(); err != nil || !said[cmd].has("won-provisional") {
					t.Errorf("process %d: %v", cmd.Process.Pid, err)
				}
			}
			var os []catch.Order
			w.json(&os, "orders", "--all")
			if len(os) != 1 || os[0].State != catch.Won && os[0].State != catch.WonProvisional {
				t.Errorf("%+v", os)
			}
			account := w.reg.Config().Accounts[0].User
			if n := w.reg.Violations()[account]; n != 0 {
				t.Errorf("the policy was broken: %v", w.reg.Breaches())
			}
			var ledger []catch.LedgerEntry
			w.json(&ledger, "ledger")
			bursts := 0
			for _, e := range ledger {
				if e.Step == "intent" {
					bursts++
				}
			}
			if want := map[bool]int{false: 1, true: 2}[kill]; bursts != want {
				t.Errorf("%d bursts were armed, want %d: %+v", bursts, want, ledger)
			}
		})
	}
}
