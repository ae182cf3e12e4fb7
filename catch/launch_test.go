package catch

import (
	"testing"
	"time"
)

func TestLaunchConsents(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for _, l := range []Launch{
		{Phase: "landrush"},
		{Phase: "custom", Name: "landrush2", Application: true},
		{Phase: "claims", Notice: &Notice{ID: "370d", Validator: "tmch", NotAfter: at.Add(48 * time.Hour), Accepted: at}},
	} {
		got, err := LaunchOf(append([]string{"burst"}, l.Consents()...))
		if err != nil || got.Phase != l.Phase || got.Name != l.Name || got.Application != l.Application || (got.Notice == nil) != (l.Notice == nil) {
			t.Errorf("%+v became %+v, %v", l, got, err)
		}
		if l.Notice != nil && *got.Notice != *l.Notice {
			t.Errorf("%+v became %+v", *l.Notice, *got.Notice)
		}
	}
	if l, err := LaunchOf([]string{"burst", "against:dynadot"}); l != nil || err != nil {
		t.Errorf("an order without a phase: %+v %v", l, err)
	}
	for _, bad := range [][]string{
		{"launch-application"},
		{"launch-notice:a||2026-11-20T10:00:00Z|2026-11-20T10:00:00Z"},
		{"launch-phase:claims", "launch-notice:a"},
		{"launch-phase:claims", "launch-notice:|b|2026-11-20T10:00:00Z|2026-11-20T10:00:00Z"},
		{"launch-phase:claims", "launch-notice:a|b|soon|2026-11-20T10:00:00Z"},
		{"launch-phase:claims", "launch-notice:a|b|2026-11-20T10:00:00Z|never"},
	} {
		if _, err := LaunchOf(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
