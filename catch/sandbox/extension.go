package sandbox

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

func readExtension(n *node, c *command) error {
	for _, u := range c.ext.used {
		if u == n.space {
			return syntax("element extension: two of %s", n.space)
		}
	}
	c.ext.used = append(c.ext.used, n.space)
	bad := func() error { return syntax("element extension: %s does not go with %s", n.name, c.verb) }
	if n.space != nsLoginSec && c.object != nsDomain {
		return &fault{2103, "that extension goes with domains only"}
	}
	with := func(verbs ...string) bool { return n.name == c.verb && slices.Contains(verbs, c.verb) }
	s := walk(n)
	switch n.space {
	case nsFee, nsFee12, nsFee11, nsFee06:
		switch {
		case with("check"):
			s.attrs()
			c.ext.feeCheck = readFeeCheck(s)
		case with("create", "renew", "update", "transfer"):
			s.attrs()
			c.create.fee = readFee(s)
		default:
			return bad()
		}
	case nsLaunch:
		if !with("check", "create", "info", "update", "delete") {
			return bad()
		}
		c.ext.launch = readLaunch(s, c.verb)
		c.create.launch = c.ext.launch
	case nsSecDNS:
		switch {
		case with("create"):
			s.attrs()
			c.create.ds = readDS(s)
		case with("update"):
			s.attrs("urgent")
			s.boolean(n, "urgent")
			readDSUpdate(s, c)
		default:
			return bad()
		}
	case nsRGP:
		if !with("update") {
			return bad()
		}
		s.attrs()
		readRestore(s, c)
	case nsToken:
		switch {
		case n.name == "allocationToken" && slices.Contains([]string{"check", "create", "transfer", "update"}, c.verb):
			s.attrs()
			c.ext.token = s.token(n, 1, 0)
			c.create.token = c.ext.token
			return seqErr(s)
		case with("info"):
			return seqErr(s) // its type is anyType: nothing about it is wrong
		default:
			return bad()
		}
	case nsLoginSec:
		if c.verb != "login" || n.name != "loginSec" {
			return bad()
		}
		s.attrs()
		c.ext.loginSec = readLoginSec(s)
	default:
		return &fault{2103, "extension " + n.space + " is not served"}
	}
	s.end()
	return seqErr(s)
}

func readRestore(s *seq, c *command) {
	r := s.one("restore", "op")
	c.ext.restore = s.enum(r, "op", "", "request", "report")
	s.within(r, func(s *seq) {
		report := s.opt("report")
		if report == nil && c.ext.restore == "report" && s.err == nil {
			s.err = &fault{2003, "the report is missing"}
		}
		s.within(report, func(s *seq) {
			s.one("preData")
			s.one("postData")
			s.moment(s.one("delTime"))
			s.moment(s.one("resTime"))
			s.one("resReason", "lang")
			s.some("statement", 1, 2, "lang")
			s.opt("other")
		})
	})
}

func readLoginSec(s *seq) *loginSec {
	l := &loginSec{}
	s.within(s.opt("userAgent"), func(s *seq) {
		got := 0
		for _, k := range []string{"app", "tech", "os"} {
			if n := s.opt(k); n != nil {
				s.token(n, 0, 0)
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
	return l
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
		s.attrs("type")
		l.typ = s.enum(s.n, "type", "claims", "claims", "avail")
	case "create":
		s.attrs("type")
		l.typ = s.enum(s.n, "type", "registration", "application", "registration")
	case "info":
		s.attrs("includeMark")
		s.boolean(s.n, "includeMark")
	default:
		s.attrs()
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
	switch verb {
	case "info":
		if n := s.opt("applicationID"); n != nil {
			l.application = s.token(n, 1, 0)
		}
	case "update", "delete":
		l.application = s.token(s.one("applicationID"), 1, 0)
	case "create":
		readMarks(s, l)
		s.within(s.opt("notice"), func(s *seq) {
			id := s.one("noticeID", "validatorID")
			s.validator(id)
			l.noticeID = s.token(id, 1, 0)
			s.moment(s.one("notAfter"))
			s.moment(s.one("acceptedDate"))
		})
	}
	return l
}

// readMarks reads what proves a right: codes, or signed marks in base64. Marks
// in clear are a document of their own (RFC 7848), which is not read here.
func readMarks(s *seq, l *launchRequest) {
	for _, m := range s.some("codeMark", 0, 0) {
		l.marked = true
		s.within(m, func(s *seq) {
			if n := s.opt("code", "validatorID"); n != nil {
				s.validator(n)
				s.token(n, 1, 0)
			}
			if s.peek() != nil && s.err == nil {
				s.err = &fault{2306, "marks are taken as codes or encoded here"}
			}
		})
	}
	for k := s.peek(); k != nil && k.space == nsSMD && !slices.ContainsFunc(s.n.kids[:s.i], func(n *node) bool { return n.name == "codeMark" }); k = s.peek() {
		if k.name != "encodedSignedMark" {
			s.err = &fault{2306, "signed marks are taken encoded here"}
			return
		}
		s.i++
		in := walk(k)
		in.attrs("encoding")
		in.token(k, 0, 0)
		if _, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(k.text, " ", "")); err != nil && in.err == nil {
			in.err = &fault{2005, "the signed mark is not base64"}
		}
		if in.err != nil {
			s.err = in.err
		}
		l.marked = true
	}
}

func readDS(s *seq) []dsData {
	if n := s.opt("maxSigLife"); n != nil {
		s.number(n, 1, 1<<31-1)
	}
	return readDSList(s)
}

func readDSUpdate(s *seq, c *command) {
	s.within(s.opt("rem"), func(s *seq) {
		if a := s.opt("all"); a != nil {
			switch s.token(a, 1, 5) {
			case "true", "1":
				c.ext.dsRemAll = true
			case "false", "0":
			default:
				s.err = syntax("element all: true or false is expected")
			}
			return
		}
		c.ext.dsRem = readDSList(s)
	})
	s.within(s.opt("add"), func(s *seq) { c.ext.ds = readDS(s) })
	s.within(s.opt("chg"), func(s *seq) {
		if n := s.opt("maxSigLife"); n != nil {
			s.number(n, 1, 1<<31-1)
		}
	})
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
	for _, n := range s.some("dsData", 1, 0) {
		s.within(n, func(s *seq) {
			d := dsData{keyTag: s.number(s.one("keyTag"), 0, 65535), alg: s.number(s.one("alg"), 0, 255), digestType: s.number(s.one("digestType"), 0, 255)}
			d.digest = strings.ToUpper(s.token(s.one("digest"), 0, 0))
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
	s.number(s.one("flags"), 0, 65535)
	s.number(s.one("protocol"), 0, 255)
	s.number(s.one("alg"), 0, 255)
	if _, err := base64.StdEncoding.DecodeString(s.token(s.one("pubKey"), 1, 0)); err != nil && s.err == nil {
		s.err = syntax("element pubKey: not base64")
	}
}
