package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// listNames is how many names the list of the screens holds.
const listNames = 100_000

// fullList makes a list of 100,000 names that were all asked lately, and
// returns the environment that leads lapse to it. One of them is the person's
// own and expires within the hour: the one countdown that is seen.
func fullList(ctx context.Context, folder string) ([]string, error) {
	home := filepath.Join(folder, "home")
	env := append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_STATE_HOME="+home,
		"LAPSE_LOOKUP_OFFLINE=true", "TERM=xterm-256color", "COLORTERM=truecolor")
	if err := os.MkdirAll(filepath.Join(home, "lapse"), 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(home, "lapse", "lapse.db")
	st, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return nil, err
	}
	err = fill(ctx, st)
	if err = errors.Join(err, st.Close()); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `UPDATE watch SET due = ?`, time.Now().AddDate(1, 0, 0).UnixMicro())
	return env, errors.Join(err, db.Close())
}

func fill(ctx context.Context, st *store.Store) error {
	svc := watch.New(watch.Options{Store: st})
	ws := make([]watch.NewWatch, listNames)
	for i := range ws {
		ws[i].Input = "name-" + strconv.Itoa(1_000_000+i) + ".com"
	}
	ws[0].Kind = watch.Mine
	if _, err := svc.Add(ctx, ws); err != nil {
		return err
	}
	epoch, err := st.Take(ctx, "bench")
	if err != nil {
		return err
	}
	now := time.Now()
	mine := watch.Look{
		Name: "name-1000000.com", At: now, Due: now.AddDate(1, 0, 0),
		Verdict: lifecycle.Verdict{Stage: lifecycle.Registered, Confidence: lifecycle.Confirmed, Expires: whoisx.At(now.Add(50 * time.Minute))},
		Answers: []whoisx.Answer{{Source: whoisx.RDAP, Server: "rdap.example", Name: "name-1000000.com", Asked: now, Outcome: whoisx.Registered}},
	}
	if err := st.SaveLooks(ctx, epoch, []watch.Look{mine}); err != nil {
		return err
	}
	return st.Release(ctx, epoch)
}
