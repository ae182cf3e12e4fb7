package sandbox

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

func readExtension(n *node, c *command) error {
	for _, u := range c.ext.used {
		if u == n.space {
			return syntax("element extension: two of %s", n.space)
		}
	}
	c.ext.used = append(c.ext.used, n.space)
	s := walk(n)
	bad := func() error { return syntax("element extension: %s does not go with %s", n.name, c.verb) }
	if n.space != nsLoginSec && c.object != nsDomain {
		return &fault{2103, "that extension goes with domains only"}
	}
	switch n.space {
	case nsFee, nsFee12, nsFee11, nsFee06:
		switch {
		case c.verb == "check" && n.name == "check":
			c.ext.feeCheck = readFeeCheck(s)
		case n.name == c.verb && (c.verb == "create" || c.verb == "renew" || c.verb == "update"):
			c.create.fee = readFee(s)
		default:
			return bad()
		}
	case nsLaunch:
		if n.name != c.verb || c.verb != "check" && c.verb != "create" && c.verb != "info" {
			return bad()
		}
		c.ext.launch = readLaunch(s, c.verb)
		c.create.launch = c.ext.launch
	case nsSecDNS:
		switch {
		case c.verb == "create" && n.name == "create":
			c.create.ds = readDS(s)
		case c.verb == "update" && n.name == "update":
			s.within(s.opt("rem"), func(s *seq) {
				if a := s.opt("all"); a != nil {
					c.ext.dsRemAll = s.token(a, 1, 5) != "false"
				} else {
					c.ext.dsRem = readDSList(s)
				}
			})
			s.within(s.opt("add"), func(s *seq) { c.ext.ds = readDS(s) })
			s.within(s.opt("chg"), func(s *seq) { s.opt("maxSigLife") })
		default:
			return bad()
		}
	case nsRGP:
		if c.verb != "update" || n.name != "update" {
			return bad()
		}
		r := s.one("restore", "op")
		c.ext.restore = s.enum(r, "op", "", "request", "report")
		s.within(r, func(s *seq) {
			if c.ext.restore == "request" {
				return
			}
			s.within(s.one("report"), func(s *seq) {
				s.one("preData")
				s.one("postData")
				s.one("delTime")
				s.one("resTime")
				s.one("resReason", "lang")
				s.some("statement", 1, 2, "lang")
				s.opt("other")
			})
		})
	case nsToken:
		if n.name != "allocationToken" || c.verb != "check" && c.verb != "create" && c.verb != "transfer" {
			return bad()
		}
		c.ext.token = s.token(n, 1, 0)
		c.create.token = c.ext.token
		return seqErr(s)
	case nsLoginSec:
		if c.verb != "login" || n.name != "loginSec" {
			return bad()
		}
		l := &loginSec{}
		s.within(s.opt("userAgent"), func(s *seq) {
			got := 0
			for _, k := range []string{"app", "tech", "os"} {
				if n := s.opt(k); n != nil {
					s.token(n, 1, 0)
					got++
				}
			}
			if got == 0 && s.err == nil {
				s.err = syntax("element userAgent: it is empty")
			}
		})
		if k := s.opt("pw"); k != nil {
			l.pw = s.token(k, 6, 0)
		}
		if k := s.opt("newPW"); k != nil {
			l.newPW = s.token(k, 6, 0)
		}
		c.ext.loginSec = l
	default:
		return &fault{2103, "extension " + n.space + " is not served"}
	}
	s.end()
	return seqErr(s)
}

func seqErr(s *seq) error {
	if s.err != nil {
		return s.err
	}
	return nil
}

func readLaunch(s *seq, verb string) *launchRequest {
	l := &launchRequest{}
	switch verb {
	case "check":
		l.typ = s.enum(s.n, "type", "claims", "claims", "avail")
	case "create":
		l.typ = s.enum(s.n, "type", "registration", "application", "registration")
	}
	p := s.one("phase", "name")
	l.phase, l.name = s.token(p, 1, 0), p.attrs["name"]
	switch l.phase {
	case "sunrise", "landrush", "claims", "open", "custom":
	default:
		if s.err == nil {
			s.err = syntax("element phase: %q is no phase", l.phase)
		}
	}
	if verb == "info" {
		if n := s.opt("applicationID"); n != nil {
			l.application = s.token(n, 1, 0)
		}
	}
	if verb != "create" {
		return l
	}
	for k := s.peek(); k != nil && (k.name == "codeMark" || strings.HasSuffix(strings.ToLower(k.name), "signedmark")); k = s.peek() {
		s.i++
		l.marked = true
	}
	s.within(s.opt("notice"), func(s *seq) {
		l.noticeID = s.token(s.one("noticeID", "validatorID"), 1, 0)
		for _, k := range []string{"notAfter", "acceptedDate"} {
			if _, err := time.Parse(time.RFC3339, s.token(s.one(k), 1, 0)); err != nil && s.err == nil {
				s.err = syntax("element %s: no time", k)
			}
		}
	})
	return l
}

func readDS(s *seq) []dsData {
	if n := s.opt("maxSigLife"); n != nil {
		s.token(n, 1, 10)
	}
	return readDSList(s)
}

func readDSList(s *seq) []dsData {
	var out []dsData
	if k := s.peek(); k != nil && k.name == "keyData" {
		for _, n := range s.some("keyData", 1, 0) {
			s.within(n, readKey)
		}
		if s.err == nil {
			s.err = &fault{2306, "DS data is taken here, not keys (RFC 5910 §4)"}
		}
		return nil
	}
	number := func(s *seq, name string, most int) int {
		v, err := strconv.Atoi(s.token(s.one(name), 1, 5))
		if (err != nil || v < 0 || v > most) && s.err == nil {
			s.err = syntax("element %s: 0 to %d are allowed", name, most)
		}
		return v
	}
	for _, n := range s.some("dsData", 1, 0) {
		s.within(n, func(s *seq) {
			d := dsData{keyTag: number(s, "keyTag", 65535), alg: number(s, "alg", 255), digestType: number(s, "digestType", 255)}
			d.digest = strings.ToUpper(s.token(s.one("digest"), 1, 256))
			if _, err := hex.DecodeString(d.digest); err != nil && s.err == nil {
				s.err = syntax("element digest: not hexadecimal")
			}
			s.within(s.opt("keyData"), readKey)
			out = append(out, d)
		})
	}
	return out
}

func readKey(s *seq) {
	s.token(s.one("flags"), 1, 5)
	s.token(s.one("protocol"), 1, 3)
	s.token(s.one("alg"), 1, 3)
	if _, err := base64.StdEncoding.DecodeString(s.token(s.one("pubKey"), 1, 0)); err != nil && s.err == nil {
		s.err = syntax("element pubKey: not base64")
	}
}
