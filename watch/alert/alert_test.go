package alert

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

var (
	now  = time.Date(2026, 11, 10, 17, 42, 0, 0, time.UTC)
	want = Subject{Name: "tinplate.com", Display: "tinplate.com", Tags: []string{"brand"}}
	mine = Subject{Name: "mynest.com", Display: "mynest.com", Mine: true}
)

func verdict(s lifecycle.Stage) lifecycle.Verdict {
	return lifecycle.Verdict{Stage: s, Confidence: lifecycle.Confirmed, Sources: []whoisx.Source{whoisx.RDAP, whoisx.DNS, whoisx.WHOIS}}
}

func TestChangedSpeaksToTheOneWhoReads(t *testing.T) {
	until := whoisx.Day(2026, 11, 13)
	caught := verdict(lifecycle.Registered)
	caught.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagAtAuction, Category: "DropCatch", Until: &until}}
	dear := verdict(lifecycle.Registered)
	dear.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagPremium, Price: &whoisx.Price{Amount: "119.00", Currency: "USD"}}}
	held := verdict(lifecycle.Registered)
	held.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagHold}}
	held.Happened = []lifecycle.Happening{{Event: lifecycle.EventHold, Text: "taken out of DNS"}}
	moved := verdict(lifecycle.Registered)
	moved.Registrar = "Other Inc"
	moved.Happened = []lifecycle.Happening{{Event: lifecycle.EventTransferred, Text: "its registrar changed from Own Ltd to Other Inc"}}
	early := verdict(lifecycle.Registered)
	early.Expires = whoisx.Day(2027, 11, 13)
	early.Happened = []lifecycle.Happening{{Event: lifecycle.EventRenewed, Text: "renewed until 13 Nov 2027"}}
	back := verdict(lifecycle.Registered)
	back.Happened = []lifecycle.Happening{{Event: lifecycle.EventBackFromTheGrave, Text: "it came back from pending-delete to registered"}}
	auctioned := verdict(lifecycle.Expired)
	auctioned.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagAtAuction, Category: "GoDaddy Auctions", Until: &until}}
	was := verdict(lifecycle.Registered)
	was.Registrar = "Own Ltd"
	lost := verdict(lifecycle.Lost)
	lost.Registrar = "Other Inc"
	sold, kept := verdict(lifecycle.Registered), verdict(lifecycle.Registered)
	sold.Happened = []lifecycle.Happening{{Event: lifecycle.EventSold, Text: "sold before the drop, at GoDaddy Auctions"}}
	kept.Happened = []lifecycle.Happening{{Event: lifecycle.EventKept, Text: "renewed, or sold at NameJet before the drop: the answers do not tell"}}
	conflict := verdict(lifecycle.PendingDelete)
	conflict.Confidence = lifecycle.Conflict

	for name, tc := range map[string]struct {
		who           Subject
		before, after lifecycle.Verdict
		kind          Kind
		says          string
	}{
		"expired, wanted":      {want, verdict(lifecycle.Registered), verdict(lifecycle.Expired), EnteredStage, "its holder can still renew"},
		"expired, own":         {mine, verdict(lifecycle.Registered), verdict(lifecycle.Expired), Tampered, "Renew it now"},
		"pending delete":       {want, verdict(lifecycle.Redemption), verdict(lifecycle.PendingDelete), EnteredStage, "nobody can renew"},
		"restored":             {want, verdict(lifecycle.Redemption), verdict(lifecycle.Registered), Restored, "stop caring"},
		"renewed":              {want, verdict(lifecycle.Expired), verdict(lifecycle.Registered), Renewed, "stop caring"},
		"caught by a service":  {want, verdict(lifecycle.PendingDelete), caught, CaughtBy, "open until 13 Nov 2026, hour unknown"},
		"taken by an unknown":  {want, verdict(lifecycle.Dropping), moved, CaughtBy, "Other Inc"},
		"lost":                 {want, verdict(lifecycle.Dropping), lost, CaughtBy, "Other Inc"},
		"restore asked for":    {want, verdict(lifecycle.Redemption), verdict(lifecycle.PendingRestore), EnteredStage, "asked for it back"},
		"sold before the drop": {want, verdict(lifecycle.Expired), sold, CaughtBy, "Not renewed: sold before the drop, at GoDaddy Auctions"},
		"kept or sold":         {want, verdict(lifecycle.Expired), kept, Renewed, "the answers do not tell"},
		"free":                 {want, verdict(lifecycle.Dropping), verdict(lifecycle.Free), FreeNow, "rdap, whois"},
		"premium now":          {want, verdict(lifecycle.Registered), dear, PriceMoved, "now it is 119.00 USD"},
		"hold on one's own":    {mine, verdict(lifecycle.Registered), held, Tampered, "does not resolve"},
		"registrar of own":     {mine, was, moved, Tampered, "If that was not you"},
		"renewed in time":      {want, verdict(lifecycle.Registered), early, Renewed, "stop caring until 13 Nov 2027"},
		"back from the grave":  {want, verdict(lifecycle.PendingDelete), back, Restored, "a court's order"},
		"at its registrar's":   {want, verdict(lifecycle.Expired), auctioned, EnteredStage, "if somebody bids, it never drops"},
		"own one dropped":      {mine, verdict(lifecycle.PendingDelete), verdict(lifecycle.Free), Tampered, "anybody can have it"},
		"own one is gone":      {mine, verdict(lifecycle.Dropping), lost, Tampered, "by somebody else"},
		"own one deleted":      {mine, verdict(lifecycle.Expired), verdict(lifecycle.Redemption), Tampered, "for a fee"},
		"sources disagree now": {want, verdict(lifecycle.PendingDelete), conflict, InConflict, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Changed(tc.who, &tc.before, tc.after, now)
			if len(got) != 1 || got[0].Kind != tc.kind || !strings.Contains(got[0].Title+" "+got[0].Text, tc.says) {
				t.Fatalf("got %+v, want one %s that says %q", got, tc.kind, tc.says)
			}
			again := Changed(tc.who, &tc.before, tc.after, now)
			if got[0].ID != again[0].ID {
				t.Errorf("id changed: %s, %s", got[0].ID, again[0].ID)
			}
		})
	}
	if got := Changed(want, nil, verdict(lifecycle.Registered), now); len(got) != 0 {
		t.Errorf("the first look told %v", got)
	}
	same := verdict(lifecycle.Redemption)
	if got := Changed(want, &same, same, now); len(got) != 0 {
		t.Errorf("nothing changed, yet told %v", got)
	}
}

func TestStatusesOfOnesOwn(t *testing.T) {
	locked := []string{"clientTransferProhibited", "ok"}
	for _, tc := range []struct {
		who    Subject
		after  string
		kinds  []Kind
		urgent bool
		says   string
	}{
		{mine, "clientTransferProhibited autoRenewPeriod", nil, false, ""},
		{mine, "ok", []Kind{Tampered}, true, "Gone: clientTransferProhibited."},
		{mine, "clientTransferProhibited pendingTransfer", []Kind{Tampered}, true, "New: pendingTransfer."},
		{mine, "clientTransferProhibited clientUpdateProhibited", []Kind{Tampered}, false, "New: clientUpdateProhibited."},
		{mine, "clientTransferProhibited clientRenewProhibited", []Kind{AutoRenewOff}, true, "bars renewals"},
		{want, "ok pendingTransfer", nil, false, ""},
	} {
		var kinds []Kind
		var text string
		urgent := false
		for _, a := range StatusesChanged(tc.who, locked, strings.Fields(tc.after), now) {
			kinds, urgent, text = append(kinds, a.Kind), urgent || a.Urgent, text+a.Title+" "+a.Text
		}
		if !slices.Equal(kinds, tc.kinds) || urgent != tc.urgent || !strings.Contains(text, tc.says) {
			t.Errorf("%s: told %v, urgent %v: %s", tc.after, kinds, urgent, text)
		}
	}
}

func TestUpcoming(t *testing.T) {
	v := verdict(lifecycle.PendingDelete)
	v.Window = &lifecycle.Window{From: whoisx.At(now.Add(48 * time.Hour)), To: whoisx.At(now.Add(49 * time.Hour)), Certainty: lifecycle.Will, Basis: "list"}
	due := Due{Kind: OrdersClose, At: now.Add(3 * time.Hour), What: "dropcatch", Title: "DropCatch stops taking orders for tinplate.com"}
	got := Upcoming(want, v, []Due{due}, now)
	var at []time.Duration
	for _, a := range got {
		at = append(at, a.At.Sub(now))
	}
	if want := []time.Duration{24 * time.Hour, 47 * time.Hour, 48*time.Hour - 5*time.Minute, 2 * time.Hour}; !slices.Equal(at, want) {
		t.Errorf("told at %v, want %v", at, want)
	}
	v.Window.From = whoisx.Day(2026, 11, 12)
	if got := Upcoming(want, v, nil, now); len(got) != 1 || !strings.Contains(got[0].Text, "hour unknown") {
		t.Errorf("a day without an hour: %+v", got)
	}
	own := verdict(lifecycle.Registered)
	own.Expires = whoisx.At(now.Add(40 * 24 * time.Hour))
	if got := Upcoming(mine, own, nil, now); len(got) != 3 || got[0].Title != "Your mynest.com expires in 30 days" || got[2].Title != "Your mynest.com expires in 1 day" {
		t.Errorf("own name: %+v", got)
	}
	if got := Dark(want, now.Add(-23*time.Hour), now, ""); got != nil {
		t.Errorf("dark after 23 hours: %v", got)
	}
	if got := Dark(want, now.Add(-25*time.Hour), now, "rdap.example: timeout."); len(got) != 1 {
		t.Errorf("not told of a dark day")
	}
}

func TestQuietAndDigest(t *testing.T) {
	q, err := ParseQuiet("23:00-07:00 Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for in, out := range map[string]string{
		"2026-11-10T21:59:00Z": "2026-11-10T21:59:00Z",
		"2026-11-10T22:00:00Z": "2026-11-11T06:00:00Z",
		"2026-11-11T05:59:00Z": "2026-11-11T06:00:00Z",
		"2026-10-24T22:30:00Z": "2026-10-25T06:00:00Z", // the night that has 25 hours: 07:00 is winter time already
	} {
		at, _ := time.Parse(time.RFC3339, in)
		if got := q.Ends(at).UTC().Format(time.RFC3339); got != out {
			t.Errorf("quiet at %s ends %s, want %s", in, got, out)
		}
	}
	for _, bad := range []string{"23-07", "25:00-07:00", "23:00-07:00 Europe/Berlln"} {
		if _, err := ParseQuiet(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	r := Rules{
		Channels: []string{"phone"}, Quiet: q, DigestAt: 8 * 60,
		Rules: []Rule{{Events: []Kind{Renewed}, Channels: []string{"mail"}, Digest: true}, {Tags: []string{"dull"}}},
	}
	night := time.Date(2026, 11, 10, 23, 0, 0, 0, time.UTC)
	items := r.Items(want, []Alert{{ID: "1", Kind: FreeNow, At: night, Urgent: true}, {ID: "2", Kind: Renewed, At: night}, {ID: "3", Kind: Restored, At: night}})
	if len(items) != 3 || !items[0].NotBefore.Equal(night) || items[1].Channel != "mail" || !items[1].Digest ||
		items[1].NotBefore.UTC().Format("02 15:04") != "11 07:00" || items[2].NotBefore.UTC().Format("02 15:04") != "11 06:00" {
		t.Errorf("items: %+v", items)
	}
	if got := r.Items(Subject{Name: "x.com", Tags: []string{"dull"}}, []Alert{{Kind: FreeNow}}); got != nil {
		t.Errorf("a rule without channels did not silence: %v", got)
	}
}

// outbox is an Outbox in memory.
type outbox struct{ items []*Item }

func (o *outbox) find(it Item) *Item {
	for _, x := range o.items {
		if x.ID == it.ID && x.Channel == it.Channel {
			return x
		}
	}
	return nil
}

func (o *outbox) DueAlerts(_ context.Context, now time.Time, without []string, limit int) ([]Item, error) {
	var out []Item
	for _, it := range o.items {
		if it.Sent.IsZero() && !it.NotBefore.After(now) && !slices.Contains(without, it.Channel) && len(out) < limit {
			out = append(out, *it)
		}
	}
	return out, nil
}

func (o *outbox) StartAlerts(_ context.Context, items []Item, now time.Time) error {
	for _, it := range items {
		x := o.find(it)
		x.Started, x.Tries = now, x.Tries+1
	}
	return nil
}

func (o *outbox) SentAlerts(_ context.Context, items []Item, now time.Time) error {
	for _, it := range items {
		o.find(it).Sent = now
	}
	return nil
}

func (o *outbox) FailedAlerts(_ context.Context, items []Item, why string) error {
	for _, it := range items {
		x := o.find(it)
		x.Started, x.Error = time.Time{}, why
	}
	return nil
}

func (o *outbox) NextAlert(_ context.Context, without []string) (next time.Time, _ error) {
	for _, it := range o.items {
		if it.Sent.IsZero() && !slices.Contains(without, it.Channel) && (next.IsZero() || it.NotBefore.Before(next)) {
			next = it.NotBefore
		}
	}
	return next, nil
}

// flaky is a channel that is down until a time, and can die in the middle.
type flaky struct {
	name  string
	until time.Time
	die   int // the delivery that kills the process after it went out
	calls int
	told  []Message
}

var errKilled = errors.New("killed")

func (f *flaky) Name() string { return f.name }

func (f *flaky) Send(_ context.Context, m Message) error {
	f.calls++
	if time.Now().Before(f.until) {
		return errors.New("no route to host")
	}
	f.told = append(f.told, m)
	if len(f.told) == f.die {
		panic(errKilled)
	}
	return nil
}

// TestStorm: ten thousand changes, the channel down for an hour, the process
// killed twice in the middle of a delivery. None is lost, two are repeated,
// both marked, and the outage costs few tries.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &outbox{}
		index := map[string]*Item{}
		for i := range 10_000 {
			it := &Item{Alert: Alert{ID: "a" + string(rune('0'+i%10)) + time.Duration(i).String(), Title: "x"}, Channel: "phone", NotBefore: time.Now()}
			box.items = append(box.items, it)
			index[it.ID] = it
		}
		fast := &indexed{outbox: box, index: index}
		ch := &flaky{name: "phone", until: time.Now().Add(time.Hour)}
		kills := []int{1000, 5000}
		for life := 0; life <= len(kills); life++ {
			ch.die = 0
			if life < len(kills) {
				ch.die = kills[life]
			}
			ctx, cancel := context.WithCancel(t.Context())
			s := &Sender{Outbox: fast, Channels: map[string]Channel{"phone": ch}, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() {
					if r := recover(); r != nil && r != errKilled { //nolint:errorlint // a panic value, not an error chain
						panic(r)
					}
				}()
				_ = s.Run(ctx, nil)
			}()
			if ch.die == 0 {
				time.Sleep(2 * time.Hour)
			} else {
				<-done
			}
			cancel()
			<-done
		}
		times, repeats := map[string]int{}, 0
		for _, m := range ch.told {
			times[m.ID]++
			if m.Repeat {
				repeats++
			}
		}
		twice := 0
		for _, n := range times {
			if n > 1 {
				twice++
			}
		}
		if len(times) != 10_000 || twice > 2 || repeats != twice {
			t.Errorf("told %d of 10000, %d twice, %d marked as repeats", len(times), twice, repeats)
		}
		if tries := ch.calls - len(ch.told); tries > 20 {
			t.Errorf("the outage of an hour cost %d tries", tries)
		}
	})
}

// indexed makes the outbox fast enough for a storm.
type indexed struct {
	*outbox
	index map[string]*Item
	from  int
}

func (o *indexed) DueAlerts(ctx context.Context, now time.Time, without []string, limit int) ([]Item, error) {
	for o.from < len(o.items) && !o.items[o.from].Sent.IsZero() {
		o.from++
	}
	return (&outbox{o.items[o.from:min(o.from+limit, len(o.items))]}).DueAlerts(ctx, now, without, limit)
}

func (o *indexed) StartAlerts(_ context.Context, items []Item, now time.Time) error {
	for _, it := range items {
		o.index[it.ID].Started = now
	}
	return nil
}

func (o *indexed) SentAlerts(_ context.Context, items []Item, now time.Time) error {
	for _, it := range items {
		o.index[it.ID].Sent = now
	}
	return nil
}

func (o *indexed) FailedAlerts(_ context.Context, items []Item, why string) error {
	for _, it := range items {
		o.index[it.ID].Started, o.index[it.ID].Error = time.Time{}, why
	}
	return nil
}

func (o *indexed) NextAlert(_ context.Context, without []string) (time.Time, error) {
	for o.from < len(o.items) && !o.items[o.from].Sent.IsZero() {
		o.from++
	}
	if o.from == len(o.items) || slices.Contains(without, "phone") {
		return time.Time{}, nil
	}
	return o.items[o.from].NotBefore, nil
}

func TestDigestIsOneMessage(t *testing.T) {
	box := &outbox{}
	for _, id := range []string{"1", "2", "3"} {
		box.items = append(box.items, &Item{Alert: Alert{ID: id, Title: "title " + id}, Channel: "mail", Digest: true})
	}
	ch := &flaky{name: "mail"}
	s := &Sender{Outbox: box, Channels: map[string]Channel{"mail": ch}, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	n, err := s.Deliver(t.Context())
	if err != nil || n != 3 || len(ch.told) != 1 || !strings.Contains(ch.told[0].Text, "title 3") {
		t.Fatalf("told %d in %d messages, %v", n, len(ch.told), err)
	}
}

func TestServiceErrorsHideTheURL(t *testing.T) {
	const secret = "T0KEN-abcdef-123456"
	ch, err := NewService("hook", "generic+http://user:"+secret+"@127.0.0.1:1/hook")
	if err != nil {
		t.Fatal(err)
	}
	err = ch.Send(t.Context(), Message{ID: "1", Title: "t", Text: "x"})
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("error: %v", err)
	}
	if _, err := NewService("bad", "nosuch://"+secret); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("error: %v", err)
	}
}

func TestTerminalIsSafe(t *testing.T) {
	var b bytes.Buffer
	if err := (Terminal{&b}).Send(t.Context(), Message{Title: "a\x1b]0;pwn\a\u202eb", Urgent: true}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != "! a]0;pwnb\n" {
		t.Errorf("wrote %q", got)
	}
}

func TestCalendarUpdatesInPlace(t *testing.T) {
	v := verdict(lifecycle.PendingDelete)
	v.Window = &lifecycle.Window{From: whoisx.Day(2026, 12, 2), To: whoisx.Day(2026, 12, 3), Certainty: lifecycle.May, Basis: "rule"}
	e := Entry{Subject: want, Verdict: v, Updated: now}
	var a, b bytes.Buffer
	if err := Calendar(&a, []Entry{e}, now); err != nil {
		t.Fatal(err)
	}
	e.Updated = now.Add(time.Hour)
	if err := Calendar(&b, []Entry{e}, now); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"UID:window-tinplate.com@lapse", "SUMMARY:tinplate.com may drop", "DTSTART;VALUE=DATE:20261202", "DTEND;VALUE=DATE:20261204"} {
		if !strings.Contains(a.String(), line) {
			t.Errorf("no line %q in\n%s", line, a.String())
		}
	}
	if a.String() == b.String() || !strings.Contains(b.String(), "SEQUENCE:") {
		t.Errorf("the sequence did not move")
	}
}

// TestCalendarIsStrict reads what is written as RFC 5545 wants it: CRLF, lines
// of at most 75 octets that split no character, text escaped, a UID and a
// DTSTAMP an event, an end after each beginning.
func TestCalendarIsStrict(t *testing.T) {
	long := Subject{Name: "xn--bcher-" + strings.Repeat("a", 40) + "-kva.com", Display: strings.Repeat("bücher", 12) + ".com"}
	v := verdict(lifecycle.PendingDelete)
	v.Window = &lifecycle.Window{
		From: whoisx.At(now), To: whoisx.Day(2026, 12, 3), Certainty: lifecycle.May,
		Basis: "WHOIS\x00 says\r\nso; it lists \"a, b\" and a \\ back slash,\nand " + strings.Repeat("é", 90),
	}
	own := mine
	ov := verdict(lifecycle.Registered)
	ov.Expires = whoisx.Day(2026, 12, 31)
	var b bytes.Buffer
	err := Calendar(&b, []Entry{
		{Subject: long, Verdict: v, Updated: now, Dues: []Due{{Kind: Deadline, At: now, What: "order-1-pay", Title: "pay; now", Text: "a,b"}}},
		{Subject: own, Verdict: ov, Updated: now},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") || !strings.HasSuffix(text, "END:VCALENDAR\r\n") {
		t.Error("a line does not end in CRLF")
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	var uid, stamp, start, end string
	uids := map[string]bool{}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n ", ""), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch name, _, _ := strings.Cut(name, ";"); name {
		case "UID":
			uid = value
		case "DTSTAMP":
			stamp = value
		case "DTSTART":
			start = value
		case "DTEND":
			end = value
		case "SUMMARY", "DESCRIPTION":
			bare := strings.NewReplacer(`\\`, "", `\;`, "", `\,`, "", `\n`, "").Replace(value)
			if strings.ContainsAny(bare, `;,\`) {
				t.Errorf("not escaped: %s", line)
			}
		case "END":
			if value != "VEVENT" {
				continue
			}
			if uid == "" || uids[uid] || stamp == "" || start == "" || end <= start {
				t.Errorf("event %q: stamp %q, from %q to %q", uid, stamp, start, end)
			}
			uids[uid] = true
			uid, stamp, start, end = "", "", "", ""
		}
	}
	if len(uids) != 3 {
		t.Errorf("%d events", len(uids))
	}
	if !strings.Contains(text, "VERSION:2.0") || !strings.Contains(text, "PRODID:") {
		t.Error("no version or product")
	}
}

// TestServiceTellsTheTitle sends to a service that drops titles: what the message
// is about must be in its text.
func TestServiceTellsTheTitle(t *testing.T) {
	got := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	defer srv.Close()
	c, err := NewService("hook", "generic://"+strings.TrimPrefix(srv.URL, "http://")+"/x?disabletls=yes")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), Message{ID: "1", Title: "tinplate.com is free", Text: "Two sources say so.", Repeat: true}); err != nil {
		t.Fatal(err)
	}
	if s := <-got; !strings.Contains(s, "tinplate.com is free\nTwo sources say so.\n(may be a repeat; id 1)") {
		t.Errorf("told %q", s)
	}
}
