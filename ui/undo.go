package ui

import (
	"context"
	"errors"
	"fmt"

	"github.com/lapse-dev/lapse/watch"
)

// step is one edit of the list that can be taken back. Both ways are edits
// like any other: the core checks them again.
type step struct {
	what string
	undo func(ctx context.Context, c Core) error
	redo func(ctx context.Context, c Core) error
}

// history is what can be undone and redone. Nothing that costs money is ever
// in it.
type history struct {
	done, undone []step
}

const keepSteps = 100

func (h *history) did(s step) {
	h.done = append(h.done, s)
	if len(h.done) > keepSteps {
		h.done = h.done[1:]
	}
	h.undone = nil
}

// patchOf is the patch that brings a watch to where w was.
func patchOf(w *watch.Watch) watch.Patch {
	tags := append([]string{}, w.Tags...)
	return watch.Patch{
		Kind: &w.Kind, Tags: &tags, Note: &w.Note, Purpose: &w.Purpose, Priority: &w.Priority, Cap: &w.Cap, BidCap: &w.BidCap,
	}
}

// edited remembers edits of several names.
func edited(what string, before []watch.Watch, after []watch.Watch) step {
	put := func(ws []watch.Watch) func(context.Context, Core) error {
		return func(ctx context.Context, c Core) error {
			var errs []error
			for i := range ws {
				if _, err := c.Edit(ctx, ws[i].Name, patchOf(&ws[i])); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", ws[i].Name, err))
				}
			}
			return errors.Join(errs...)
		}
	}
	return step{what, put(before), put(after)}
}

// added remembers names that were put on the list.
func added(what string, names []watch.Name, ws []watch.NewWatch) step {
	return step{
		what: what,
		undo: func(ctx context.Context, c Core) error { _, err := c.Remove(ctx, names...); return err },
		redo: func(ctx context.Context, c Core) error { _, err := c.Add(ctx, ws); return err },
	}
}

// removed remembers watches that were taken off the list. What was known of
// them is asked again; what the person said of them comes back.
func removed(what string, ws []watch.Watch) step {
	names := make([]watch.Name, len(ws))
	for i := range ws {
		names[i] = ws[i].Name
	}
	return step{
		what: what,
		undo: func(ctx context.Context, c Core) error {
			back := make([]watch.NewWatch, len(ws))
			for i := range ws {
				w := &ws[i]
				back[i] = watch.NewWatch{
					Input: string(w.Name), Kind: w.Kind, Tags: w.Tags, Note: w.Note, Priority: w.Priority, Cap: w.Cap, BidCap: w.BidCap,
				}
			}
			if _, err := c.Add(ctx, back); err != nil {
				return err
			}
			var errs []error
			for i := range ws {
				if ws[i].Purpose != "" {
					_, err := c.Edit(ctx, ws[i].Name, watch.Patch{Purpose: &ws[i].Purpose})
					errs = append(errs, err)
				}
			}
			return errors.Join(errs...)
		},
		redo: func(ctx context.Context, c Core) error { _, err := c.Remove(ctx, names...); return err },
	}
}
