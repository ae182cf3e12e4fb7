package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commands are whole frames of every kind that clients send.
func commands() []string {
	wrap := func(body string) string {
		return `<epp xmlns="` + nsEPP + `"><command>` + body + `<clTRID>ABC-12345</clTRID></command></epp>`
	}
	d := func(verb, body string) string {
		return `<` + verb + `><domain:` + verb + ` xmlns:domain="` + nsDomain + `">` + body + `</domain:` + verb + `></` + verb + `>`
	}
	return []string{
		`<epp xmlns="` + nsEPP + `"><hello/></epp>`,
		wrap(loginXML(Account{User: "someone", Password: "sandbox-secret"})),
		wrap(`<logout/>`), wrap(`<poll op="req"/>`), wrap(`<poll op="ack" msgID="12"/>`),
		wrap(checkXML("a.com") + `<extension><fee:check xmlns:fee="` + nsFee + `"><fee:currency>USD</fee:currency><fee:command name="create" phase="open"><fee:period unit="y">1</fee:period></fee:command></fee:check></extension>`),
		wrap(checkXML("a.com") + `<extension><launch:check xmlns:launch="` + nsLaunch + `" type="claims"><launch:phase>claims</launch:phase></launch:check></extension>`),
		wrap(checkXML("a.com") + `<extension><fee:check xmlns:fee="` + nsFee12 + `"><fee:currency>USD</fee:currency><fee:command name="create"><fee:period unit="y">1</fee:period></fee:command></fee:check></extension>`),
		wrap(checkXML("a.com") + `<extension><fee:check xmlns:fee="` + nsFee11 + `"><fee:command>create</fee:command><fee:currency>USD</fee:currency><fee:period unit="y">1</fee:period></fee:check></extension>`),
		wrap(checkXML("a.com") + `<extension><fee:check xmlns:fee="` + nsFee06 + `"><fee:domain><fee:name>a.com</fee:name><fee:currency>USD</fee:currency><fee:command>create</fee:command><fee:period unit="y">1</fee:period></fee:domain></fee:check></extension>`),
		wrap(createXML("a.com", "") + `<extension><fee:create xmlns:fee="` + nsFee06 + `"><fee:currency>USD</fee:currency><fee:fee>10.00</fee:fee></fee:create></extension>`),
		wrap(infoXML("a.com")),
		wrap(createXML("a.com", `<domain:ns><domain:hostObj>ns1.b.com</domain:hostObj><domain:hostObj>ns2.b.com</domain:hostObj></domain:ns><domain:registrant>me-1</domain:registrant><domain:contact type="tech">me-1</domain:contact>`) +
			`<extension><secDNS:create xmlns:secDNS="` + nsSecDNS + `"><secDNS:dsData><secDNS:keyTag>1</secDNS:keyTag><secDNS:alg>13</secDNS:alg><secDNS:digestType>2</secDNS:digestType><secDNS:digest>ABCD</secDNS:digest></secDNS:dsData></secDNS:create>` +
			`<fee:create xmlns:fee="` + nsFee + `"><fee:currency>USD</fee:currency><fee:fee>10.00</fee:fee></fee:create>` +
			`<launch:create xmlns:launch="` + nsLaunch + `"><launch:phase>claims</launch:phase><launch:notice><launch:noticeID>37</launch:noticeID><launch:notAfter>2030-08-16T09:00:00.0Z</launch:notAfter><launch:acceptedDate>2029-06-21T11:00:00.0Z</launch:acceptedDate></launch:notice></launch:create></extension>`),
		wrap(d("delete", `<domain:name>a.com</domain:name>`)),
		wrap(d("renew", `<domain:name>a.com</domain:name><domain:curExpDate>2027-01-02</domain:curExpDate><domain:period unit="y">2</domain:period>`)),
		wrap(d("update", `<domain:name>a.com</domain:name><domain:add><domain:ns><domain:hostObj>ns1.b.com</domain:hostObj></domain:ns><domain:contact type="admin">me-1</domain:contact><domain:status s="clientHold">x</domain:status></domain:add><domain:rem><domain:status s="clientHold"/></domain:rem><domain:chg><domain:registrant>me-2</domain:registrant><domain:authInfo><domain:pw>x</domain:pw></domain:authInfo></domain:chg>`)),
		wrap(d("update", `<domain:name>a.com</domain:name>`) + `<extension><rgp:update xmlns:rgp="` + nsRGP + `"><rgp:restore op="request"/></rgp:update></extension>`),
		wrap(`<transfer op="query"><domain:transfer xmlns:domain="` + nsDomain + `"><domain:name>a.com</domain:name></domain:transfer></transfer>`),
		wrap(`<create><contact:create xmlns:contact="` + nsContact + `"><contact:id>sh8013</contact:id><contact:postalInfo type="int"><contact:name>John</contact:name><contact:org>O</contact:org><contact:addr><contact:street>S</contact:street><contact:city>D</contact:city><contact:sp>VA</contact:sp><contact:pc>20166</contact:pc><contact:cc>US</contact:cc></contact:addr></contact:postalInfo><contact:voice x="1">+1.7035555555</contact:voice><contact:email>j@example.test</contact:email><contact:authInfo><contact:pw>x1y2z3</contact:pw></contact:authInfo><contact:disclose flag="0"><contact:voice/></contact:disclose></contact:create></create>`),
		wrap(`<update><contact:update xmlns:contact="` + nsContact + `"><contact:id>sh8013</contact:id><contact:add><contact:status s="clientDeleteProhibited"/></contact:add><contact:rem><contact:status s="clientUpdateProhibited" lang="en">x</contact:status></contact:rem><contact:chg><contact:postalInfo type="loc"><contact:name>J</contact:name><contact:org/><contact:addr><contact:street>S</contact:street><contact:city>D</contact:city><contact:cc>US</contact:cc></contact:addr></contact:postalInfo><contact:voice>+1.7035555555</contact:voice><contact:fax/><contact:email>j@example.test</contact:email><contact:authInfo><contact:pw>x1y2z3</contact:pw></contact:authInfo><contact:disclose flag="1"><contact:name type="int"/><contact:addr type="loc"/><contact:email/></contact:disclose></contact:chg></contact:update></update>`),
		wrap(`<transfer op="request"><contact:transfer xmlns:contact="` + nsContact + `"><contact:id>sh8013</contact:id><contact:authInfo><contact:pw>x1y2z3</contact:pw></contact:authInfo></contact:transfer></transfer>`),
		wrap(`<info><contact:info xmlns:contact="` + nsContact + `"><contact:id>sh8013</contact:id><contact:authInfo><contact:pw roid="AB-CD">x1y2z3</contact:pw></contact:authInfo></contact:info></info>`),
		wrap(`<delete><contact:delete xmlns:contact="` + nsContact + `"><contact:id>sh8013</contact:id></contact:delete></delete>`),
		wrap(`<update><host:update xmlns:host="` + nsHost + `"><host:name>ns1.a.com</host:name><host:add><host:addr ip="v4">192.0.2.22</host:addr><host:status s="clientUpdateProhibited"/></host:add><host:rem><host:addr ip="v6">1080:0:0:0:8:800:200C:417A</host:addr></host:rem><host:chg><host:name>ns2.a.com</host:name></host:chg></host:update></update>`),
		wrap(`<check><host:check xmlns:host="` + nsHost + `"><host:name>ns1.a.com</host:name><host:name>ns2.a.com</host:name></host:check></check>`),
		wrap(d("update", `<domain:name>a.com</domain:name><domain:chg><domain:registrant/><domain:authInfo><domain:null/></domain:authInfo></domain:chg>`)),
		wrap(d("update", `<domain:name>a.com</domain:name><domain:chg/>`) + `<extension><rgp:update xmlns:rgp="` + nsRGP + `"><rgp:restore op="report"><rgp:report><rgp:preData>a</rgp:preData><rgp:postData>b</rgp:postData><rgp:delTime>2026-07-10T22:00:00.0Z</rgp:delTime><rgp:resTime>2026-07-20T22:00:00.0Z</rgp:resTime><rgp:resReason>Error.</rgp:resReason><rgp:statement>one</rgp:statement><rgp:statement lang="en">two</rgp:statement><rgp:other>c</rgp:other></rgp:report></rgp:restore></rgp:update></extension>`),
		wrap(d("update", `<domain:name>a.com</domain:name>`) + `<extension><secDNS:update xmlns:secDNS="` + nsSecDNS + `" urgent="true"><secDNS:rem><secDNS:all>true</secDNS:all></secDNS:rem><secDNS:add><secDNS:maxSigLife>3600</secDNS:maxSigLife><secDNS:dsData><secDNS:keyTag>1</secDNS:keyTag><secDNS:alg>13</secDNS:alg><secDNS:digestType>2</secDNS:digestType><secDNS:digest>ABCD</secDNS:digest></secDNS:dsData></secDNS:add><secDNS:chg><secDNS:maxSigLife>3600</secDNS:maxSigLife></secDNS:chg></secDNS:update></extension>`),
		wrap(`<transfer op="request"><domain:transfer xmlns:domain="` + nsDomain + `"><domain:name>a.com</domain:name><domain:period unit="y">1</domain:period><domain:authInfo><domain:pw roid="AB-CD">2fooBAR</domain:pw></domain:authInfo></domain:transfer></transfer><extension><fee:transfer xmlns:fee="` + nsFee + `"><fee:currency>USD</fee:currency><fee:fee>10.00</fee:fee></fee:transfer><allocationToken:allocationToken xmlns:allocationToken="` + nsToken + `">abc</allocationToken:allocationToken></extension>`),
		wrap(infoXML("a.com") + `<extension><launch:info xmlns:launch="` + nsLaunch + `" includeMark="true"><launch:phase>sunrise</launch:phase><launch:applicationID>abc</launch:applicationID></launch:info></extension>`),
		wrap(infoXML("a.com") + `<extension><allocationToken:info xmlns:allocationToken="` + nsToken + `"/></extension>`),
		wrap(d("delete", `<domain:name>a.com</domain:name>`) + `<extension><launch:delete xmlns:launch="` + nsLaunch + `"><launch:phase>sunrise</launch:phase><launch:applicationID>abc</launch:applicationID></launch:delete></extension>`),
		wrap(d("update", `<domain:name>a.com</domain:name>`) + `<extension><launch:update xmlns:launch="` + nsLaunch + `"><launch:phase>sunrise</launch:phase><launch:applicationID>abc</launch:applicationID></launch:update></extension>`),
		wrap(createXML("a.com", "") + `<extension><launch:create xmlns:launch="` + nsLaunch + `" type="application"><launch:phase>sunrise</launch:phase><launch:codeMark><launch:code validatorID="x">49FD</launch:code></launch:codeMark></launch:create></extension>`),
		wrap(loginXML(Account{User: "someone", Password: "[LOGIN-SECURITY]"}) + `<extension><loginSec:loginSec xmlns:loginSec="` + nsLoginSec + `"><loginSec:userAgent><loginSec:app>x</loginSec:app><loginSec:tech>y</loginSec:tech><loginSec:os>z</loginSec:os></loginSec:userAgent><loginSec:pw>a long pass phrase</loginSec:pw><loginSec:newPW>another long phrase</loginSec:newPW></loginSec:loginSec></extension>`),
		wrap(`<create><host:create xmlns:host="` + nsHost + `"><host:name>ns1.a.com</host:name><host:addr ip="v4">192.0.2.2</host:addr></host:create></create>`),
	}
}

var (
	leaf = regexp.MustCompile(`<([\w:]+)((?: [^<>]*)?)>([^<>]*)</([\w:]+)>`)
	attr = regexp.MustCompile(` ([\w]+)="([^"]*)"`)
)

// spoil returns the frame with one thing wrong at a time.
func spoil(f string) []string {
	var out []string
	for _, m := range leaf.FindAllStringSubmatchIndex(f, -1) {
		tag, text := f[m[2]:m[3]], f[m[6]:m[7]]
		el := f[m[0]:m[1]]
		swap := func(to string) { out = append(out, f[:m[0]]+to+f[m[1]:]) }
		swap("")                                    // missing
		swap(el + el)                               // twice
		swap(strings.ReplaceAll(el, tag, tag+"X"))  // unknown
		swap(strings.Replace(el, ">"+text, ">", 1)) // empty
		swap(strings.Replace(el, ">"+text, ">"+strings.Repeat("x", 300), 1))
		swap(strings.Replace(el, "<"+tag, "<"+tag+` bogus="1"`, 1))
		// the next sibling first
		if n := leaf.FindStringIndex(f[m[1]:]); n != nil && n[0] == 0 {
			out = append(out, f[:m[0]]+f[m[1]:m[1]+n[1]]+el+f[m[1]+n[1]:])
		}
	}
	for _, m := range attr.FindAllStringSubmatchIndex(f, -1) {
		if strings.HasPrefix(f[m[4]:m[5]], "urn:") {
			continue
		}
		out = append(out, f[:m[0]]+f[m[1]:], f[:m[4]]+"bogus"+f[m[5]:])
	}
	return out
}

// TestAsStrictAsTheSchemas holds the parser against xmllint on every frame and
// on hundreds of spoiled ones: what the schemas refuse is refused here.
// LAPSE_EPP_XSD names a folder with all.xsd, which imports all of EPP's.
func TestAsStrictAsTheSchemas(t *testing.T) {
	for _, f := range commands() {
		if _, err := read([]byte(f)); err != nil {
			t.Errorf("refused: %v\n%s", err, f)
		}
	}
	xsd := filepath.Join(os.Getenv("LAPSE_EPP_XSD"), "all.xsd")
	if _, err := exec.LookPath("xmllint"); xsd == "all.xsd" || err != nil {
		t.Skip("no xmllint, or LAPSE_EPP_XSD is not set")
	}
	tmp := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", xsd}
	frames := map[string]string{}
	for i, f := range commands() {
		for k, s := range append([]string{f}, spoil(f)...) {
			name := filepath.Join(tmp, fmt.Sprintf("%02d-%03d.xml", i, k))
			if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
			frames[name] = s
			args = append(args, name)
		}
	}
	out, _ := exec.CommandContext(t.Context(), "xmllint", args...).CombinedOutput()
	valid := map[string]bool{}
	for _, l := range strings.Split(string(out), "\n") {
		if n, ok := strings.CutSuffix(l, " validates"); ok {
			valid[n] = true
		}
	}
	if len(valid) < len(commands()) {
		t.Fatalf("xmllint: %s", out[:min(len(out), 2000)])
	}
	lax, strict := 0, 0
	for name, f := range frames {
		_, err := read([]byte(f))
		switch {
		case !valid[name] && err == nil:
			lax++
			if lax < 12 {
				t.Errorf("the schemas refuse what is taken here:\n%s", f)
			}
		case valid[name] && err != nil:
			// Stricter than the schemas only where it says so with a code of
			// its own: what is offered, and how long a password is.
			var fl *fault
			if strict++; errors.As(err, &fl) && fl.code == 2001 {
				t.Logf("stricter than the schemas: %v", fl)
			}
		}
	}
	t.Logf("%d frames, %d of them valid; %d too lax, %d stricter", len(frames), len(valid), lax, strict)
}

func FuzzRead(f *testing.F) {
	for _, c := range commands() {
		f.Add([]byte(c))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := read(b)
		if err == nil && c.verb == "" {
			t.Error("a frame without a command was taken")
		}
		if len(c.clTRID) > 64 {
			t.Errorf("a clTRID of %d bytes was taken", len(c.clTRID))
		}
	})
}
