// Package web is the HTTP that every connector speaks through. It knows what
// must not be left to each connector: that secrets travel in query
// strings and must not leave in an error or a log; that after a paid request
// has left, only a clear answer says that nothing was bought; that a service's
// limits are kept before it says so, and that one that says "too often" has to
// be believed.
package web

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
)

// Bounds of one call.
const (
	maxBody = 4 << 20
	timeout = 30 * time.Second
)

// Client calls one service for one account.
type Client struct {
	Service string // as people call it
	base    string
	http    *http.Client
	hide    atomic.Pointer[[]string]
	now     func() time.Time
	one     chan struct{} // one request in flight, as many services want it
	pace    *pace
}

// New makes a client. base is the service's own address; the account's URL
// goes before it.
func New(title, base string, c account.Config) *Client {
	if c.URL != "" {
		base = c.URL
	}
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	conf := c.TLS
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	cl := &Client{
		Service: title,
		base:    strings.TrimSuffix(base, "/"),
		now:     now,
		one:     make(chan struct{}, 1),
		pace:    newPace(c, now),
		http: &http.Client{
			// A redirect would carry the secrets to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:         dial,
				TLSClientConfig:     conf,
				ForceAttemptHTTP2:   true,
				MaxIdleConnsPerHost: 4,
				IdleConnTimeout:     90 * time.Second,
			},
		},
	}
	for _, s := range []catch.Secret{c.Key, c.Secret} {
		if t := s.Reveal(); t != "" {
			cl.Hide(t, url.QueryEscape(t))
		}
	}
	return cl
}

// Request is one call, as it is sent and as --print shows it.
type Request struct {
	Op     string // what is being done, for errors: "place backorder"
	Method string
	Path   string     // below the base, with a leading slash
	Query  url.Values // written in the order of its keys
	Header [][2]string
	Body   string
	Paid   bool // it can cost money: never sent twice, and a lost answer is an unknown outcome
}

// With adds fields to the query.
func (r Request) With(query url.Values) Request {
	r.Query = query
	return r
}

// Response is what came back; the body is whole, and bounded.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// URL is where the request goes.
func (c *Client) URL(r Request) string {
	u := c.base + r.Path
	if len(r.Query) > 0 {
		u += "?" + r.Query.Encode()
	}
	return u
}

// Print writes the request as it would go out, with secrets hidden.
func (c *Client) Print(r Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, c.URL(r))
	for _, h := range r.Header {
		fmt.Fprintf(&b, "%s: %s\n", h[0], h[1])
	}
	if r.Body != "" {
		fmt.Fprintf(&b, "\n%s\n", r.Body)
	}
	return strings.NewReplacer("%3C", "<", "%3E", ">").Replace(c.scrub(b.String()))
}

// Do sends the request, once. An answer of any status is returned as it is;
// an error is an *catch.Error of kind upstream_down where nothing can have
// been bought, and outcome_unknown where a paid request may have arrived.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	select {
	case c.one <- struct{}{}:
		defer func() { <-c.one }()
	case <-ctx.Done():
		return nil, c.fail(r, catch.UpstreamDown, "", ctx.Err())
	}
	if retry, err := c.pace.wait(ctx, r.Op); err != nil {
		return nil, c.fail(r, catch.UpstreamDown, "", err)
	} else if retry > 0 {
		e := c.fail(r, catch.RateLimited, "it asked for a pause, nothing was sent", nil)
		e.RetryAfter = retry
		return nil, e
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var left atomic.Bool // the request, or part of it, went out
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { left.Store(true) },
	})
	var body io.Reader = strings.NewReader(r.Body)
	if r.Paid {
		// net/http sends a request again by itself when a kept connection
		// turns out to be dead, if it can rewind the body; this one cannot be.
		body = struct{ io.Reader }{body}
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, c.URL(r), body)
	if err != nil {
		return nil, c.fail(r, catch.UpstreamDown, "", err)
	}
	if r.Paid && r.Body != "" {
		req.ContentLength = int64(len(r.Body))
	}
	for _, h := range r.Header {
		req.Header.Set(h[0], h[1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		kind := catch.UpstreamDown
		if r.Paid && left.Load() {
			kind = catch.OutcomeUnknown
		}
		return nil, c.fail(r, kind, "", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(answer) > maxBody {
		err = fmt.Errorf("its answer is over %d MiB", maxBody>>20)
	}
	if err != nil {
		kind := catch.UpstreamDown
		if r.Paid {
			kind = catch.OutcomeUnknown
		}
		return nil, c.fail(r, kind, "", err)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: answer}, nil
}

// Status types what HTTP alone says: 429, 405 and 249 are limits, 401 is the
// account's, 5xx is the service's. It returns nil where the body has to be
// read, 403 among them: services say several things by it.
func (c *Client) Status(r Request, resp *Response) error {
	words := c.words(resp.Body)
	switch {
	case resp.Status == http.StatusTooManyRequests, resp.Status == 249, resp.Status == http.StatusMethodNotAllowed:
		e := c.fail(r, catch.RateLimited, words, nil)
		e.RetryAfter = RetryAfter(resp.Header, c.now())
		c.pace.pause(e.RetryAfter)
		return e
	case resp.Status == http.StatusUnauthorized:
		return c.denied(r, resp, words)
	case resp.Status >= 500:
		if r.Paid {
			return c.fail(r, catch.OutcomeUnknown, words, nil)
		}
		return c.fail(r, catch.UpstreamDown, words, nil)
	case resp.Status >= 300 && resp.Status < 400:
		return c.fail(r, catch.UpstreamDown, "it redirects to "+c.scrub(resp.Header.Get("Location")), nil)
	}
	return nil
}

// mostSkew is how far a clock may be off before tokens and signatures suffer.
const mostSkew = 2 * time.Minute

// denied is the error for a login that was refused. Where the service's clock
// and ours disagree, that is the likelier cause.
func (c *Client) denied(r Request, resp *Response, words string) error {
	e := c.fail(r, catch.Auth, words, nil)
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return e
	}
	if off := c.now().Sub(theirs).Round(time.Second); off.Abs() > mostSkew {
		e.Hint = fmt.Sprintf("this machine's clock is %s off the service's: set it first, then `lapse account test`", off.Abs())
	}
	return e
}

// Garbled is the error for an answer that cannot be understood: after a paid
// request nobody knows what happened.
func (c *Client) Garbled(r Request, resp *Response) error {
	if r.Paid {
		return c.fail(r, catch.OutcomeUnknown, c.words(resp.Body), nil)
	}
	return c.fail(r, catch.UpstreamDown, c.words(resp.Body), errors.New("its answer cannot be read"))
}

// Fail makes an error of a kind with the service's own words.
func (c *Client) Fail(r Request, kind catch.ErrorKind, words string) error {
	return c.fail(r, kind, words, nil)
}

func (c *Client) fail(r Request, kind catch.ErrorKind, words string, err error) *catch.Error {
	e := &catch.Error{Kind: kind, Service: c.Service, Op: r.Op, Words: c.scrub(catch.Words(words)), Hint: hints[kind]}
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL in it holds the key
		}
		e.Err = scrubbed{c.scrub(err.Error()), err}
	}
	return e
}

// scrubbed keeps the cause for errors.Is and hides what its text may hold.
type scrubbed struct {
	text string
	err  error
}

func (s scrubbed) Error() string { return s.text }
func (s scrubbed) Unwrap() error { return s.err }

func (c *Client) scrub(s string) string {
	hide := c.hide.Load()
	if hide == nil {
		return s
	}
	for _, h := range *hide {
		if len(h) >= 3 {
			s = strings.ReplaceAll(s, h, "•••")
		}
	}
	return s
}

func (c *Client) words(body []byte) string {
	// Secrets first: a cut through the middle of one would hide it from scrub.
	s := c.scrub(string(body[:min(len(body), 1<<16)]))
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "")
	}
	return s
}

// hints are the next step for a person.
var hints = map[catch.ErrorKind]string{
	catch.Auth:              "check the account's key with `lapse account test`",
	catch.IPNotAllowed:      "add this machine's address to the allow list at the service",
	catch.InsufficientFunds: "top up the balance at the service",
	catch.OutcomeUnknown:    "it is looked up before anything is sent again; nothing is repeated",
	catch.RateLimited:       "it is asked again later",
	catch.NotDroppableYet:   "the order stays planned and is asked for again",
	catch.PremiumRefused:    "the name has a premium price; --premium agrees to it within your cap",
}

// RetryAfter reads the header in both forms: seconds and an HTTP date.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		if reset := h.Get("X-Ratelimit-Reset"); reset != "" {
			if unix, err := strconv.ParseInt(reset, 10, 64); err == nil && unix > now.Unix() {
				return time.Unix(unix, 0).Sub(now)
			}
		}
		return 0
	}
	if secs, err := strconv.Atoi(v); err == nil && secs >= 0 {
		return time.Duration(secs) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// Decode reads a JSON answer; one that cannot be read is Garbled.
func (c *Client) Decode(r Request, resp *Response, into any) error {
	if err := json.Unmarshal(resp.Body, into); err != nil {
		return c.Garbled(r, resp)
	}
	return nil
}

// Hide adds texts that are as secret as the keys themselves, such as a header
// made from them. Calls may be under way.
func (c *Client) Hide(texts ...string) *Client {
	for {
		old := c.hide.Load()
		var all []string
		if old != nil {
			all = slices.Clone(*old)
		}
		all = append(all, texts...)
		if c.hide.CompareAndSwap(old, &all) {
			return c
		}
	}
}
