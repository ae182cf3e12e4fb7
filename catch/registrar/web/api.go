package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/catch"
)

// Facts are what is known of how a service says that a call failed. A code
// that is sure decides first, then the words, then a code that says little by
// itself.
type Facts struct {
	// Read finds in an answer whether the call worked, its code and the
	// service's words; ok is false where the answer cannot be understood.
	Read  func(*Response) (said Said, ok bool)
	Codes map[string]catch.ErrorKind
	Words Wordings
	Vague map[string]catch.ErrorKind
	// Else is a definite no in words that nobody has seen yet. Empty: busy,
	// which keeps an order as it is.
	Else catch.ErrorKind
}

// Said is what an answer says of its call.
type Said struct {
	Done  bool
	Code  string
	Words string
}

// Wordings are what a service says in words only; the first that is found
// types the failure.
type Wordings []struct {
	Words string
	Kind  catch.ErrorKind
}

// Kind types what a service said, "" where none of the wordings is in it. A
// wording begins where a word begins: "rate limit" is not in "separate limit".
func (ws Wordings) Kind(said string) catch.ErrorKind {
	said = strings.ToLower(said)
	for _, w := range ws {
		if begins(said, w.Words) {
			return w.Kind
		}
	}
	return ""
}

// begins reports whether words stand in a text from the beginning of a word on.
func begins(text, words string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], words)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		if at+i == 0 || !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return true
		}
		at += i + 1
	}
}

// HTTP are the statuses that say little by themselves at services that answer
// by status.
var HTTP = map[string]catch.ErrorKind{
	"402": catch.InsufficientFunds,
	"403": catch.Auth,
	"404": catch.NotFound,
}

// ByStatus reads answers of services that fail by HTTP status; words finds
// theirs in the body, which has to be JSON.
func ByStatus[T any](words func(T) string) func(*Response) (Said, bool) {
	return func(resp *Response) (Said, bool) {
		if resp.Status < 400 {
			return Said{Done: true}, true
		}
		var body T
		if json.Unmarshal(resp.Body, &body) != nil {
			return Said{}, false
		}
		return Said{Code: strconv.Itoa(resp.Status), Words: strings.TrimSpace(words(body))}, true
	}
}

// API is a service for one account: its client, what is known of its failures,
// and what stands in front of every call.
type API struct {
	*Client
	Facts  Facts
	Prefix string      // before every path
	Header [][2]string // of every call: the credentials, where they travel there
}

// JSON makes a request whose body, if it has one, is JSON.
func (a *API) JSON(op, method, path string, body any, paid bool) Request {
	r := Request{Op: op, Method: method, Path: a.Prefix + path, Paid: paid, Header: append([][2]string(nil), a.Header...)}
	r.Header = append(r.Header, [2]string{"Accept", "application/json"})
	if body != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // <price> is to be read as that
		_ = enc.Encode(body)     // plain structs, lists and maps
		r.Body = strings.TrimSuffix(b.String(), "\n")
		r.Header = append(r.Header, [2]string{"Content-Type", "application/json"})
	}
	return r
}

// Form makes a POST of fields, in the order of their names.
func (a *API) Form(op, path string, form url.Values, paid bool) Request {
	return Request{
		Op: op, Method: "POST", Path: a.Prefix + path, Body: form.Encode(), Paid: paid,
		Header: append(append([][2]string(nil), a.Header...), [2]string{"Content-Type", "application/x-www-form-urlencoded"}),
	}
}

// Values makes fields of names and values in turn; empty ones are left out.
func Values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

// Secret is a credential as it is sent; one that is not known prints like one
// that is.
func Secret(s catch.Secret) string {
	if s.IsZero() {
		return s.String()
	}
	return s.Reveal()
}

// Call sends a request, once, and types what the service says of it; into takes
// a JSON answer of a call that worked.
func (a *API) Call(ctx context.Context, r Request, into any) (*Response, error) {
	resp, err := a.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := a.Judge(r, resp); err != nil {
		return resp, err
	}
	if into == nil || len(resp.Body) == 0 {
		return resp, nil
	}
	return resp, a.Decode(r, resp, into)
}

// Ask is Call for who needs the answer's content alone.
func (a *API) Ask(ctx context.Context, r Request, into any) error {
	_, err := a.Call(ctx, r, into)
	return err
}

// Judge types what an answer says of its call; nil where it worked.
func (a *API) Judge(r Request, resp *Response) error {
	if err := a.Status(r, resp); err != nil {
		return err
	}
	said, ok := a.Facts.Read(resp)
	switch {
	case !ok:
		return a.Garbled(r, resp)
	case said.Done:
		return nil
	}
	kind, ok := a.Facts.Codes[said.Code]
	if !ok {
		kind = a.Facts.Words.Kind(said.Words)
	}
	kind = cmp.Or(kind, a.Facts.Vague[said.Code], a.Facts.Vague[strconv.Itoa(resp.Status)], a.Facts.Else, catch.Busy)
	if kind == catch.OutcomeUnknown && !r.Paid {
		kind = catch.UpstreamDown // nothing can have been bought
	}
	if kind == catch.Auth {
		return a.denied(r, resp, said.Words)
	}
	return a.Fail(r, kind, said.Words)
}
