package catch

import (
	"fmt"
	"strings"
	"time"
)

// Launch says in which phase of a launch a name is created or applied for
// (RFC 8334), and which claims notice the person accepted for it.
type Launch struct {
	Phase       string  `json:"phase"` // sunrise, landrush, claims, open, custom
	Name        string  `json:"phase_name,omitempty"`
	Application bool    `json:"application,omitempty"` // decided later, among several
	Notice      *Notice `json:"notice,omitempty"`
	// Marks are signed marks in base64, as the clearinghouse issued them: they
	// prove the right to a name in a sunrise.
	Marks []string `json:"signed_marks,omitempty"`
}

// Notice is a trademark claims notice that a person has read and accepted.
type Notice struct {
	ID        string    `json:"id"`
	Validator string    `json:"validator,omitempty"` // empty: the registry's default, the clearinghouse
	NotAfter  time.Time `json:"not_after"`
	Accepted  time.Time `json:"accepted"`
}

// The words with which an order keeps its phase and its notice among what the
// person agreed to, so that both can be shown years later.
const (
	consentPhase  = "launch-phase:"
	consentApply  = "launch-application"
	consentNotice = "launch-notice:"
	consentMark   = "launch-mark:"
)

// Consents are the words that an order keeps.
func (l Launch) Consents() []string {
	w := consentPhase + l.Phase
	if l.Name != "" {
		w += "/" + l.Name
	}
	out := []string{w}
	if l.Application {
		out = append(out, consentApply)
	}
	if n := l.Notice; n != nil {
		out = append(out, consentNotice+strings.Join([]string{n.ID, n.Validator, n.NotAfter.UTC().Format(time.RFC3339), n.Accepted.UTC().Format(time.RFC3339)}, "|"))
	}
	for _, m := range l.Marks {
		out = append(out, consentMark+m)
	}
	return out
}

// LaunchOf reads an order's phase and notice back; nil where it has none.
func LaunchOf(consents []string) (*Launch, error) {
	var l *Launch
	for _, c := range consents {
		if w, ok := strings.CutPrefix(c, consentPhase); ok {
			l = &Launch{}
			l.Phase, l.Name, _ = strings.Cut(w, "/")
		}
	}
	for _, c := range consents {
		w, notice := strings.CutPrefix(c, consentNotice)
		mark, marked := strings.CutPrefix(c, consentMark)
		if !notice && !marked && c != consentApply {
			continue
		}
		if l == nil {
			return nil, fmt.Errorf("read the consent %q: it names no phase", c[:min(len(c), 80)])
		}
		if marked {
			l.Marks = append(l.Marks, mark)
			continue
		}
		if !notice {
			l.Application = true
			continue
		}
		parts := strings.Split(w, "|")
		if len(parts) != 4 || parts[0] == "" {
			return nil, fmt.Errorf("read the consent %q: a notice has an id, a validator, an end and the time it was accepted", c)
		}
		n := &Notice{ID: parts[0], Validator: parts[1]}
		var err error
		if n.NotAfter, err = time.Parse(time.RFC3339, parts[2]); err != nil {
			return nil, fmt.Errorf("read the consent %q: %w", c, err)
		}
		if n.Accepted, err = time.Parse(time.RFC3339, parts[3]); err != nil {
			return nil, fmt.Errorf("read the consent %q: %w", c, err)
		}
		l.Notice = n
	}
	return l, nil
}
