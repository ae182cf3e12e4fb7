package eppaccount

import (
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

//go:embed answers.toml
var embedded []byte

// Answer is how a registry is told what it wants to see of a registrant. See
// answers.toml for what each key means.
type Answer struct {
	Zones      []string `toml:"zones"`
	Namespace  string   `toml:"namespace"`
	Form       string   `toml:"form"`
	Like       string   `toml:"like"`
	Create     string   `toml:"create"`
	Source     string   `toml:"source"`
	Seen       string   `toml:"seen"`
	Confidence string   `toml:"confidence"`

	form *regexp.Regexp
}

// Answers are the embedded ones and the person's own.
type Answers struct{ list []Answer }

// DefaultAnswers returns the embedded answers.
func DefaultAnswers() *Answers {
	a := &Answers{}
	if err := a.Overlay("answers.toml (built in)", embedded); err != nil {
		panic(err) // embedded data that a test reads
	}
	return a
}

// Overlay replaces answers by namespace and adds new ones. What cannot be read
// or sent is an error that names the file.
func (a *Answers) Overlay(path string, data []byte) error {
	var f struct {
		Answer []Answer `toml:"answer"`
	}
	if err := burst.ReadStrict("answers", path, data, &f); err != nil {
		return err
	}
	for _, n := range f.Answer {
		if err := n.check(); err != nil {
			return fmt.Errorf("read answers %s: %s: %w", path, n.Namespace, err)
		}
		if i := slices.IndexFunc(a.list, func(o Answer) bool { return o.Namespace == n.Namespace }); i >= 0 {
			a.list[i] = n
		} else {
			a.list = append(a.list, n)
		}
	}
	return nil
}

// All lists the answers.
func (a *Answers) All() []Answer { return slices.Clone(a.list) }

func (n *Answer) check() (err error) {
	switch {
	case len(n.Zones) == 0 || n.Namespace == "" || n.Like == "":
		return errors.New("zones, namespace or like is missing")
	case n.Source == "" || n.Seen == "":
		return errors.New("it has no source, or no month in which that was seen")
	}
	if n.form, err = regexp.Compile(n.Form); err != nil {
		return fmt.Errorf("form: %w", err)
	}
	// What is in the braces must be a part of the form, and the rest one element
	// of the namespace.
	parts := make([]string, len(n.form.SubexpNames()))
	sample := n.fill(parts)
	if strings.ContainsAny(sample, "{}") {
		return errors.New("create has braces that name no part of the form")
	}
	var root struct{ XMLName xml.Name }
	if err := xml.Unmarshal([]byte(sample), &root); err != nil {
		return fmt.Errorf("create is no XML: %w", err)
	}
	if root.XMLName.Space != n.Namespace {
		return fmt.Errorf("create is an element of %q", root.XMLName.Space)
	}
	return nil
}

// fill puts the parts of an answer into the element.
func (n *Answer) fill(parts []string) string {
	var put []string
	for i, name := range n.form.SubexpNames() {
		if name != "" {
			var b strings.Builder
			_ = xml.EscapeText(&b, []byte(parts[i])) // a Builder takes everything
			put = append(put, "{"+name+"}", b.String())
		}
	}
	return strings.NewReplacer(put...).Replace(n.Create)
}

// asks reports whether an account for these TLDs has to do with the registry.
func (n *Answer) asks(tlds []string) bool {
	return slices.ContainsFunc(tlds, func(t string) bool {
		return slices.Contains(n.Zones, t) || slices.Contains(n.Zones, t[strings.LastIndexByte(t, '.')+1:])
	})
}

// foreign are the namespaces of the extensions that this account may need.
func (a *Account) foreign() (uris []string) {
	for _, n := range a.answers.list {
		if n.asks(a.o.TLDs) {
			uris = append(uris, n.Namespace)
		}
	}
	return uris
}

// shown are the extensions that tell the registry what the contact has to show.
// An answer that the registry would refuse for its form is an error.
func (a *Account) shown(c catch.Contact) (out []epp.Foreign, err error) {
	for _, n := range a.answers.list {
		if !n.asks(a.o.TLDs) {
			continue
		}
		for _, zone := range n.Zones {
			answer := c.Answer(zone)
			if answer == "" {
				continue
			}
			parts := n.form.FindStringSubmatch(answer)
			if parts == nil {
				return nil, fmt.Errorf("nexus for .%s: %q is not written like %s", zone, catch.Words(answer), n.Like)
			}
			out = append(out, epp.Foreign{Namespace: n.Namespace, XML: n.fill(parts)})
			break
		}
	}
	return out, nil
}
