package burst

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

const msec = time.Millisecond

func TestCombine(t *testing.T) {
	now := time.Unix(0, 0)
	for name, c := range map[string]struct {
		in        []Reading
		off, unc  time.Duration
		unchecked bool
	}{
		"none":             {nil, 0, uncheckedError, true},
		"one":              {[]Reading{{"a", 10 * msec, 4 * msec}}, 10 * msec, 4 * msec, false},
		"two overlap":      {[]Reading{{"a", 10 * msec, 4 * msec}, {"b", 14 * msec, 4 * msec}}, 12 * msec, 2 * msec, false},
		"one is far off":   {[]Reading{{"a", 10 * msec, 4 * msec}, {"b", 12 * msec, 4 * msec}, {"c", 9 * time.Second, msec}}, 11 * msec, 3 * msec, false},
		"one inside other": {[]Reading{{"a", 0, 50 * msec}, {"b", 5 * msec, msec}}, 5 * msec, msec, false},
	} {
		got := Combine(c.in, now)
		if got.Offset != c.off || got.Uncertainty != c.unc || got.Checked == c.unchecked {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCorrectOnlyBeyondDoubt(t *testing.T) {
	ntp := Clock{Offset: 10 * msec, Uncertainty: 5 * msec, Basis: "NTP", Checked: true}
	agrees := []Reading{{"registry", 18 * msec, 6 * msec}}
	if got := ntp.Correct(agrees); got != ntp {
		t.Errorf("a registry that may agree moved the clock: %+v", got)
	}
	if got := ntp.Correct([]Reading{{"registry", 300 * msec, 6 * msec}}); got.Offset != 300*msec || got.Uncertainty != 6*msec {
		t.Errorf("a registry that is 290 ms off was not followed: %+v", got)
	}
	own := Clock{Uncertainty: uncheckedError, Basis: "own"}
	if got := own.Correct(agrees); !got.Checked || got.Offset != 18*msec || got.Uncertainty != 6*msec {
		t.Errorf("an unchecked clock was not narrowed: %+v", got)
	}
	split := []Reading{{"registry", 300 * msec, msec}, {"registry", -300 * msec, msec}}
	if got := ntp.Correct(split); got != ntp {
		t.Errorf("servers that disagree were followed: %+v", got)
	}
}

func TestRegistryReading(t *testing.T) {
	got := time.Date(2026, 11, 21, 14, 0, 0, 250e6, time.UTC)
	r, ok := Registry(time.Date(2026, 11, 21, 14, 0, 0, 123e6, time.UTC), got, 20*msec)
	if !ok || r.Offset != -117*msec+500*time.Microsecond || r.Error != 10*msec+500*time.Microsecond {
		t.Errorf("milliseconds: %+v", r)
	}
	// Whole seconds are cut off: the truth is in the second that follows.
	r, _ = Registry(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC), got, 20*msec)
	if r.Offset != 260*msec || r.Error != 510*msec {
		t.Errorf("seconds: %+v", r)
	}
	if _, ok := Registry(time.Time{}, got, msec); ok {
		t.Error("a missing svDate was read")
	}
}

func TestAnchor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shift time.Duration
		a := newAnchor(func() time.Time { return time.Now().Add(shift) })
		time.Sleep(3 * time.Second)
		if j := a.look(); j != 0 {
			t.Errorf("jump %s", j)
		}
		drop := stripped(time.Now().Add(10 * time.Second))
		if m := a.moment(drop, 0); time.Until(m) != 10*time.Second {
			t.Errorf("in %s", time.Until(m))
		}
		shift = -time.Hour
		if j := a.look(); j != -time.Hour {
			t.Errorf("jump %s", j)
		}
		if j := a.look(); j != 0 {
			t.Errorf("seen twice: %s", j)
		}
	})
}

func TestAskNTPNobodyAnswers(t *testing.T) {
	_, err := AskNTP(t.Context(), []string{"ntp.invalid"}, func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") })
	if err == nil {
		t.Fatal("an answer from nowhere")
	}
	if _, err := AskNTP(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}
