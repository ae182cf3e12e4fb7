// Command gen writes the embedded table of RDAP servers from IANA's list
// (https://data.iana.org/rdap/dns.json, RFC 9224).
//
//	go run ./gen -in dns.json -out servers.txt
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/whoisx/rdap"
)

func main() {
	in := flag.String("in", "dns.json", "IANA's list")
	out := flag.String("out", "servers.txt", "the table to write")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	data, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	day, servers, err := rdap.ParseList(data)
	if err != nil {
		return err
	}
	byURL := map[string][]string{}
	for suffix, u := range servers {
		byURL[u] = append(byURL[u], suffix)
	}
	var b bytes.Buffer
	b.WriteString("# RDAP servers and the suffixes that each serves, from IANA's bootstrap list.\n")
	fmt.Fprintf(&b, "# published %s\n", day)
	urls := make([]string, 0, len(byURL))
	for u := range byURL {
		urls = append(urls, u)
	}
	slices.Sort(urls)
	for _, u := range urls {
		slices.Sort(byURL[u])
		fmt.Fprintf(&b, "%s %s\n", u, strings.Join(byURL[u], " "))
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
