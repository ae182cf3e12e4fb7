package epp

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// token appends an allocation token (RFC 8495).
func token(w *writer, t string) {
	if t == "" {
		return
	}
	w.fits(t, "the allocation token", 1, 0)
	w.elemAttr("allocationToken:allocationToken", `xmlns:allocationToken="`+NSToken+`"`, t)
}

// xmlTime writes an XML Schema dateTime in UTC.
func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// DS is a delegation signer record (RFC 5910, section 4.1).
type DS struct {
	KeyTag     uint16
	Alg        uint8
	DigestType uint8
	Digest     string // hexadecimal
	Key        *Key   // the key that it was made of, where the registry wants to see it
}

// Key is a DNSSEC key (section 4.2).
type Key struct {
	Flags    uint16
	Protocol uint8
	Alg      uint8
	PubKey   string // base64
}

// SecDNS is DNSSEC data for a name: either DS records or keys, as the registry
// wants it.
type SecDNS struct {
	MaxSigLife int // seconds; 0 leaves it out
	DS         []DS
	Keys       []Key
}

func (s SecDNS) encode(w *writer) {
	if s.MaxSigLife > 0 {
		w.int("secDNS:maxSigLife", s.MaxSigLife)
	}
	if len(s.DS)+len(s.Keys) == 0 {
		w.fail("write frame: there are neither DS records nor keys")
	}
	s.records(w)
}

func (s SecDNS) records(w *writer) {
	if len(s.DS) > 0 && len(s.Keys) > 0 {
		w.fail("write frame: DNSSEC data must be either DS records or keys")
	}
	for _, d := range s.DS {
		w.raw(`<secDNS:dsData>`)
		w.int("secDNS:keyTag", int(d.KeyTag))
		w.int("secDNS:alg", int(d.Alg))
		w.int("secDNS:digestType", int(d.DigestType))
		if len(d.Digest) == 0 || len(d.Digest)%2 != 0 || strings.Trim(d.Digest, "0123456789abcdefABCDEF") != "" {
			w.fail("write frame: the digest of DS %d is not hexadecimal", d.KeyTag)
		}
		w.elem("secDNS:digest", strings.ToUpper(d.Digest))
		if d.Key != nil {
			d.Key.encode(w)
		}
		w.raw(`</secDNS:dsData>`)
	}
	for _, k := range s.Keys {
		k.encode(w)
	}
}

func (k Key) encode(w *writer) {
	w.raw(`<secDNS:keyData>`)
	w.int("secDNS:flags", int(k.Flags))
	w.int("secDNS:protocol", int(k.Protocol))
	w.int("secDNS:alg", int(k.Alg))
	if _, err := base64.StdEncoding.DecodeString(k.PubKey); err != nil || k.PubKey == "" {
		w.fail("write frame: the public key is not base64")
	}
	w.elem("secDNS:pubKey", k.PubKey)
	w.raw(`</secDNS:keyData>`)
}

// SecDNSUpdate changes DNSSEC data (section 5.2.5): first Rem, then Add.
type SecDNSUpdate struct {
	RemAll     bool
	Rem        SecDNS
	Add        SecDNS
	MaxSigLife int
	Urgent     bool
}

func (u SecDNSUpdate) encode(w *writer) {
	w.raw(`<secDNS:update xmlns:secDNS="` + NSSecDNS + `"`)
	if u.Urgent {
		w.raw(` urgent="true"`)
	}
	w.raw(`>`)
	switch {
	case u.RemAll:
		w.raw(`<secDNS:rem><secDNS:all>true</secDNS:all></secDNS:rem>`)
	case len(u.Rem.DS)+len(u.Rem.Keys) > 0:
		w.raw(`<secDNS:rem>`)
		u.Rem.records(w)
		w.raw(`</secDNS:rem>`)
	}
	if len(u.Add.DS)+len(u.Add.Keys) > 0 {
		w.raw(`<secDNS:add>`)
		u.Add.encode(w)
		w.raw(`</secDNS:add>`)
	}
	if u.MaxSigLife > 0 {
		w.raw(`<secDNS:chg>`)
		w.int("secDNS:maxSigLife", u.MaxSigLife)
		w.raw(`</secDNS:chg>`)
	}
	w.raw(`</secDNS:update>`)
}

// Restore takes a name out of redemption (RFC 3915, section 4.2.5): first a
// request, then, where the registry asks for it, a report.
type Restore struct{ Report *RestoreReport }

// RestoreReport says why a name is restored.
type RestoreReport struct {
	Before, After     string // the registration data before deletion and now
	Deleted, Restored time.Time
	Reason            string
	Statements        []string // the one or two sentences that the registry prescribes
	Other             string
}

func (r Restore) encode(w *writer) {
	w.raw(`<rgp:update xmlns:rgp="` + NSRGP + `">`)
	if r.Report == nil {
		w.raw(`<rgp:restore op="request"/></rgp:update>`)
		return
	}
	p := r.Report
	w.raw(`<rgp:restore op="report"><rgp:report>`)
	w.elem("rgp:preData", p.Before)
	w.elem("rgp:postData", p.After)
	w.elem("rgp:delTime", xmlTime(p.Deleted))
	w.elem("rgp:resTime", xmlTime(p.Restored))
	w.elem("rgp:resReason", p.Reason)
	if n := len(p.Statements); n < 1 || n > 2 {
		w.fail("write frame: a restore report has one or two statements, not %d", n)
	}
	for _, s := range p.Statements {
		w.elem("rgp:statement", s)
	}
	w.opt("rgp:other", p.Other)
	w.raw(`</rgp:report></rgp:restore></rgp:update>`)
}

// Phase is a phase of a launch (RFC 8334, section 2.3).
type Phase struct {
	Phase string // sunrise, landrush, claims, open, custom
	Name  string // of a custom phase, or of one inside a standard phase
}

func (p Phase) encode(w *writer) {
	switch p.Phase {
	case "sunrise", "landrush", "claims", "open", "custom":
	default:
		w.fail("write frame: launch phase %q is none of sunrise, landrush, claims, open, custom", p.Phase)
	}
	w.raw(`<launch:phase`)
	w.attr("name", p.Name)
	w.raw(`>` + p.Phase + `</launch:phase>`)
}

const launchNS = ` xmlns:launch="` + NSLaunch + `"`

// LaunchCheck asks in a phase whether names are available, or whether
// trademark claims stand against them (section 3.1).
type LaunchCheck struct {
	Phase  Phase
	Claims bool
}

func (l LaunchCheck) encode(w *writer) {
	form := "avail"
	if l.Claims {
		form = "claims"
	}
	w.raw(`<launch:check` + launchNS + ` type="` + form + `">`)
	l.Phase.encode(w)
	w.raw(`</launch:check>`)
}

// LaunchInfo reads an application (section 3.2).
type LaunchInfo struct {
	Phase       Phase
	Application string
	IncludeMark bool
}

func (l LaunchInfo) encode(w *writer) {
	w.raw(`<launch:info` + launchNS + ` includeMark="` + strconv.FormatBool(l.IncludeMark) + `">`)
	l.Phase.encode(w)
	w.fits(l.Application, "the application id", 0, 0)
	w.opt("launch:applicationID", l.Application)
	w.raw(`</launch:info>`)
}

// Notice is the claims notice that a person has read and accepted.
type Notice struct {
	ID        string
	Validator string
	NotAfter  time.Time
	Accepted  time.Time
}

// CodeMark proves a right by a code (section 2.6.1).
type CodeMark struct{ Code, Validator string }

// LaunchCreate applies or registers in a phase (section 3.3).
type LaunchCreate struct {
	Phase       Phase
	Application bool // for an application; otherwise the type is left out
	Codes       []CodeMark
	SignedMarks []string // encoded signed marks: base64, as the clearinghouse issued them
	Notice      *Notice
}

func (l LaunchCreate) encode(w *writer) {
	w.raw(`<launch:create` + launchNS)
	if l.Application {
		w.raw(` type="application"`)
	}
	w.raw(`>`)
	l.Phase.encode(w)
	if len(l.Codes) > 0 && len(l.SignedMarks) > 0 {
		w.fail("write frame: a launch create carries either codes or signed marks")
	}
	for _, c := range l.Codes {
		w.raw(`<launch:codeMark><launch:code`)
		w.fits(c.Validator, "the validator", 0, 0)
		w.attr("validatorID", c.Validator)
		w.raw(`>`)
		w.fits(c.Code, "the mark's code", 1, 0)
		w.text(c.Code)
		w.raw(`</launch:code></launch:codeMark>`)
	}
	for _, m := range l.SignedMarks {
		w.elemAttr("smd:encodedSignedMark", `xmlns:smd="`+nsSMD+`" encoding="base64"`, m)
	}
	if n := l.Notice; n != nil {
		if n.Accepted.IsZero() || n.NotAfter.IsZero() {
			w.fail("write frame: the claims notice has not been accepted, or has no end")
		}
		w.raw(`<launch:notice><launch:noticeID`)
		w.fits(n.Validator, "the validator", 0, 0)
		w.attr("validatorID", n.Validator)
		w.raw(`>`)
		w.fits(n.ID, "the notice's id", 1, 0)
		w.text(n.ID)
		w.raw(`</launch:noticeID>`)
		w.elem("launch:notAfter", xmlTime(n.NotAfter))
		w.elem("launch:acceptedDate", xmlTime(n.Accepted))
		w.raw(`</launch:notice>`)
	}
	w.raw(`</launch:create>`)
}

// LaunchID names an application in an update or a delete.
type LaunchID struct {
	Phase       Phase
	Application string
}

func (l LaunchID) encode(w *writer, op string) {
	w.raw(`<launch:` + op + launchNS + `>`)
	l.Phase.encode(w)
	w.fits(l.Application, "the application id", 1, 0)
	w.elem("launch:applicationID", l.Application)
	w.raw(`</launch:` + op + `>`)
}
