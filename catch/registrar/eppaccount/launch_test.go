package eppaccount

import (
	"strings"
	"testing"
	"time"
)

func TestReadNotice(t *testing.T) {
	good := `<notice xmlns="urn:ietf:params:xml:ns:tmNotice-1.0"><id>370d</id><notBefore>2026-11-01T00:00:00Z</notBefore><notAfter>2026-11-03T00:00:00Z</notAfter><label>brand</label>` +
		"<claim><markName>Br\x1band</markName><holder><name>Ann</name></holder><holder><org>Brand Ltd</org></holder><jurDesc>USA</jurDesc><goodsAndServices>Hammers.</goodsAndServices></claim></notice>"
	good = strings.ReplaceAll(good, "\x1b", "")
	n, err := ReadNotice(strings.NewReader(good))
	if err != nil || n.ID != "370d" || len(n.Claims) != 1 || n.Claims[0].Holder != "Ann, Brand Ltd" {
		t.Fatalf("%+v %v", n, err)
	}
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	if a, err := n.Accept("brand.moss", at); err != nil || a.ID != "370d" || !a.Accepted.Equal(at) {
		t.Errorf("%+v %v", a, err)
	}
	for what, when := range map[string]time.Time{"early": at.AddDate(0, 0, -2), "late": at.AddDate(0, 0, 1)} {
		if _, err := n.Accept("brand.moss", when); err == nil {
			t.Errorf("accepted too %s", what)
		}
	}
	for what, bad := range map[string]string{
		"empty":    "",
		"other":    "<a/>",
		"no id":    strings.Replace(good, "<id>370d</id>", "", 1),
		"pipe":     strings.Replace(good, "370d", "3|70d", 1),
		"no end":   strings.Replace(good, "2026-11-03T00:00:00Z", "later", 1),
		"no claim": good[:strings.Index(good, "<claim>")] + "</notice>",
		"cut":      good[:len(good)/2],
	} {
		if _, err := ReadNotice(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was read", what)
		}
	}
}

func FuzzReadNotice(f *testing.F) {
	f.Add(`<notice xmlns="urn:ietf:params:xml:ns:tmNotice-1.0"><id>1</id></notice>`)
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ReadNotice(strings.NewReader(s))
		if err == nil && (n.ID == "" || len(n.Claims) == 0) {
			t.Errorf("read %+v", n)
		}
	})
}
