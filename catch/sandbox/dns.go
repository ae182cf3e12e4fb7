package sandbox

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// The registry is the name server of its zones: it refers to the name servers
// of what is delegated and says NXDOMAIN for the rest, as a TLD's servers do.
// Names that are on hold, or in a stage without DNS, are not in the zone.

func (r *Registry) serveUDP(pc net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || r.ctx.Err() != nil {
				return
			}
			continue
		}
		if out := r.dns(buf[:n], dns.MinMsgSize); out != nil {
			_, _ = pc.WriteTo(out, from)
		}
	}
}

// serveDNS answers queries over TCP (RFC 1035 §4.2.2: each with its length before
// it).
func (r *Registry) serveDNS(c net.Conn) {
	for {
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		var head [2]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		q := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		out := r.dns(q, dns.MaxMsgSize)
		if out == nil {
			return
		}
		binary.BigEndian.PutUint16(head[:], uint16(len(out)))
		if _, err := c.Write(append(head[:], out...)); err != nil {
			return
		}
	}
}

// dns answers one query; nil: no answer.
func (r *Registry) dns(query []byte, size int) []byte {
	var q dns.Msg
	if q.Unpack(query) != nil || len(q.Question) != 1 || q.Response {
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))
	var m dns.Msg
	m.SetReply(&q)
	r.mu.Lock()
	now := r.now()
	r.advance(now)
	e := Entry{At: now, Via: "dns", Command: dns.TypeToString[q.Question[0].Qtype], Name: name}
	zone, under := r.dnsZone(name)
	d := r.names[under]
	switch {
	case r.faults.LookupDown:
		m.Rcode = dns.RcodeServerFailure
	case zone == nil:
		m.Rcode = dns.RcodeRefused
	case under == "": // the zone itself
		m.Authoritative = true
		if t := q.Question[0].Qtype; t == dns.TypeSOA || t == dns.TypeANY {
			m.Answer = append(m.Answer, zone.soa())
		} else {
			m.Ns = append(m.Ns, zone.soa())
		}
	case d != nil && d.delegated(now):
		for _, n := range d.ns {
			m.Ns = append(m.Ns, &dns.NS{Hdr: dns.RR_Header{Name: under + ".", Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 60}, Ns: n + "."})
		}
	default:
		m.Authoritative, m.Rcode = true, dns.RcodeNameError
		m.Ns = append(m.Ns, zone.soa())
	}
	e.Code = m.Rcode
	r.note(e)
	r.mu.Unlock()
	if o := q.IsEdns0(); o != nil {
		size = max(size, int(o.UDPSize()))
		m.SetEdns0(1232, false)
	}
	m.Truncate(size)
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// dnsZone finds the zone of a name and the registrable name that it is at or
// below.
func (r *Registry) dnsZone(name string) (t *TLD, under string) {
	for rest, label := name, ""; ; {
		if t := r.tlds[rest]; t != nil {
			if label == "" {
				return t, ""
			}
			return t, label + "." + rest
		}
		next, after, ok := strings.Cut(rest, ".")
		if !ok {
			return nil, ""
		}
		label, rest = next, after
	}
}

func (t *TLD) soa() dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: t.Zone + ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
		Ns:  "ns.sandbox.test.", Mbox: "nobody.sandbox.test.", Serial: 1, Refresh: 60, Retry: 60, Expire: 600, Minttl: 1,
	}
}

// delegated says whether a name is in its zone.
func (d *domain) delegated(t time.Time) bool {
	if !d.exists || d.pending || len(d.ns) == 0 {
		return false
	}
	s, _, _ := d.where(t)
	hold := func(w string) bool { return w == "clientHold" || w == "serverHold" }
	return !s.NoDNS && !slices.ContainsFunc(s.Statuses, hold) && !slices.ContainsFunc(d.client, hold)
}
