package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx/droplist"
)

const listRows, listWanted = 150_000, 10_000

// matchList reads a list of 150,000 rows and picks out what is wanted.
func matchList(in io.Reader) error {
	wanted := make([]string, listWanted)
	for i := range wanted {
		wanted[i] = fmt.Sprintf("some-name-%06d.co.uk", i*30)
	}
	r, err := droplist.NewReader(droplist.List{Name: "uk", Format: droplist.Nominet}, droplist.Published{}, in)
	if err != nil {
		return err
	}
	res, err := droplist.Match(context.Background(), r, droplist.NewSet(wanted), time.Now())
	if err != nil {
		return err
	}
	if res.Rows != listRows || len(res.Answers) != listRows/30 {
		return fmt.Errorf("%d rows, %d answers", res.Rows, len(res.Answers))
	}
	return r.Close()
}

func init() {
	children["droplist"] = func(arg string) error {
		f, err := os.Open(arg)
		if err != nil {
			return err
		}
		defer f.Close()
		return matchList(f)
	}
}

func dropLists(ctx context.Context) ([]result, error) {
	f, err := os.CreateTemp("", "lapse-bench-*.csv.gz")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	z := gzip.NewWriter(f)
	fmt.Fprintln(z, "roid,domain,drop_time")
	for i := range listRows {
		fmt.Fprintf(z, "D_%08d-UK,some-name-%06d.co.uk,2026-11-28T%02d:%02d:%02dZ\n", i, i, i/3600%24, i/60%60, i%60)
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return nil, err
	}
	quick, err := timed(ctx, "droplist-time", 0, 1, side{"ours", func() error { return matchList(strings.NewReader(string(data))) }})
	if err != nil {
		return nil, err
	}
	quick.limit, quick.note = float64(time.Second), "150,000 rows against 10,000 names"
	small, err := sampled(ctx, "droplist-memory", 0, bytes, func(side) (float64, error) { return peak(ctx, "droplist", f.Name()) }, side{who: "ours"})
	small.limit, small.note = 50e6, "peak resident memory of the whole process"
	return []result{quick, small}, err
}
