package burst

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/catch/sandbox"
)

// simulated makes a rehearsal run on in-memory pipes and simulated time: the
// waits cost nothing, the paces are what they are.
func simulated(r Rehearsal) Rehearsal {
	pipes := sandbox.NewPipes()
	r.Listen, r.Dial = pipes.Listen, pipes.Dial
	r.Wait = func(t time.Time) { time.Sleep(time.Until(t)) }
	return r
}

func policy(t testing.TB, id string) Policy {
	t.Helper()
	p, ok := DefaultPolicies().ByID(id)
	if !ok {
		t.Fatalf("no policy %s", id)
	}
	return p
}

func TestRehearsalOnLoopback(t *testing.T) {
	got, err := Rehearse(t.Context(), Rehearsal{Policy: policy(t, "sandbox"), Runs: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v\n%s%s", got, got.Last.Draw(100), got.Draw(60))
	for _, l := range got.Last.Lanes {
		t.Logf("%+v", l)
	}
	t.Logf("%+v", got.Last.Notes)
	if got.Won != 1 || got.Violations != 0 {
		t.Fatalf("won %d, violations %v", got.Won, got.Breaches)
	}
}

func TestRehearsalSimulated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := Rehearse(t.Context(), simulated(Rehearsal{Policy: policy(t, "sandbox"), Runs: 3, RTT: 20 * time.Millisecond, Jitter: 2 * time.Millisecond, Rivals: 1, Greedy: true}))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v\n%s%s", got, got.Last.Draw(100), got.Draw(60))
		if got.Violations != 0 || got.Caught["greedy"] == 0 {
			t.Fatalf("violations %v, caught %v", got.Breaches, got.Caught)
		}
	})
}

// TestOtherLead rehearses over a network whose usual way is longer than half of
// its shortest round trip: another lead is advised, and with that one creates
// arrive where they are aimed.
func TestOtherLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Rehearsal{Policy: policy(t, "uk"), RTT: 80 * time.Millisecond, Jitter: 20 * time.Millisecond, Runs: 6, Seed: 7}
		before, err := Rehearse(t.Context(), simulated(r))
		if err != nil {
			t.Fatal(err)
		}
		r.Lead = before.otherLead()
		if r.Lead <= before.Last.Plan.Lead || !strings.Contains(strings.Join(before.Advice, ";"), fmt.Sprintf("lead = %q", r.Lead)) {
			t.Fatalf("lead %s, advice %v", r.Lead, before.Advice)
		}
		after, err := Rehearse(t.Context(), simulated(r))
		if err != nil {
			t.Fatal(err)
		}
		if after.otherLead() != 0 || after.Last.Plan.Lead != r.Lead {
			t.Errorf("with a lead of %s: off by %v, advice %v", r.Lead, after.offs, after.Advice)
		}
	})
}

// TestFairShare rehearses against rivals of our own strength: nobody may win
// much less than an equal part, and nobody breaks a policy.
func TestFairShare(t *testing.T) {
	ids := []string{"sandbox", "generic", "uk", "nz", "fr", "be", "ee", "no", "se", "au", "com", "google-xap", "reseller", "belgian-gtlds"}
	runs := 6
	if v, err := strconv.Atoi(os.Getenv("LAPSE_REHEARSALS")); err == nil {
		runs = v
	}
	for _, n := range []int{1, 3, 7} {
		wins, all := 0, 0
		for _, id := range ids {
			var won int
			synctest.Test(t, func(t *testing.T) {
				got, err := Rehearse(t.Context(), simulated(Rehearsal{
					Policy: policy(t, id), Runs: runs, RTT: 20 * time.Millisecond, Jitter: 2 * time.Millisecond, Rivals: n, Seed: 7,
				}))
				if err != nil {
					t.Error(id, err)
					return
				}
				if got.Violations != 0 || len(got.Failures) > 0 {
					t.Errorf("%s, %d rivals: violations %v, failures %v", id, n, got.Breaches, got.Failures)
				}
				won = got.Won
				if fair := float64(runs) / float64(n+1); runs >= 100 && float64(won) < 0.4*fair {
					t.Errorf("%s, %d rivals: %d wins, fair would be %.1f", id, n, won, fair)
				}
				t.Logf("%-14s %d rivals: won %2d of %d, fair %.1f, receipt %+v, spent %d of %d, ranks %v, rivals %v", id, n, got.Won, runs, float64(runs)/float64(n+1), got.Receipt, got.Spent, got.Announced, got.Ranks, got.Caught)
			})
			wins += won
			all += runs
		}
		fair := float64(all) / float64(n+1)
		t.Logf("%d rivals: %d of %d, fair %.1f", n, wins, all, fair)
		least := 0.8 * fair
		if runs < 100 { // few runs say little: four standard deviations below
			least -= 4 * math.Sqrt(fair*(1-1/float64(n+1)))
		}
		if float64(wins) < least {
			t.Errorf("%d rivals: %d wins, fair would be %.1f", n, wins, fair)
		}
	}
}
