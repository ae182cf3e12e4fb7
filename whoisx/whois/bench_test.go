package whois

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

var sink string

// BenchmarkClassify reads the corpus where there is one, else a few answers of
// common forms; ns/op and allocs/op are those of one answer.
func BenchmarkClassify(b *testing.B) {
	type one struct {
		raw          []byte
		server, name string
	}
	var set []one
	b.Run("corpus", func(b *testing.B) {
		for _, l := range corpus(b) {
			set = append(set, one{l.raw, l.Server, l.Domain})
		}
		at := time.Now()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			o := set[i%len(set)]
			sink = string(Classify(o.raw, o.server, o.name, at).Outcome)
		}
	})
	b.Run("samples", func(b *testing.B) {
		at := time.Now()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s := samples[i%len(samples)]
			sink = string(Classify([]byte(s.text), s.server, s.name, at).Outcome)
		}
	})
}

// BenchmarkHostile reads 1 MiB of lines made to be slow.
func BenchmarkHostile(b *testing.B) {
	for what, unit := range map[string]string{
		"keys":    "a:b\n",
		"domains": "domain: a.fr\n",
		"dates":   "created: 2014-03-18T13:20:12Z\n",
		"servers": "nserver: ns1.example.net\n",
		"status":  "status: pendingDelete, redemptionPeriod / to be released\n",
		"prose":   "no entries limit quota exceeded reserved available premium auction not found too many\n",
		"one":     "domain status not found reserved ",
		"empty":   "\n",
		"latin":   "Titulaire: Soci\xe9t\xe9\n",
		"dots":    ". . . . . . . . ",
	} {
		b.Run(what, func(b *testing.B) {
			raw := []byte(strings.Repeat(unit, 1<<20/len(unit)))
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				sink = string(Classify(raw, "whois.nic.fr", "a.fr", time.Time{}).Outcome)
			}
		})
	}
}

// BenchmarkAsk puts a question to a loopback server and reads the answer, and
// beside it does the same with nothing but a socket.
func BenchmarkAsk(b *testing.B) {
	text := strings.ReplaceAll(samples[0].text, "LAPSE.COM", "LAPSE.EXAMPLE")
	addr := serve(b, func(c *net.TCPConn, _ string) { _, _ = io.WriteString(c, text) })
	c := configured(b, addr, 5*time.Second)
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = string(c.Ask(b.Context(), "lapse.example").Outcome)
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.WriteString(nc, "lapse.example\r\n")
			out, _ := io.ReadAll(nc)
			_ = nc.Close()
			sink = string(out)
		}
	})
}
