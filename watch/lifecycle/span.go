package lifecycle

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// maxSpan is longer than any stage of any registry, and far from overflow.
const maxSpan = 100 * 366 * day

// ParseSpan reads a duration with its unit: "45d", "12h", "60m", "40s",
// "500ms", or several together, largest first: "1d12h". A day is 24 hours.
func ParseSpan(s string) (time.Duration, error) {
	rest, sum := strings.TrimSpace(s), time.Duration(0)
	if rest == "" {
		return 0, fmt.Errorf("read duration: empty; write it like 45d or 12s")
	}
	last := time.Duration(1<<63 - 1)
	for rest != "" {
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		j := i
		for j < len(rest) && (rest[j] < '0' || rest[j] > '9') {
			j++
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		unit, ok := units[rest[i:j]]
		switch {
		case err != nil:
			return 0, fmt.Errorf("read duration %q: write it like 45d or 12s", s)
		case rest[i:j] == "":
			return 0, fmt.Errorf("read duration %q: it has no unit; write it like %sd or %ss", s, rest[:i], rest[:i])
		case !ok:
			return 0, fmt.Errorf("read duration %q: unknown unit %q; there are d, h, m, s and ms", s, rest[i:j])
		case unit >= last:
			return 0, fmt.Errorf("read duration %q: the larger unit comes first", s)
		case n > int64((maxSpan-sum)/unit):
			return 0, fmt.Errorf("read duration %q: longer than a hundred years", s)
		}
		sum += time.Duration(n) * unit
		last, rest = unit, rest[j:]
	}
	return sum, nil
}

var units = map[string]time.Duration{"d": day, "h": time.Hour, "m": time.Minute, "s": time.Second, "ms": time.Millisecond}

// FormatSpan writes a duration as ParseSpan reads it.
func FormatSpan(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range []struct {
		unit time.Duration
		word string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / u.unit; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.word)
			d -= n * u.unit
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}
