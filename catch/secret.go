package catch

import "log/slog"

const hidden = "•••"

// Secret is a password or a key. Whatever prints it prints three dots; only
// Reveal gives the text, and only to the call that sends it.
//
// The text stands behind a pointer: fmt prints unexported fields without asking
// their methods, and would print a string that stood here itself.
type Secret struct{ text *string }

// NewSecret wraps a text.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return hidden }

// MarshalText hides the secret from JSON and TOML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
