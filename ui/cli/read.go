package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lapse-dev/lapse/watch"
)

// maxInput is how much of standard input, or of a file, is read as names.
const maxInput = 64 << 20

// readWords takes what was typed: the arguments, and for "-" standard input,
// split at white space, commas and semicolons. A "#" starts a comment.
func (a *app) readWords(args []string) ([]string, error) {
	var words []string
	for _, arg := range args {
		if arg != "-" {
			words = append(words, splitWords(arg)...)
			continue
		}
		if isTerminal(a.stdin) {
			a.note("reading names from the terminal; end with ctrl+d")
		}
		in, err := readWordsFrom(a.input())
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		if len(in) == 0 {
			return nil, withHint(usagef("standard input has no names"), "one name a line, or several separated by spaces or commas")
		}
		words = append(words, in...)
	}
	return words, nil
}

func readWordsFrom(r io.Reader) ([]string, error) {
	lim := &io.LimitedReader{R: r, N: maxInput + 1}
	sc := bufio.NewScanner(lim)
	sc.Buffer(make([]byte, 0, 64<<10), 1<<20)
	seen := map[string]bool{}
	var words []string
	for sc.Scan() {
		line, _, _ := strings.Cut(sc.Text(), "#")
		for _, w := range splitWords(line) {
			if !seen[w] { // a paste of ten megabytes repeats itself
				seen[w] = true
				words = append(words, w)
			}
		}
	}
	switch err := sc.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, usagef("a line of more than 1 MiB: these are no names")
	case err != nil:
		return nil, err
	case lim.N <= 0:
		return nil, usagef("more than %d MiB: split it", maxInput>>20)
	}
	return words, nil
}

func splitWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || r == '\t' || r == ',' || r == ';' || r == '\r' || r == '\n' || r == '\u00a0' || r == '\ufeff'
	})
}

// parseNames reads names that must all be names: the first that is none ends
// it.
func (a *app) parseNames(words []string) ([]watch.Name, error) {
	names := make([]watch.Name, 0, len(words))
	for _, w := range words {
		n, err := a.parseName(w)
		if err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, nil
}

// names reads arguments and standard input as names.
func (a *app) names(args []string) ([]watch.Name, error) {
	words, err := a.readWords(args)
	if err != nil {
		return nil, err
	}
	return a.parseNames(words)
}

// ask asks a yes-or-no question whose default is no. Where no question may be
// asked the answer is what was given with --yes.
func (a *app) ask(yes bool, format string, args ...any) (bool, error) {
	if yes {
		return true, nil
	}
	if !a.interactive() {
		return false, nil
	}
	fmt.Fprintf(a.stderr, format+" [y/N] ", args...)
	line, err := bufio.NewReader(io.LimitReader(a.input(), 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
