package sandbox

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// command is a frame that was understood.
type command struct {
	verb   string // hello, login, logout, poll, check, info, create, delete, renew, update, transfer
	object string // namespace of the object
	clTRID string
	op     string // of poll and transfer
	msgID  string

	login   loginRequest
	names   []string // or contact ids
	auth    *string
	hosts   string // info
	create  createRequest
	contact contact
	addrs   []string // of a host
	hostAdd hostChange
	hostRem hostChange
	newName string
	conChg  contactChange
	curExp  string
	years   int
	add     change
	rem     change
	chg     *chgRequest

	ext extensions
}

type loginRequest struct {
	user, pw, newPW string
	objects, exts   []string
}

type createRequest struct {
	name       string
	years      int
	ns         []string
	registrant string
	contacts   []contactRef
	authInfo   string
	ds         []dsData
	fee        *feeRequest
	launch     *launchRequest
	token      string
}

type contactRef struct{ kind, id string }

type dsData struct {
	keyTag, alg, digestType int
	digest                  string
}

type change struct {
	ns       []string
	contacts []contactRef
	statuses []string
}

type chgRequest struct {
	registrant *string
	authInfo   *string
}

type launchRequest struct {
	phase, name string
	typ         string
	noticeID    string
	application string
	marked      bool
}

type extensions struct {
	used     []string
	feeCheck *feeCheck
	launch   *launchRequest
	ds       []dsData
	dsRem    []dsData
	dsRemAll bool
	restore  string // request, report
	token    string
	loginSec *loginSec
}

type loginSec struct{ pw, newPW string }

var (
	e164     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\+[0-9]{1,3}\.[0-9]{1,14})?$`) })
	decimal  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\+?[0-9]+(\.[0-9]+)?$`) })
	currency = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z]{3}$`) })
	dateOnly = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}Z?$`) })
	roid     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\pL\pN_]{1,80}-[\pL\pN]{1,8}$`) })
)

// read understands a frame, as strictly as the schemas do. The command comes
// back with its clTRID even where it is refused, so that the answer can name
// it.
func read(frame []byte) (command, error) {
	root, err := parse(frame)
	if err != nil {
		return command{}, err
	}
	if root.space != nsEPP || root.name != "epp" {
		return command{}, syntax("the root is %s in %q, not epp", root.name, root.space)
	}
	if len(root.attrs) > 0 || len(root.kids) != 1 || root.kids[0].space != nsEPP {
		return command{}, syntax("element epp: one element of %s is expected", nsEPP)
	}
	switch k := root.kids[0]; k.name {
	case "hello":
		s := walk(root)
		s.empty(k)
		if s.err != nil {
			return command{}, s.err
		}
		return command{verb: "hello"}, nil
	case "command":
		return readCommand(k)
	default:
		return command{}, syntax("element epp: %s is not for clients", k.name)
	}
}

func readCommand(n *node) (command, error) {
	var c command
	for _, k := range n.kids { // for the answer, whatever else is wrong
		if k.name == "clTRID" && k.space == nsEPP {
			if t := strings.TrimSpace(k.text); len(t) >= 3 && len(t) <= 64 {
				c.clTRID = t
			}
		}
	}
	s := walk(n)
	v := s.peek()
	if v == nil || v.space != nsEPP {
		return c, syntax("element command: no command in it")
	}
	c.verb = v.name
	switch v.name {
	case "login":
		s.within(s.one("login"), func(s *seq) { readLogin(s, &c) })
	case "logout":
		s.empty(s.one("logout"))
	case "poll":
		p := s.one("poll", "op", "msgID")
		s.empty(p)
		c.op, c.msgID = s.enum(p, "op", "", "req", "ack"), strings.TrimSpace(p.attrs["msgID"])
		if c.op == "ack" && c.msgID == "" && s.err == nil {
			return c, &fault{2003, "an acknowledgement names its message"}
		}
	case "check", "info", "create", "delete", "renew", "update", "transfer":
		o := s.one(v.name, "op")
		if v.name == "transfer" {
			c.op = s.enum(o, "op", "", "approve", "cancel", "query", "reject", "request")
		} else if len(o.attrs) > 0 {
			return c, syntax("element %s: no attribute is expected", v.name)
		}
		if s.err == nil && (len(o.kids) != 1 || o.kids[0].space == nsEPP) {
			return c, syntax("element %s: one element of an object is expected", v.name)
		}
		if s.err == nil {
			if err := readObject(o.kids[0], &c); err != nil {
				return c, err
			}
		}
	default:
		return c, &fault{2000, "unknown command " + v.name}
	}
	if e := s.opt("extension"); e != nil && s.err == nil {
		if len(e.kids) == 0 {
			return c, syntax("element extension: it is empty")
		}
		for _, k := range e.kids {
			if err := readExtension(k, &c); err != nil {
				return c, err
			}
		}
	}
	if t := s.opt("clTRID"); t != nil {
		c.clTRID = s.token(t, 3, 64)
	}
	s.end()
	if s.err != nil {
		return c, s.err
	}
	return c, nil
}

func readLogin(s *seq, c *command) {
	c.login.user = s.token(s.one("clID"), 3, 16)
	c.login.pw = s.token(s.one("pw"), 6, 64)
	if n := s.opt("newPW"); n != nil {
		c.login.newPW = s.token(n, 6, 64)
	}
	s.within(s.one("options"), func(s *seq) {
		if v := s.token(s.one("version"), 3, 8); v != "1.0" && s.err == nil {
			s.err = &fault{2100, "protocol version " + v + " is not spoken here"}
		}
		if l := s.token(s.one("lang"), 2, 16); l != "en" && s.err == nil {
			s.err = &fault{2102, "language " + l + " is not spoken here"}
		}
	})
	s.within(s.one("svcs"), func(s *seq) {
		for _, n := range s.some("objURI", 1, 0) {
			c.login.objects = append(c.login.objects, s.token(n, 1, 0))
		}
		s.within(s.opt("svcExtension"), func(s *seq) {
			for _, n := range s.some("extURI", 1, 0) {
				c.login.exts = append(c.login.exts, s.token(n, 1, 0))
			}
		})
	})
}

func readObject(n *node, c *command) error {
	c.object = n.space
	if n.name != c.verb {
		return syntax("element %s: %s is not its object's command", c.verb, n.name)
	}
	if len(n.attrs) > 0 {
		return syntax("element %s: no attribute is expected", n.name)
	}
	s := walk(n)
	switch n.space {
	case nsDomain:
		readDomain(s, c)
	case nsHost:
		readHost(s, c)
	case nsContact:
		readContact(s, c)
	case nsBalance:
		if c.verb != "info" {
			return &fault{2101, "a balance can only be read"}
		}
		s.empty(n)
	default:
		return &fault{2307, "objects of " + n.space + " are not served"}
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

func readDomain(s *seq, c *command) {
	label := func(n *node) string { return strings.ToLower(s.token(n, 1, 255)) }
	switch c.verb {
	case "check":
		for _, n := range s.some("name", 1, 0) {
			c.names = append(c.names, label(n))
		}
	case "info":
		n := s.one("name", "hosts")
		c.names, c.hosts = []string{label(n)}, s.enum(n, "hosts", "all", "all", "del", "none", "sub")
		c.auth = readAuth(s, s.opt("authInfo"))
	case "delete":
		c.names = []string{label(s.one("name"))}
	case "renew":
		c.names = []string{label(s.one("name"))}
		if c.curExp = s.token(s.one("curExpDate"), 10, 11); s.err == nil && !dateOnly().MatchString(c.curExp) {
			s.err = syntax("element curExpDate: %q is no date", c.curExp)
		}
		c.years = readPeriod(s, s.opt("period", "unit"))
	case "transfer":
		c.names = []string{label(s.one("name"))}
		c.years = readPeriod(s, s.opt("period", "unit"))
		c.auth = readAuth(s, s.opt("authInfo"))
	case "create":
		c.create.name = label(s.one("name"))
		c.create.years = readPeriod(s, s.opt("period", "unit"))
		c.create.ns = readNS(s, s.opt("ns"))
		if n := s.opt("registrant"); n != nil {
			c.create.registrant = s.token(n, 3, 16)
		}
		c.create.contacts = readContacts(s)
		if a := readAuth(s, s.one("authInfo")); a != nil {
			c.create.authInfo = *a
		}
		c.names = []string{c.create.name}
	case "update":
		c.names = []string{label(s.one("name"))}
		c.add, c.rem = readChange(s, s.opt("add")), readChange(s, s.opt("rem"))
		s.within(s.opt("chg"), func(s *seq) {
			c.chg = &chgRequest{}
			if n := s.opt("registrant"); n != nil {
				v := s.token(n, 0, 16)
				c.chg.registrant = &v
			}
			if n := s.opt("authInfo"); n != nil {
				if len(n.kids) == 1 && n.kids[0].name == "null" && n.kids[0].space == nsDomain {
					v := ""
					c.chg.authInfo = &v
				} else {
					c.chg.authInfo = readAuth(s, n)
				}
			}
		})
	}
	s.end()
}

func readPeriod(s *seq, n *node) int {
	if n == nil {
		return 1
	}
	s.enum(n, "unit", "", "y")
	v, err := strconv.Atoi(s.token(n, 1, 2))
	if (err != nil || v < 1 || v > 99) && s.err == nil {
		s.err = syntax("element period: 1 to 99 are allowed")
	}
	return v
}

func readAuth(s *seq, n *node) *string {
	if n == nil {
		return nil
	}
	var out *string
	s.within(n, func(s *seq) {
		pw := s.one("pw", "roid")
		if v, ok := pw.attrs["roid"]; ok && !roid().MatchString(v) && s.err == nil {
			s.err = syntax("element pw: %q is no ROID", v)
		}
		v := strings.TrimSpace(pw.text)
		out = &v
	})
	return out
}

func readNS(s *seq, n *node) []string {
	var out []string
	s.within(n, func(s *seq) {
		for _, k := range s.some("hostObj", 0, 13) {
			out = append(out, strings.ToLower(s.token(k, 1, 255)))
		}
		if len(out) == 0 && s.err == nil {
			s.err = syntax("element ns: host objects are expected")
		}
	})
	return out
}

func readContacts(s *seq) []contactRef {
	var out []contactRef
	for _, n := range s.some("contact", 0, 0, "type") {
		out = append(out, contactRef{s.enum(n, "type", "admin", "admin", "billing", "tech"), s.token(n, 3, 16)})
	}
	return out
}

func readChange(s *seq, n *node) change {
	var c change
	s.within(n, func(s *seq) {
		c.ns = readNS(s, s.opt("ns"))
		c.contacts = readContacts(s)
		for _, k := range s.some("status", 0, 11, "s", "lang") {
			c.statuses = append(c.statuses, s.enum(k, "s", "",
				"clientDeleteProhibited", "clientHold", "clientRenewProhibited", "clientTransferProhibited", "clientUpdateProhibited",
				"inactive", "ok", "pendingCreate", "pendingDelete", "pendingRenew", "pendingTransfer", "pendingUpdate",
				"serverDeleteProhibited", "serverHold", "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited"))
		}
	})
	return c
}
