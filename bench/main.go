// Command bench holds lapse against its peers and against bare loops.
//
//	cd bench && go run . [-list] [-rounds N] [name...]
//
// Each benchmark runs its sides interleaved in one process (or one process a
// side, where memory is measured), so that a noisy machine disturbs all of
// them alike, and prints one line:
//
//	rdap-decode  ours 7.1µs  openrdap 70.3µs  ratio 0.10 (goal ≤0.50)
//
// Trust the ratio, not the times. The exit code is 1 where a goal is missed.
//
// To add one: a file with a function that returns results, and a line in the
// list below. A benchmark that needs files or a peer that is not there returns
// skip("why").
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
)

// benchmarks is the list: name, what it shows, function.
var benchmarks = []benchmark{
	{"rdap-decode", "a 3 KB RDAP answer read, beside openrdap", rdapDecode},
	{"rdap-lookups", "1,000 names asked and read over RDAP, beside a bare net/http loop", rdapLookups},
	{"whois-lookups", "1,000 names asked and read over WHOIS, beside a bare net.Dial loop", whoisLookups},
	{"droplist", "150,000 rows of a drop list against 10,000 names", dropLists},
	{"epp-closed-loop", "8,000 creates of a burst one after the other, beside a loop of prebuilt frames", eppClosedLoop},
	{"epp-pipelined", "creates with 32 in flight on each of 4 connections, time and allocations beside prebuilt frames", eppPipelined},
	{"epp-drop", "from the drop to the winning create on loopback, beside one frame from a spinning loop", eppDrop},
	{"epp-20ms", "the same from 20 ms away, beside a bare staggered loop and our closed loop", eppDistance},
	{"epp-check", "a check of one name, beside domainr/epp", eppCheck},
	{"start", "lapse --version beside hello world, the first frame beside a bare Bubble Tea program, the stripped size", start},
	{"screen", "100,000 names in a terminal beside a bare Bubble Tea program: a key to its bytes, filter, bytes of a tick and a move, idle CPU, memory", onScreen},
	{"screen-view", "View of 100,000 names, still and after a move", view},
	{"screen-ssh", "the bytes of the first page and of a cursor move over SSH beside those in a terminal", overSSH},
	{"import-100k", "100,000 names added, beside the plain prepared insert in one transaction", importNames},
	{"due-query", "the 32 names due first, of 100,000 beside 1,000", dueQuery},
	{"look-bookkeeping", "1,000 names due, asked, decided and kept, beside bare loops of the same requests", lookBookkeeping},
	{"store-memory", "100,000 names in a process that acts, peak memory", storeMemory},
	{"alert-storm", "10,000 changes at once: kept with their alerts, and told", alertStorm},
	{"rdap-memory", "1,000 RDAP asks in flight, peak memory beside a bare net/http loop", rdapMemory},
}

func main() {
	if side := os.Getenv(childEnv); side != "" {
		child(side)
		return
	}
	profile := flag.String("cpuprofile", "", "write a CPU profile here")
	list := flag.Bool("list", false, "print the benchmarks and stop")
	flag.IntVar(&rounds, "rounds", rounds, "interleaved rounds of each benchmark")
	flag.Parse()
	if *list {
		for _, b := range benchmarks {
			fmt.Printf("%-16s %s\n", b.name, b.about)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	good, err := profiled(*profile, func() bool { return run(ctx, flag.Args()) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if !good || err != nil {
		stop()
		os.Exit(1)
	}
}

// profiled runs f under the CPU profiler where a file is named.
func profiled(file string, f func() bool) (bool, error) {
	if file == "" {
		return f(), nil
	}
	w, err := os.Create(file)
	if err != nil {
		return false, err
	}
	if err := pprof.StartCPUProfile(w); err != nil {
		return false, errors.Join(err, w.Close())
	}
	good := f()
	pprof.StopCPUProfile()
	return good, w.Close()
}

func run(ctx context.Context, names []string) bool {
	good := true
	for _, b := range benchmarks {
		if !wanted(b.name, names) || ctx.Err() != nil {
			continue
		}
		results, err := b.run(ctx)
		var skipped skip
		switch {
		case errors.As(err, &skipped):
			fmt.Printf("%-16s skipped: %v\n", b.name, err)
		case err != nil:
			fmt.Printf("%-16s failed: %v\n", b.name, err)
			good = false
		}
		for _, r := range results {
			fmt.Println(r)
			good = good && r.met()
		}
	}
	return good
}

// wanted takes whole names and beginnings: "rdap" runs all of rdap-*.
func wanted(name string, names []string) bool {
	if len(names) == 0 {
		return true
	}
	for _, n := range names {
		if name == n || strings.HasPrefix(name, n+"-") {
			return true
		}
	}
	return false
}
