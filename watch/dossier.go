package watch

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// Dossier writes all dated evidence that is kept of a name as one zip file,
// for a dispute with a registry, a registrar or a service: every kept answer as
// it came with its hash and time, the verdict and its rule, the history, the
// alerts, and the orders with what the ledger says of them. The same database
// gives the same bytes. No secret is ever in it: none is in the database.
func (s *Service) Dossier(ctx context.Context, n Name, w io.Writer) error {
	row, err := s.store.Watch(ctx, n)
	if err != nil {
		return err
	}
	d := dossier{zip: zip.NewWriter(w), names: map[string]int{}, at: row.LookedAt}
	fail := func(err error) error { return fmt.Errorf("export the evidence of %s: %w", n.Display(), err) }
	answers, err := s.dated(ctx, n)
	if err != nil {
		return fail(err)
	}
	d.text("README.txt", dossierReadme(row, answers))
	d.json("verdict.json", struct {
		Name     Name              `json:"name"`
		Display  string            `json:"display"`
		Kind     Kind              `json:"kind"`
		LookedAt time.Time         `json:"looked_at,omitzero"`
		Verdict  lifecycle.Verdict `json:"verdict"`
		Rule     lifecycle.Rule    `json:"rule"`
	}{n, n.Display(), row.Kind, row.LookedAt, row.Verdict, s.o.Rules.Rule(string(n))})
	for _, a := range answers {
		d.answer(a)
	}
	if d.err != nil {
		return fail(d.err)
	}
	history, err := s.store.History(ctx, n, 0)
	if err != nil {
		return fail(err)
	}
	slices.Reverse(history)
	d.json("history.json", orEmpty(history))
	alerts, err := s.store.Alerts(ctx, n)
	if err != nil {
		return fail(err)
	}
	d.json("alerts.json", orEmpty(alerts))
	if err := d.money(ctx, s, n); err != nil {
		return fail(err)
	}
	known, err := s.store.Known(ctx, n)
	if err != nil {
		return fail(err)
	}
	d.json("who-knows.json", orEmpty(known))
	d.text("SHA256SUMS", d.sums.String())
	if d.err == nil {
		d.err = d.zip.Close()
	}
	if d.err != nil {
		return fail(d.err)
	}
	return nil
}

// dated returns every kept answer about a name, oldest first and each once: the
// latest of every server, and those that came with a change.
func (s *Service) dated(ctx context.Context, n Name) ([]whoisx.Answer, error) {
	latest, err := s.store.Answers(ctx, n)
	if err != nil {
		return nil, err
	}
	kept, err := s.store.Evidence(ctx, n)
	if err != nil {
		return nil, err
	}
	all := append(kept, latest...)
	slices.SortStableFunc(all, func(a, b whoisx.Answer) int {
		if c := a.Asked.Compare(b.Asked); c != 0 {
			return c
		}
		return strings.Compare(string(a.Source)+" "+a.Server, string(b.Source)+" "+b.Server)
	})
	return slices.CompactFunc(all, func(a, b whoisx.Answer) bool {
		return a.Asked.Equal(b.Asked) && a.Source == b.Source && a.Server == b.Server && bytes.Equal(a.Raw, b.Raw)
	}), nil
}

// dossier is a zip file that is being written. The first error stays.
type dossier struct {
	zip   *zip.Writer
	names map[string]int
	sums  strings.Builder
	at    time.Time // of what has no time of its own
	err   error
}

func (d *dossier) file(name string, at time.Time, data []byte) {
	if d.err != nil {
		return
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
	if first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC); h.Modified.Before(first) {
		h.Modified = first // the first day that a zip file can write
	}
	f, err := d.zip.CreateHeader(h)
	if err == nil {
		_, err = f.Write(data)
	}
	d.err = err
	fmt.Fprintf(&d.sums, "%s  %s\n", hash(data), name)
}

func (d *dossier) text(name, text string) { d.file(name, d.at, []byte(text)) }

func (d *dossier) json(name string, v any) { d.jsonAt(name, d.at, v) }

func (d *dossier) jsonAt(name string, at time.Time, v any) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil && d.err == nil {
		d.err = err
	}
	d.file(name, at, append(data, '\n'))
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func orEmpty[T any](ts []T) []T {
	if ts == nil {
		return []T{}
	}
	return ts
}

// answer writes one answer twice: as it came, and as it was read.
func (d *dossier) answer(a whoisx.Answer) {
	base := "answers/" + a.Asked.UTC().Format("20060102T150405Z") + "-" + string(a.Source) + "-" + fileWord(a.Server)
	d.names[base]++
	if n := d.names[base]; n > 1 {
		base += fmt.Sprintf("-%d", n)
	}
	read := struct {
		Asked  time.Time     `json:"asked"`
		Source whoisx.Source `json:"source"`
		Server string        `json:"server"`
		URL    string        `json:"url,omitempty"`
		HTTP   int           `json:"http_status,omitempty"`
		Raw    string        `json:"raw,omitempty"` // the file beside this one
		Bytes  int           `json:"raw_bytes"`
		Hash   string        `json:"raw_sha256,omitempty"`
		Cut    bool          `json:"raw_truncated,omitempty"`
		Answer whoisx.Answer `json:"read_as"`
	}{Asked: a.Asked.UTC(), Source: a.Source, Server: a.Server, URL: a.URL, HTTP: a.HTTPStatus, Bytes: len(a.Raw), Cut: a.Truncated, Answer: a}
	if len(a.Raw) > 0 {
		raw := base + ".raw.txt"
		if a.Source == whoisx.RDAP {
			raw = base + ".raw.json"
		}
		read.Raw, read.Hash = strings.TrimPrefix(raw, "answers/"), hash(a.Raw)
		d.file(raw, a.Asked, a.Raw)
	}
	d.jsonAt(base+".json", a.Asked, read)
}

// fileWord makes a server's name fit for a file's.
func fileWord(s string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, s)
	out = strings.Trim(out, ".")
	if out == "" {
		return "unnamed"
	}
	return out[:min(len(out), 80)]
}

// money writes the orders for the name and what the ledger says of them.
func (d *dossier) money(ctx context.Context, s *Service, n Name) error {
	orders, err := s.store.Orders(ctx, OrderFilter{Name: n})
	if err != nil {
		return err
	}
	all, err := s.store.Ledger(ctx, 0)
	if err != nil {
		return err
	}
	bursts := []BurstRecord{}
	for _, o := range orders {
		bs, err := s.store.Bursts(ctx, o.ID)
		if err != nil {
			return err
		}
		bursts = append(bursts, bs...)
	}
	steps := slices.DeleteFunc(all, func(e catch.LedgerEntry) bool { return e.Name != string(n) })
	slices.SortFunc(steps, func(a, b catch.LedgerEntry) int { return cmp.Compare(a.Seq, b.Seq) })
	d.json("orders.json", orEmpty(orders))
	d.json("ledger.json", orEmpty(steps))
	d.json("bursts.json", bursts)
	return nil
}

func dossierReadme(row Row, answers []whoisx.Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Evidence about %s\n\n", row.Name.Display())
	if !row.LookedAt.IsZero() {
		fmt.Fprintf(&b, "Last look: %s. All times are UTC, by the clock of the machine that asked.\n\n", row.LookedAt.UTC().Format(time.RFC3339))
	}
	b.WriteString(`answers/        what each server answered, once a change: NAME.raw.json or NAME.raw.txt as it came,
                NAME.json when and whom it was asked, the SHA-256 of what came, and how it was read
verdict.json    what all of them say together, and the rule of the registry that it is reckoned by
history.json    every change: before, after, who said so and when, oldest first
alerts.json     what was told about the name, when, through which channel
orders.json     orders for the name, with ledger.json (every step that could cost money, intent before
                and answer after) and bursts.json (every create that was sent, to the microsecond)
who-knows.json  which servers and services were asked about the name, and how often
SHA256SUMS      a hash of every file: sha256sum -c SHA256SUMS

orders.json, ledger.json and history.json say what you were ready to pay. Take them out before you hand
this on to somebody whom that does not concern. Passwords, keys and addresses of channels are not in it.

`)
	fmt.Fprintf(&b, "%d answers:\n", len(answers))
	for _, a := range answers {
		fmt.Fprintf(&b, "  %s  %-9s %-36s %s\n", a.Asked.UTC().Format(time.RFC3339), a.Source, whoisx.CleanLine(a.Server), a.Outcome)
	}
	return b.String()
}
