package whois

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// charsetOf finds an encoding by its IANA name; nil if it is unknown.
func charsetOf(name string) encoding.Encoding {
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return e
}

// wide turns UTF-16 with a byte order mark, as some systems save files, into
// UTF-8; other bytes stay as they are.
func wide(raw []byte) []byte {
	if !bytes.HasPrefix(raw, []byte("\xff\xfe")) && !bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		return raw
	}
	if s, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw); err == nil {
		return s
	}
	return raw
}

// decode turns an answer into UTF-8 text. It runs before control characters
// are taken out: ISO-2022-JP is made of escape sequences. Bytes that are no
// valid UTF-8 are read in the server's charset, or as Latin-1, which fits any
// bytes and keeps the ASCII that is read for facts as it is.
func decode(raw []byte, charset string) string {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if bytes.Contains(raw, []byte("\x1b$")) || bytes.Contains(raw, []byte("\x1b(J")) {
		if s, err := japanese.ISO2022JP.NewDecoder().Bytes(raw); err == nil {
			return string(s)
		}
	}
	if utf8.Valid(raw) {
		return strings.ReplaceAll(string(raw), "\u00a0", " ") // a blank to whoever wrote it
	}
	if charset != "" {
		if e := charsetOf(charset); e != nil {
			if s, err := e.NewDecoder().Bytes(raw); err == nil && utf8.Valid(s) {
				return string(s)
			}
		}
	}
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/8)
	for _, c := range raw {
		b.WriteRune(rune(c))
	}
	return b.String()
}
