package intake

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// brief is a plan as the tests compare it: a line a name, and a line a row
// that is not taken.
func brief(p *Plan) string {
	var b strings.Builder
	fmt.Fprintln(&b, p.Title())
	for _, e := range p.Names {
		fmt.Fprintf(&b, "%d %s", e.Line, e.Input)
		for what, v := range map[string]string{"kind": string(e.Kind)} {
			if v != "" && e.Kind != p.Kind {
				fmt.Fprintf(&b, " %s=%s", what, v)
			}
		}
		if len(e.Tags) > 0 {
			fmt.Fprintf(&b, " #%s", strings.Join(e.Tags, " #"))
		}
		if e.Cap != (catch.Money{}) {
			fmt.Fprintf(&b, " cap %s", e.Cap)
		}
		if e.Purpose != "" {
			fmt.Fprintf(&b, " for %s", e.Purpose)
		}
		if e.Note != "" {
			fmt.Fprintf(&b, " | %s", strings.ReplaceAll(e.Note, "\n", " / "))
		}
		b.WriteByte('\n')
	}
	for _, r := range p.Bad {
		fmt.Fprintf(&b, "! %d %s: %s\n", r.Line, r.Text, r.Why)
	}
	return b.String()
}

func TestMakers(t *testing.T) {
	for _, c := range []struct{ who, text, want string }{
		{
			"ExpiredDomains.net", "Domain;BL;DP;WBY;ABY;ACR;Dmoz;Status com;Status net;Drop Date;Status\ntinplate.com;120;14;2009;2010;88;-;registered;available;2026-11-25;Pending Delete\n" +
				"quillwright.net;3;1;2015;2016;4;-;registered;available;;Deleted\n",
			"2 names in an export of ExpiredDomains.net\n2 tinplate.com | drops 2026-11-25 (ExpiredDomains.net)\n3 quillwright.net\n",
		},
		{
			"DropCatch, the name without its TLD", "Domain,TLD,Type,Drop Date\nTinplate,com,PendingDelete,11/25/2026\nharbor.net,net,PendingDelete,2026-11-25\n",
			"2 names in an export of DropCatch\n2 Tinplate.com | drops 11/25/2026 (DropCatch)\n3 harbor.net | drops 2026-11-25 (DropCatch)\n",
		},
		{
			"Dynadot", "Domain,Expiration Date,Registration Date,Renewal Option,Folder,Note,Lock\nmynest.com,2027/03/01,2020/03/01,Auto Renew,My Shop (old),keep,yes\n",
			"1 name in an export of Dynadot, watched as mine\n2 mynest.com #my-shop-old | expires 2027-03-01 (Dynadot) / auto-renew on (Dynadot) / keep\n",
		},
		{
			"GoDaddy", "\"Domain Name\",\"TLD\",\"Create Date\",\"Expiration Date\",\"Status\",\"Auto-renew\",\"Protection Plan\"\n\"mynest.com\",\"com\",\"3/1/2020\",\"3/14/2027\",\"Active\",\"Off\",\"None\"\n",
			"1 name in an export of GoDaddy, watched as mine\n2 mynest.com | expires 3/14/2027 (GoDaddy) / auto-renew OFF (GoDaddy)\n",
		},
		{
			"Namecheap", "Domain Name,Domain created date,Domain expiration date,Auto-Renew\nmynest.com,\"Mar 1, 2020\",\"Mar 1, 2027\",on\n",
			"1 name in an export of Namecheap, watched as mine\n2 mynest.com | expires 2027-03-01 (Namecheap) / auto-renew on (Namecheap)\n",
		},
		{
			"GoDaddy, its fewest columns", "Domain Name,Expiration Date,Auto-renew,Status\nmynest.com,2026-12-18,On,Active\n",
			"1 name in an export of GoDaddy, watched as mine\n2 mynest.com | expires 2026-12-18 (GoDaddy) / auto-renew on (GoDaddy)\n",
		},
		{
			"Namecheap, as of 2026", "Domain Name,Domain privacy protection status,Domain status at NC,Domain auto-renew status,Domain expiration date\nmynest.com,ON,Active,OFF,Dec 14 2027\n",
			"1 name in an export of Namecheap, watched as mine\n2 mynest.com | auto-renew OFF (Namecheap) / expires 2027-12-14 (Namecheap)\n",
		},
		{
			"Dynadot, with timestamps", "Domain,Expiration Date,Expiration Date Timestamp,Registration Date,Registration Date Timestamp\nMynest.com,2026/04/25 07:59 PRC,1777075199000,2025/04/24 22:18 PRC,1745504314000\n",
			"1 name in an export of Dynadot, watched as mine\n2 Mynest.com | expires 2026-04-25 (Dynadot)\n",
		},
		{
			"Spaceship", "Domain,Nameservers,Category,DNS Preset,Registration Date,Expiration Date,Ownership change,Autorenew,Privacy,Transfer Lock,Status\nmynest.com,ns1.example.net ns2.example.net,N/A,N/A,2/20/2024,2/20/2030,N/A,On,Private,Locked,active\n",
			"1 name in an export of Spaceship, watched as mine\n2 mynest.com | expires 2/20/2030 (Spaceship) / auto-renew on (Spaceship)\n",
		},
		{
			"Porkbun", "DOMAIN,TLD,CREATE DATE,EXPIRE DATE,STATUS,SECURITY LOCK,WHOIS PRIVACY,AUTO RENEW,LABELS\nmynest.com,com,2020-03-01 10:00:00,2027-03-01 10:00:00,ACTIVE,1,1,0,\"brand, own\"\n",
			"1 name in an export of Porkbun, watched as mine\n2 mynest.com #brand #own | expires 2027-03-01 (Porkbun) / auto-renew OFF (Porkbun)\n",
		},
		{
			"a registrar that nobody knows", "domain\texpiry date\tregistrar\nmynest.com\t2027-03-01\tSomebody\n",
			"1 name in what looks like a registrar's list, watched as mine\n2 mynest.com | expires 2027-03-01 (a registrar)\n",
		},
		{
			"lapse", "name,kind,tags,note,priority,cap,bid_cap,purpose\ntinplate.com,want,brand drop,walk away,2,60.00 USD,180.00 USD,for sale\n",
			"1 name in an export of lapse\n2 tinplate.com kind=want #brand #drop cap 60.00 USD for for sale | walk away\n",
		},
		{
			"plain", "# wanted\nTinplate.com quillwright.com\nharbor.com # mine\n\n",
			"3 names in plain text\n2 Tinplate.com\n2 quillwright.com\n3 harbor.com\n",
		},
		{"no headings", "1,tinplate.com,9.99\n2,harbor.com,8\n", "2 names\n1 tinplate.com\n2 harbor.com\n"},
	} {
		p, err := Read([]byte(c.text), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.who, err)
			continue
		}
		if d := cmp.Diff(c.want, brief(p)); d != "" {
			t.Errorf("%s: %s", c.who, d)
		}
	}
}

// Every row is taken, merged or refused with its line; a stray mark costs its
// own row alone.
func TestNothingIsLost(t *testing.T) {
	text := "name,cap,note\r\n" +
		"tinplate.com,60USD,\"two\r\nlines, and a \"\"word\"\"\"\r\n" +
		"harbor.com,60,\r\n" + // line 4: no currency
		"no name here,,\r\n" +
		",,a note alone\r\n" +
		"TINPLATE.COM.,60USD,again\r\n" +
		"tinplate.com,90USD,\r\n" + // another cap
		"quill.com,,\"never closed\r\n" +
		"moor.com,,\"bad\"end\r\n" +
		"cut.com,10USD,one, two\r\n" +
		"\r\n" +
		"last.com,,=HYPERLINK(1)\x1b[2J\u202e\r\n"
	p, err := Read([]byte(text), Options{Tags: []string{"drop"}})
	if err != nil {
		t.Fatal(err)
	}
	want := "2 names, 1 row that repeats one, 7 rows not taken\n" +
		"2 tinplate.com #drop cap 60.00 USD | two\r / lines, and a \"word\" / again\n" +
		"13 last.com #drop | =HYPERLINK(1)\x1b[2J\u202e\n" +
		"! 4 harbor.com,60,: cap: read money \"60\": no currency; write it as 60USD\n"
	got := brief(p)
	if !strings.HasPrefix(got, want[:strings.Index(want, "! 4")]) {
		t.Errorf("got %q", got)
	}
	lines := map[int]string{}
	for _, b := range p.Bad {
		lines[b.Line] = b.Why
		if strings.ContainsAny(b.Text, "\x1b\u202e") {
			t.Errorf("line %d keeps what a terminal obeys: %q", b.Line, b.Text)
		}
	}
	for line, why := range map[int]string{
		4: "currency", 5: "", 6: "no name in it", 8: "line 2 says otherwise: cap 60.00 USD, here 90.00 USD",
		9: "quotation mark", 10: "text stands behind a closing quotation mark", 11: "it has 4 cells, and there are 3 columns",
	} {
		if got, ok := lines[line]; !ok || !strings.Contains(got, why) {
			t.Errorf("line %d: %q, want %q", line, got, why)
		}
	}
	if len(p.Bad) != 7 || p.Merged != 1 {
		t.Errorf("%d bad, %d merged: %v", len(p.Bad), p.Merged, p.Bad)
	}
}

func TestEncodings(t *testing.T) {
	text := "sep=;\r\nDomain;Bemerkung;Notes\r\nbücher.de;x;\"für\nspäter\"\r\n"
	wide := func(order binary.AppendByteOrder, bom bool) []byte {
		s := text
		if bom {
			s = "\ufeff" + s
		}
		var out []byte
		for _, u := range utf16.Encode([]rune(s)) {
			out = order.AppendUint16(out, u)
		}
		return out
	}
	latin := make([]byte, 0, len(text))
	for _, r := range text {
		latin = append(latin, byte(r))
	}
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "UTF-8 with a mark": []byte("\ufeff" + text), "UTF-16LE": wide(binary.LittleEndian, true), "UTF-16BE": wide(binary.BigEndian, true),
		"UTF-16LE without a mark": wide(binary.LittleEndian, false), "UTF-16BE without": wide(binary.BigEndian, false), "Windows-1252": latin,
	} {
		p, err := Read(data, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := brief(p); got != "1 name\n3 bücher.de | für / später\n" || p.Comma != ";" {
			t.Errorf("%s: %q, %q", name, got, p.Comma)
		}
	}
	for name, data := range map[string]string{"an archive": "PK\x03\x04\x00\x00", "nothing": " \r\n", "a page": "<!doctype html>,\n<p>,x\n", "no export": "[1,2"} {
		if p, err := Read([]byte(data), Options{}); err == nil && len(p.Names) > 0 {
			t.Errorf("%s was read: %v", name, brief(p))
		}
	}
}

func TestMapping(t *testing.T) {
	text := "Web Address,Label,Budget,What\ntinplate.com,a b,60USD,old shop\n"
	p, err := Read([]byte(text), Options{Map: map[string]Field{"web address": Name, "3": Cap, "What": Remark, "Label": Skip}, Kind: watch.Mine, Purpose: "park"})
	if err != nil {
		t.Fatal(err)
	}
	if got := brief(p); got != "1 name, watched as mine\n2 tinplate.com cap 60.00 USD for park | What: old shop\n" {
		t.Errorf("got %q", got)
	}
	for _, c := range []struct {
		by   map[string]Field
		want string
	}{
		{nil, `no column of names among "Web Address", "Label", "Budget", "What"`},
		{map[string]Field{"Web Address": Name, "Price": Cap}, `no column "Price"; there are "Web Address"`},
		{map[string]Field{"Web Address": "title"}, `cannot become "title"`},
	} {
		if _, err := Read([]byte(strings.Replace(text, "tinplate.com", "shop", 1)), Options{Map: c.by}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.by, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"name,cap\na.com,60USD\n", "\"a\n\"b,c", "a;b\n\"\"\";", "[{\"name\":\"a.com\"}]", "\xff\xfea\x00", "sep=\t\na.com\tb", "domain|tld\na|com\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(data, Options{})
		if err != nil {
			return
		}
		for _, b := range p.Bad {
			if strings.ContainsAny(b.Text, "\x1b\u009b\n") {
				t.Errorf("%q", b.Text)
			}
		}
		for i := 1; i < len(p.Names); i++ {
			if p.Names[i].Line < p.Names[i-1].Line {
				t.Errorf("line %d behind line %d", p.Names[i].Line, p.Names[i-1].Line)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var text strings.Builder
	text.WriteString("Domain;BL;DP;WBY;ABY;ACR;Drop Date;Status\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "name-%06d.com;12;3;2010;2011;7;2026-11-25;Pending Delete\n", i)
	}
	data := []byte(text.String())
	for b.Loop() {
		if p, err := Read(data, Options{}); err != nil || len(p.Names) != 100_000 {
			b.Fatal(err)
		}
	}
}

// The purpose for those without one contradicts no row that has one.
func TestPurposeOfTheRest(t *testing.T) {
	p, err := Read([]byte("name,purpose\na.com,\na.com,sale\nb.com,\n"), Options{Purpose: "use"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Bad) > 0 || len(p.Names) != 2 || p.Names[0].Purpose != "sale" || p.Names[1].Purpose != "use" {
		t.Errorf("%+v, bad %+v", p.Names, p.Bad)
	}
}
