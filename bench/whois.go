package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/whois"
)

// page is a WHOIS answer in the shape of a large gTLD registry; %s is the
// name, in capitals there.
//
//go:embed page.txt
var page string

// whoisServer answers every name with the page above (RFC 3912).
func whoisServer() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				line, err := bufio.NewReader(c).ReadString('\n')
				if err != nil {
					return
				}
				name := strings.TrimSpace(line)
				if i := strings.LastIndexByte(name, ' '); i >= 0 {
					name = name[i+1:] // "domain =name" and the like
				}
				name = strings.ToUpper(strings.TrimPrefix(name, "="))
				_, _ = io.WriteString(c, strings.ReplaceAll(page, "%s", name))
			}()
		}
	}()
	return l, nil
}

func whoisLookups(ctx context.Context) ([]result, error) {
	l, err := whoisServer()
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	addr := l.Addr().String()
	servers := whois.DefaultTable()
	if err := servers.Configure("com", addr); err != nil {
		return nil, err
	}
	client := whois.New(whois.Options{Servers: servers, NoRoot: true})
	var out []result
	for _, workers := range []int{8, 64} {
		r, err := timed(ctx, fmt.Sprintf("whois-lookups-%d", workers), 1.5, 1,
			side{"ours", func() error {
				return spread(1000, workers, func(name string) error {
					if a := client.Ask(ctx, name); a.Outcome != whoisx.Registered {
						return fmt.Errorf("%s: %s", a.Outcome, a.Why)
					}
					return nil
				})
			}},
			side{"net.Dial", func() error {
				return spread(1000, workers, askBareWHOIS(addr))
			}},
		)
		if err != nil {
			return out, err
		}
		r.note = fmt.Sprintf("1,000 names, %d at once, read", workers)
		out = append(out, r)
	}
	return out, nil
}

func askBareWHOIS(addr string) func(name string) error {
	ask := readBareWHOIS(addr)
	return func(name string) error {
		_, err := ask(name)
		return err
	}
}

func readBareWHOIS(addr string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		defer func() { _ = c.Close() }()
		if _, err := io.WriteString(c, name+"\r\n"); err != nil {
			return nil, err
		}
		b, err := io.ReadAll(c)
		if err != nil || len(b) < 1000 {
			return nil, fmt.Errorf("%d bytes: %w", len(b), err)
		}
		return b, nil
	}
}
