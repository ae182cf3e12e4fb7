package store

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// maxFrames bounds what is read back of one burst.
const maxFrames = 64 << 20

// SaveBurst keeps what a burst announced and sent for one order.
func (s *Store) SaveBurst(ctx context.Context, b watch.BurstRecord) error {
	plan, err := json.Marshal(b.Plan)
	if err != nil {
		return fmt.Errorf("save burst: %w", err)
	}
	frames, err := json.Marshal(b.Frames)
	if err != nil {
		return fmt.Errorf("save burst: %w", err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("save burst: %w", err)
	}
	if _, err := w.Write(frames); err != nil {
		return fmt.Errorf("save burst: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("save burst: %w", err)
	}
	return s.durable(ctx, "save burst", func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO burst (ord, at, plan, frames) VALUES (?, ?, ?, ?)`, b.Order, b.At.UnixMicro(), string(plan), packed.Bytes())
		return err
	})
}

// Bursts returns the bursts of an order, newest first.
func (s *Store) Bursts(ctx context.Context, order int64) ([]watch.BurstRecord, error) {
	fail := func(err error) ([]watch.BurstRecord, error) {
		return nil, fmt.Errorf("read the bursts of order %d: %w", order, s.typed(err))
	}
	rows, err := s.read.QueryContext(ctx, `SELECT at, plan, frames FROM burst WHERE ord = ? ORDER BY at DESC, id DESC`, order)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.BurstRecord
	for rows.Next() {
		b := watch.BurstRecord{Order: order}
		var when int64
		var plan string
		var packed []byte
		if err := rows.Scan(&when, &plan, &packed); err != nil {
			return fail(err)
		}
		b.At = time.UnixMicro(when).UTC()
		if err := json.Unmarshal([]byte(plan), &b.Plan); err != nil {
			return fail(err)
		}
		frames, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxFrames))
		if err != nil {
			return fail(err)
		}
		b.Frames = []catch.Frame{}
		if err := json.Unmarshal(frames, &b.Frames); err != nil {
			return fail(err)
		}
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}
