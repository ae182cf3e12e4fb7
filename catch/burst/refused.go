package burst

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// refusal is a login that the registry refused.
type refusal struct {
	At   time.Time `json:"at"`
	Mark string    `json:"mark"` // see PasswordMark
}

// refusedFor is how long a refused password is not tried again: registries
// unlock accounts by hand, and then the same password is right again.
const refusedFor = 24 * time.Hour

// RefusedError says that the registry refused the account's password before, and
// that it was not tried again.
type RefusedError struct{ At time.Time }

// Error says when.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the registry refused this password at %s; it is not tried again, because accounts lock", e.At.Format("2006-01-02 15:04 UTC"))
}

// PasswordMark tells a password of an account from the next one. It is sixteen
// bits of a hash: enough to see that the password was changed, and of no help
// to somebody who guesses.
func PasswordMark(account string, password catch.Secret) string {
	sum := sha256.Sum256([]byte(account + "\x00" + password.Reveal()))
	return hex.EncodeToString(sum[:2])
}

// Refused fails with a *RefusedError where the registry refused the password of
// that mark not long ago, to whichever process.
func (u Use) Refused(ctx context.Context, mark string) error {
	d, err := u.read(ctx)
	if err != nil {
		return err
	}
	if r := d.Refused; r != nil && r.Mark == mark && time.Since(r.At) < refusedFor {
		return &RefusedError{At: r.At}
	}
	return nil
}

// NoteLogin keeps whether the registry refused the password of that mark. Taken,
// it forgets any refusal.
func (u Use) NoteLogin(ctx context.Context, mark string, refused bool) error {
	if d, err := u.read(ctx); err != nil || !refused && d.Refused == nil {
		return err
	}
	return u.change(ctx, func(d *used) error {
		if d.Refused = nil; refused {
			d.Refused = &refusal{At: time.Now().Round(0).UTC(), Mark: mark}
		}
		return nil
	})
}
