package epp

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/catch/epp/epptest"
)

func wrap(code, inner string) []byte {
	return []byte(`<epp xmlns="` + NSEPP + `"><response><result code="` + code + `"><msg>m</msg></result>` + inner + `<trID><clTRID>lapse-1</clTRID><svTRID>sv-1</svTRID></trID></response></epp>`)
}

func TestReadCheckWithFees(t *testing.T) {
	data := `<resData><domain:chkData xmlns:domain="` + NSDomain + `"><domain:cd><domain:name avail="1">example.com</domain:name></domain:cd><domain:cd><domain:name avail="false">taken.com</domain:name><domain:reason>In use</domain:reason></domain:cd></domain:chkData></resData>`
	for version, ext := range map[string]string{
		NSFee10: `<fee:chkData xmlns:fee="` + NSFee10 + `"><fee:currency>USD</fee:currency><fee:cd avail="1"><fee:objID>example.com</fee:objID><fee:class>Premium</fee:class><fee:command name="create" standard="0"><fee:period unit="y">1</fee:period><fee:fee description="Registration Fee" refundable="1" grace-period="P5D">10.00</fee:fee><fee:fee description="Early Access Period">500.00</fee:fee></fee:command></fee:cd></fee:chkData>`,
		NSFee12: `<fee:chkData xmlns:fee="` + NSFee12 + `"><fee:currency>USD</fee:currency><fee:cd><fee:object><domain:name xmlns:domain="` + NSDomain + `">example.com</domain:name></fee:object><fee:command name="create"><fee:period unit="y">1</fee:period><fee:fee>10.00</fee:fee><fee:fee description="EAP">500</fee:fee><fee:class>premium</fee:class></fee:command></fee:cd></fee:chkData>`,
		NSFee11: `<fee:chkData xmlns:fee="` + NSFee11 + `"><fee:cd><fee:object><domain:name xmlns:domain="` + NSDomain + `">example.com</domain:name></fee:object><fee:command>create</fee:command><fee:currency>USD</fee:currency><fee:period unit="y">1</fee:period><fee:fee>510.00</fee:fee><fee:class>premium</fee:class></fee:cd></fee:chkData>`,
		NSFee06: `<fee:chkData xmlns:fee="` + NSFee06 + `"><fee:cd><fee:name>example.com</fee:name><fee:currency>USD</fee:currency><fee:command>create</fee:command><fee:period unit="y">1</fee:period><fee:fee>510.00</fee:fee><fee:class>premium</fee:class></fee:cd></fee:chkData>`,
	} {
		r, err := ParseResponse(wrap("1000", data+"<extension>"+ext+"</extension>"))
		if err != nil {
			t.Fatal(err)
		}
		got := ReadCheck(r)
		if len(got) != 2 || !got[0].Free || got[1].Free || got[1].Reason != "In use" {
			t.Fatalf("%s: %+v", version, got)
		}
		q, ok := got[0].Fee("create")
		if !ok || q.Total.String() != "510.00 USD" || !q.Premium || q.Years != 1 {
			t.Errorf("%s: quote %+v", version, q)
		}
		if wantEarly := version == NSFee10 || version == NSFee12; q.Early != wantEarly {
			t.Errorf("%s: early access %v", version, q.Early)
		}
	}
}

func TestFeeThatCannotBeReadIsNoPrice(t *testing.T) {
	for _, fee := range []string{`<fee:fee>ten</fee:fee>`, `<fee:fee>1</fee:fee><fee:fee>x</fee:fee>`, `<fee:fee>9999999999999999999</fee:fee>`, ``} {
		r, err := ParseResponse(wrap("1000", `<resData><domain:chkData xmlns:domain="`+NSDomain+`"><domain:cd><domain:name avail="1">example.com</domain:name></domain:cd></domain:chkData></resData><extension><fee:chkData xmlns:fee="`+NSFee10+`"><fee:currency>USD</fee:currency><fee:cd><fee:objID>example.com</fee:objID><fee:command name="create">`+fee+`</fee:command></fee:cd></fee:chkData></extension>`))
		if err != nil {
			t.Fatal(err)
		}
		if q, ok := ReadCheck(r)[0].Fee("create"); ok {
			t.Errorf("%q read as %+v", fee, q)
		}
	}
}

func TestReadDomain(t *testing.T) {
	r, err := ParseResponse(wrap("1000", `<resData><d:infData xmlns:d="`+NSDomain+`"><d:name>EXAMPLE.com</d:name><d:roid>EX1-REP</d:roid><d:status s="pendingDelete"/><d:status s="serverHold"/><d:registrant>jd1234</d:registrant><d:contact type="admin">sh8013</d:contact><d:ns><d:hostObj>ns1.example.com</d:hostObj></d:ns><d:clID>ClientX</d:clID><d:crID>ClientY</d:crID><d:crDate>1999-04-03T22:00:00.0Z</d:crDate><d:exDate>2005-04-03T22:00:00</d:exDate><d:authInfo><d:pw>2fooBAR</d:pw></d:authInfo></d:infData></resData><extension><rgp:infData xmlns:rgp="`+NSRGP+`"><rgp:rgpStatus s="redemptionPeriod"/></rgp:infData></extension>`))
	if err != nil {
		t.Fatal(err)
	}
	d, ok := ReadDomain(r)
	if !ok || d.Name != "example.com" || d.Sponsor != "ClientX" || d.Expires.Format("2006-01-02T15") != "2005-04-03T22" || d.AuthInfo.Reveal() != "2fooBAR" {
		t.Fatalf("%+v", d)
	}
	if diff := cmp.Diff([]string{"pendingDelete", "serverHold"}, d.Statuses) + cmp.Diff([]string{"redemptionPeriod"}, d.RGP) + cmp.Diff([]string{"ns1.example.com"}, d.NS); diff != "" {
		t.Error(diff)
	}
}

// TestUnhandledNamespace reads a poll message whose data came the way of RFC
// 9038.
func TestUnhandledNamespace(t *testing.T) {
	frame := `<epp xmlns="` + NSEPP + `"><response><result code="1301"><msg>ack</msg><extValue><value><changePoll:changeData xmlns:changePoll="` + NSChangePoll + `" state="after"><changePoll:operation>delete</changePoll:operation><changePoll:date>2026-11-20T00:00:00Z</changePoll:date><changePoll:svTRID>x-1</changePoll:svTRID><changePoll:who>registry</changePoll:who><changePoll:caseId type="urs">U1</changePoll:caseId></changePoll:changeData></value><reason>` + NSChangePoll + ` not in login services</reason></extValue></result><msgQ count="2" id="77"><qDate>2026-11-20T00:00:01Z</qDate><msg>Registry &#x1b;[31mchanged</msg></msgQ><resData><domain:panData xmlns:domain="` + NSDomain + `"><domain:name paResult="1">example.com</domain:name><domain:paTRID><clTRID>lapse-X-1</clTRID><svTRID>sv</svTRID></domain:paTRID></domain:panData></resData><trID><clTRID>lapse-2</clTRID><svTRID>sv-2</svTRID></trID></response></epp>`
	if _, err := ParseResponse([]byte(frame)); err == nil {
		t.Fatal("a control character reference was taken")
	}
	r, err := ParseResponse([]byte(strings.Replace(frame, "&#x1b;", "\u202e", 1)))
	if err != nil {
		t.Fatal(err)
	}
	p := ReadPoll(r)
	if p.Count != 2 || p.ID != "77" || p.Change != "delete" || p.Case != "urs" || !p.Decided || !p.Granted || p.ActionID != "lapse-X-1" || p.Object != "example.com" {
		t.Fatalf("%+v", p)
	}
	if p.Text != "Registry [31mchanged" {
		t.Errorf("text %q", p.Text)
	}
	// The ids that route an answer are its own, not those of the message in it.
	if code, cl, sv := quickScan([]byte(frame)); code != 1301 || string(cl) != "lapse-2" || string(sv) != "sv-2" {
		t.Errorf("quickScan: %d %s %s", code, cl, sv)
	}
}

func TestQuickScan(t *testing.T) {
	for in, want := range map[string]Code{
		`<epp><response><result code="1000">`:                   1000,
		"<epp:response>\n<epp:result\n  lang='en' code='2302'>": 2302,
		`<response><result code=2>`:                             0,
		`result`:                                                0,
		``:                                                      0,
		`<x>the result of it</x><result code="2400"/>`:      2400,
		`<result z:code="9999" barcode="1234" code="2302">`: 2302,
	} {
		if got, _, _ := quickScan([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
	_, cl, _ := quickScan([]byte("<e:trID><e:clTRID xmlns:e=\"u\">\n a-1 </e:clTRID\n><e:svTRID/></e:trID>"))
	if string(cl) != "a-1" {
		t.Errorf("clTRID %q", cl)
	}
	frame := wrap("2302", "")
	if n := testing.AllocsPerRun(100, func() { quickScan(frame) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSentences(t *testing.T) {
	for c := Code(1000); c < 2600; c++ {
		if c.Sentence() == "" {
			t.Errorf("%d has no sentence", int(c))
		}
	}
	if !FailedClosing.Closes() || Failed.Closes() || !Pending.OK() || Exists.OK() {
		t.Error("classes of codes")
	}
}

func FuzzParseResponse(f *testing.F) {
	f.Add(wrap("1000", ""))
	f.Add([]byte(epptest.Greeting(known...)))
	f.Add([]byte(epptest.Answer(2302, "lapse-1", `<extension><fee:creData xmlns:fee="`+NSFee10+`"><fee:fee>1</fee:fee></fee:creData></extension>`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		quickScan(b)
		isGreeting(b)
		if g, err := ParseGreeting(b); err == nil {
			_, _ = g.Services()
		}
		r, err := ParseResponse(b)
		if err != nil {
			return
		}
		ReadCheck(r)
		ReadDomain(r)
		ReadCreated(r)
		ReadTransform(r)
		ReadPoll(r)
		ReadSecurity(r)
	})
}
