package epp

import (
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
)

// A server that repeats the password in its refusal does not spread it.
func TestRefusedLoginHidesPasswords(t *testing.T) {
	l := Login{ClientID: "client1", Password: catch.NewSecret("hunter2secret"), NewPassword: catch.NewSecret("hunter3secret")}
	err := l.hide(&ResultError{
		Op: l.Op(), Code: 2200, Words: "bad password hunter2secret", Reason: "hunter3secret is too like it", SvTRID: "x-hunter2secret",
	})
	if s := err.Error(); strings.Contains(s, "hunter") || !strings.Contains(s, "bad password •••") {
		t.Errorf("it says %s", s)
	}
	if l.hide(nil) != nil {
		t.Error("no refusal became one")
	}
}
