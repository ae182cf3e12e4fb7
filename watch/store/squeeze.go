package store

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"

	"github.com/klauspost/compress/s2"
)

// Raw answers are a few kilobytes each, for which DEFLATE spends nearly all of
// its time on code tables: they are kept in S2 blocks. A byte that no DEFLATE
// stream begins with (RFC 1951 §3.2.3: block type 11 is reserved) stands before
// them, so that older rows are still read.
const s2Mark = 0x07

var errSqueezed = errors.New("the compressed text is damaged")

// squeeze compresses a text into memory that may be used again, and returns that.
func squeeze(into, text []byte) []byte {
	if n := 1 + s2.MaxEncodedLen(len(text)); cap(into) < n {
		into = make([]byte, n)
	}
	into = into[:cap(into)]
	into[0] = s2Mark
	return into[:1+len(s2.Encode(into[1:], text))]
}

// unsqueeze is the reverse of squeeze, for texts of up to most bytes. It reads
// what older versions wrote as well.
func unsqueeze(packed []byte, most int) ([]byte, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	if packed[0] != s2Mark {
		return io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), int64(most)))
	}
	if n, err := s2.DecodedLen(packed[1:]); err != nil || n > most {
		return nil, errSqueezed
	}
	return s2.Decode(nil, packed[1:])
}
