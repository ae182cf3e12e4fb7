package store

import (
	"encoding/binary"
	"errors"
	"sync"
)

// Raw answers are a few kilobytes each, for which DEFLATE spends nearly all of
// its time on code tables. They are kept in the LZ4 block format instead (public
// description by Y. Collet): one pass, no tables, a tenth of the time. A byte
// that no DEFLATE stream begins with (RFC 1951 §3.2.3: block type 11 is
// reserved) and the length stand before it, so that older rows are still read.
const lzMark = 0x07

const (
	lzMinMatch = 4
	lzHashBits = 12
	lzWindow   = 1<<16 - 1
	lzTail     = 12 // the last match begins no later than that before the end
)

var lzTables = sync.Pool{New: func() any { return new([1 << lzHashBits]int32) }}

func lzHash(v uint32) uint32 { return v * 2654435761 >> (32 - lzHashBits) }

// squeeze compresses a text.
func squeeze(src []byte) []byte {
	dst := make([]byte, 0, len(src)*3/5+16)
	dst = binary.AppendUvarint(append(dst, lzMark), uint64(len(src)))
	table := lzTables.Get().(*[1 << lzHashBits]int32)
	defer lzTables.Put(table)
	clear(table[:]) // positions count from 1, 0 is none
	done := 0       // up to here everything is written
	for i := 0; i+lzTail < len(src); {
		v := binary.LittleEndian.Uint32(src[i:])
		h := lzHash(v)
		at := int(table[h]) - 1
		table[h] = int32(i + 1)
		if at < 0 || i-at > lzWindow || binary.LittleEndian.Uint32(src[at:]) != v {
			i += 1 + (i-done)>>6 // what does not compress is stepped over faster
			continue
		}
		n := lzMinMatch
		for i+n < len(src)-5 && src[at+n] == src[i+n] {
			n++
		}
		dst = lzSequence(dst, src[done:i], i-at, n)
		i += n
		done = i
	}
	return lzSequence(dst, src[done:], 0, 0)
}

// lzSequence appends literals and the match that follows them; the last
// sequence has none.
func lzSequence(dst, literals []byte, offset, match int) []byte {
	code := match - lzMinMatch
	if match == 0 {
		code = 0
	}
	dst = append(dst, byte(min(len(literals), 15)<<4|min(code, 15)))
	dst = append(lzLength(dst, len(literals)), literals...)
	if match == 0 {
		return dst
	}
	return lzLength(append(dst, byte(offset), byte(offset>>8)), code)
}

// lzLength appends what of a length does not fit into the four bits of a token.
func lzLength(dst []byte, n int) []byte {
	if n < 15 {
		return dst
	}
	for n -= 15; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}

var errSqueezed = errors.New("the compressed text is damaged")

// unsqueeze is the reverse of squeeze, for texts of up to most bytes.
func unsqueeze(src []byte, most int) ([]byte, error) {
	size, n := binary.Uvarint(src[1:])
	if n <= 0 || size > uint64(most) {
		return nil, errSqueezed
	}
	src = src[1+n:]
	dst := make([]byte, 0, size)
	length := func(n int) (int, bool) {
		if n < 15 {
			return n, true
		}
		for len(src) > 0 && n <= most {
			b := src[0]
			src = src[1:]
			if n += int(b); b < 255 {
				return n, true
			}
		}
		return 0, false
	}
	for len(src) > 0 {
		token := src[0]
		src = src[1:]
		lit, ok := length(int(token >> 4))
		if !ok || lit > len(src) || len(dst)+lit > cap(dst) {
			return nil, errSqueezed
		}
		dst = append(dst, src[:lit]...)
		if src = src[lit:]; len(src) == 0 {
			break
		}
		if len(src) < 2 {
			return nil, errSqueezed
		}
		offset := int(src[0]) | int(src[1])<<8
		src = src[2:]
		match, ok := length(int(token & 15))
		if match += lzMinMatch; !ok || offset == 0 || offset > len(dst) || len(dst)+match > cap(dst) {
			return nil, errSqueezed
		}
		for from := len(dst) - offset; match > 0; match-- { // it may overlap what it writes
			dst = append(dst, dst[from])
			from++
		}
	}
	if uint64(len(dst)) != size {
		return nil, errSqueezed
	}
	return dst, nil
}
