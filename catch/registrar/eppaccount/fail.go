package eppaccount

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

// fail puts an error into the words that every route shares. sent says that a
// command that costs money left: an answer that never came then leaves its
// outcome unknown.
func (a *Account) fail(op string, err error, sent bool) error {
	e := &catch.Error{Service: title, Op: op, Kind: catch.UpstreamDown, Err: err}
	var re *epp.ResultError
	var back *epp.BackoffError
	var refused *burst.RefusedError
	var old *epp.ExpiredError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, burst.ErrArmed): // it passes
		e.Kind, e.RetryAfter = catch.Busy, 10*time.Second
	case errors.As(err, &refused):
		e.Err = nil
		e.Kind, e.Words, e.Hint = catch.Auth, err.Error(), "set the right secret, or have the registry unlock it; lapse account test "+a.o.Account+" tries once more"
	case errors.As(err, &re):
		e.Err = nil
		e.Kind, e.Words = kind(re.Code), re.Error()
		if re.Code == epp.AuthFailed || re.Code == epp.AuthClosing {
			e.Hint = "check the account's user and secret; the login is not tried again, because accounts lock"
		}
	case errors.As(err, &old):
		e.Kind = catch.Auth
	case errors.As(err, &back):
		e.Kind, e.RetryAfter = catch.RateLimited, time.Until(back.Until)
	case errors.As(err, &unknown):
		e.Hint = "set the account's ca to the registry's certificate"
	case errors.Is(err, context.Canceled) && !sent:
		return err
	case errors.Is(err, io.EOF) && strings.Contains(err.Error(), "before its greeting"):
		e.Kind, e.Hint = catch.IPNotAllowed, "ask the registry to list this machine's address"
	case sent && (errors.Is(err, epp.ErrTimeout) || errors.Is(err, epp.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		e.Kind = catch.OutcomeUnknown
	case sent && !errors.Is(err, epp.ErrBusy) && !strings.Contains(err.Error(), "write frame:"):
		e.Kind = catch.OutcomeUnknown // an answer that cannot be read is no answer
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() && !sent {
		e.Kind = catch.UpstreamDown
	}
	return e
}

// kind maps the registry's codes.
func kind(c epp.Code) catch.ErrorKind {
	switch c {
	case epp.Exists:
		return catch.Taken
	case epp.Billing:
		return catch.InsufficientFunds
	case epp.AuthFailed, epp.AuthClosing, epp.NotAllowed:
		return catch.Auth
	case epp.DoesNotExist:
		return catch.InvalidContact // of a create: a contact or host that it names
	case epp.RangeError:
		return catch.PriceMismatch // with the fee extension: RFC 8748, section 3.8
	case epp.MissingParam:
		return catch.PriceMismatch // a premium name whose fee was not sent
	case epp.BadService:
		return catch.TLDUnsupported
	case epp.StatusForbids:
		return catch.NotDroppableYet
	case epp.DataPolicy, epp.TooManySessions:
		return catch.RateLimited
	case epp.Failed, epp.FailedClosing:
		return catch.Busy
	case 8455:
		return catch.NotDroppableYet
	}
	return catch.UpstreamDown
}
