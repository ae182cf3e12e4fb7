package launch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// short writes phases for comparison.
func short(ls []Launch) []string {
	var out []string
	for _, l := range ls {
		for _, p := range l.Phases {
			out = append(out, strings.Join([]string{l.TLD, p.Name, string(p.Kind), p.From.String(), p.To.String(), p.Fee.String()}, "|"))
		}
	}
	return out
}

// Tables as registrars and registries write them: the words, the dates and the
// amounts of many hands.
func TestImportTables(t *testing.T) {
	for _, tt := range []struct {
		what, in string
		m        Mapping
		want     []string
		finds    []string
	}{
		{
			"semicolons, euros and a wrong weekday",
			"Extension;Period;Opens;Closes;Retail\n" +
				".bolt;Sunrise;Mon 2 Nov 2026 14:00;Wed 2 Dec 2026 14:00;€149\n" +
				".bolt;Early Access Day 1;Wed 2 Dec 2026 14:00;Thu 3 Dec 2026 14:00;€8.500,00\n" +
				".bolt;Early Access Day 2;Thu 3 Dec 2026 14:00;Fri 4 Dec 2026 14:00;€1.900,50\n" +
				".bolt;Early Access Day 3;Fri 4 Dec 2026 14:00;Sun 5 Dec 2026 14:00;€1.099\n" +
				".bolt;Open registration;Sat 5 Dec 2026 14:00;;€18.90\n",
			Mapping{Columns: map[string]string{"fee": "Retail"}},
			nil,
			[]string{"is no"},
		},
		{
			"the same with one decimal sign",
			"Extension;Period;Opens;Closes;Retail\n" +
				".bolt;Sunrise;Mon 2 Nov 2026 14:00;Wed 2 Dec 2026 14:00;€149\n" +
				".bolt;Early Access Day 1;Wed 2 Dec 2026 14:00;Thu 3 Dec 2026 14:00;€8.500,00\n" +
				".bolt;Early Access Day 2;Thu 3 Dec 2026 14:00;Sun 5 Dec 2026 14:00;€1.099\n" +
				".bolt;Open registration;Sat 5 Dec 2026 14:00;;18,90 €\n",
			Mapping{Columns: map[string]string{"fee": "Retail"}},
			[]string{
				"bolt|Sunrise|sunrise-start-date|2026-11-02T14:00:00Z|2026-12-02T14:00:00Z|149.00 EUR",
				"bolt|Early Access Day 1|eap|2026-12-02T14:00:00Z|2026-12-03T14:00:00Z|8500.00 EUR",
				"bolt|Early Access Day 2|eap|2026-12-03T14:00:00Z|2026-12-05T14:00:00Z|1099.00 EUR",
				"bolt|Open registration|ga|2026-12-05T14:00:00Z||18.90 EUR",
			},
			[]string{
				`"Sun 5 Dec 2026 14:00" contradicts "Mon 2 Nov 2026 14:00" (row 1): in 2026, December 5 is a Saturday`,
				`"Sunrise" is taken for sunrise-start-date, by its length; say so if it is not`,
			},
		},
		{
			"a zone of the table, twelve hours, dollars of Canada",
			"tld,stage,start,end,price\nkilo,EAP,\"Dec 1st, 2026 at 4:00 PM\",2 December 2026 4pm,\"$2,000\"\nkilo,EAP,\"Dec 2nd, 2026 at 4:00 PM\",3 December 2026 4pm,$100\nkilo,GA,2026/12/03 16:00,TBA,$20\n",
			Mapping{Currency: "CAD", Zone: time.FixedZone("", -5*3600)},
			[]string{
				"kilo|EAP 1|eap|2026-12-01T21:00:00Z|2026-12-02T21:00:00Z|2000.00 CAD",
				"kilo|EAP 2|eap|2026-12-02T21:00:00Z|2026-12-03T21:00:00Z|100.00 CAD",
				"kilo|GA|ga|2026-12-03T21:00:00Z||20.00 CAD",
			},
			nil,
		},
		{
			"numbers alone: a day above 12 tells the order of all",
			"tld,phase,from,to\nkilo,Landrush,05/11/2026,13/11/2026\n",
			Mapping{Clock: "16:00"},
			[]string{"kilo|Landrush|landrush|2026-11-05T16:00:00Z|2026-11-13T16:00:00Z|-"},
			nil,
		},
		{
			"numbers alone: the weekdays tell",
			"tld,phase,to\nkilo,Landrush,\"Thursday, 11/05/2026\"\n",
			Mapping{Clock: "16:00"},
			[]string{"kilo|Landrush|landrush||2026-11-05T16:00:00Z|-"},
			nil,
		},
		{
			"numbers alone: said",
			"tld,phase,to\nkilo,Landrush,05-11-2026\nkilo,Landrush,06.11.2026\n",
			Mapping{Clock: "16:00", Order: "dmy"},
			[]string{"kilo|Landrush 1|landrush||2026-11-05T16:00:00Z|-", "kilo|Landrush 2|landrush|2026-11-05T16:00:00Z|2026-11-06T16:00:00Z|-"},
			nil,
		},
		{
			"one row a TLD",
			"TLD,Sunrise opens,Sunrise ends,EAP price,EAP opens,GA\nkilo,2026-09-01,2026-11-01,\"1,000 USD\",2026-11-02,2026-11-09\nlima,2026-09-01,2026-11-01,,,n/a\n",
			Mapping{Clock: "16:00", Phases: []PhaseColumns{
				{Name: "sunrise", Kind: SunriseEnd, From: "Sunrise opens", To: "Sunrise ends"},
				{Name: "EAP", Kind: EarlyAccess, From: "EAP opens", Fee: "EAP price"},
				{Name: "GA", Kind: GA, From: "GA"},
			}},
			[]string{
				"kilo|sunrise|sunrise-end-date|2026-09-01T16:00:00Z|2026-11-01T16:00:00Z|-",
				"kilo|EAP|eap|2026-11-02T16:00:00Z|2026-11-09T16:00:00Z|1000.00 USD",
				"kilo|GA|ga|2026-11-09T16:00:00Z||-",
				"lima|sunrise|sunrise-end-date|2026-09-01T16:00:00Z|2026-11-01T16:00:00Z|-",
			},
			nil,
		},
		{
			"JSON, nested",
			`{"made":"2026-11-01","launches":[{"name":".kilo","operator":"Kilo Ltd","phases":[` +
				`{"name":"Landrush","ends":"Fri 4 Dec 2026, 15:00 UTC","cost":{"amount":"350.50","currency":"GBP"}},` +
				`{"name":"Go live","begin":"2026-12-07T15:00:00+01:00","cost":{"amount":20,"currency":"GBP"}}]}]}`,
			Mapping{Columns: map[string]string{"tld": "outer.name"}},
			[]string{"kilo|Landrush|landrush||2026-12-04T15:00:00Z|350.50 GBP", "kilo|Go live|ga|2026-12-07T14:00:00Z||20.00 GBP"},
			nil,
		},
		{
			"JSON, by TLD",
			`{"kilo":[{"type":"qlp","open":"2026-10-01 12:00 GMT","close":"2026-10-08 12:00 GMT"}],"lima":[{"type":"claims","open":"20 Nov 2026 00:00Z"}]}`,
			Mapping{Columns: map[string]string{"tld": "key"}},
			[]string{"kilo|qlp|qlp|2026-10-01T12:00:00Z|2026-10-08T12:00:00Z|-", "lima|claims|claims|2026-11-20T00:00:00Z||-"},
			nil,
		},
		{
			"years that the weekdays tell, as the first of two has it",
			"tld,phase,to\nkilo,Landrush 1,\"Thursday, October 1\"\nkilo,Landrush 2,\"Wednesday, October 6\"\n",
			Mapping{Clock: "16:00"},
			[]string{"kilo|Landrush 1|landrush||2026-10-01T16:00:00Z|-", "kilo|Landrush 2|landrush|2026-10-01T16:00:00Z|2026-10-06T16:00:00Z|-"},
			[]string{`"Wednesday, October 6" contradicts "Thursday, October 1" (row 1): in 2026, October 6 is a Tuesday`},
		},
		{
			"tabs, an empty cell, the hour of a zone that knows summer",
			"String\tRegistry Operator\tPeriod\tOpen Date\tClose Date\tAmount\tCurrency\n" +
				"beta\tBeta Inc\tEAP Day 1\t05-Apr-2027 12:00 PM ET\t06-Apr-2027 12:00 PM EDT\t10,000\tUSD\n" +
				"beta\tBeta Inc\tTrademark Claims\t05-Apr-2027 12:00 (ET)\t\t\tUSD\n" +
				"beta\tBeta Inc\tGA\t30-Nov-2027 9:00 a.m. Pacific Time\t\t19.50\tUSD\n",
			Mapping{},
			[]string{
				"beta|Trademark Claims|claims|2027-04-05T16:00:00Z||-",
				"beta|EAP Day 1|eap|2027-04-05T16:00:00Z|2027-04-06T16:00:00Z|10000.00 USD",
				"beta|GA|ga|2027-11-30T17:00:00Z||19.50 USD",
			},
			nil,
		},
		{
			"summer time said of a day in winter",
			"tld,phase,to\nkilo,Landrush,30 Nov 2027 9:00 PDT\n",
			Mapping{},
			nil,
			nil,
		},
		{
			"the zone and the currency in the headings, months before days",
			"tld|phase|start (PT)|end (PT)|price (€)\nkilo|Landrush|10/31/2027 9:00 AM|11/08/2027 9:00 AM|99,50\nkilo|GA|11/08/2027 17:00 UTC||12\n",
			Mapping{},
			[]string{"kilo|Landrush|landrush|2027-10-31T16:00:00Z|2027-11-08T17:00:00Z|99.50 EUR", "kilo|GA|ga|2027-11-08T17:00:00Z||12.00 EUR"},
			nil,
		},
		{
			"both dates in one cell",
			"TLD;Stage;Dates;Fee\n" +
				".kilo;QLP;01.12.2026 16:00 - 15.12.2026 16:00;\n" +
				".kilo;Founders;Dec 20 – Jan 5, 2027;\n" +
				".kilo;Landrush;11-20 January 2027;250 USD\n" +
				".kilo;EAP;Jan 21st 4pm UTC to Jan 23rd, 2027 4pm UTC;1000 USD\n" +
				".kilo;GA;from 25 January 2027 16:00 UTC on;20 USD\n" +
				".mike;GA;1 Oct 2027 16:00-05:00;20 USD\n" +
				".lima;Landrush;until 5 February 2027, 16:00 UTC;20 USD\n",
			Mapping{Clock: "16:00"},
			[]string{
				"kilo|QLP|qlp|2026-12-01T16:00:00Z|2026-12-15T16:00:00Z|-",
				"kilo|Founders|lrp|2026-12-20T16:00:00Z|2027-01-05T16:00:00Z|-",
				"kilo|Landrush|landrush|2027-01-11T16:00:00Z|2027-01-20T16:00:00Z|250.00 USD",
				"kilo|EAP|eap|2027-01-21T16:00:00Z|2027-01-23T16:00:00Z|1000.00 USD",
				"kilo|GA|ga|2027-01-25T16:00:00Z||20.00 USD",
				"mike|GA|ga|2027-10-01T21:00:00Z||20.00 USD",
				"lima|Landrush|landrush||2027-02-05T16:00:00Z|20.00 USD",
			},
			nil,
		},
		{
			"hours and days in other hands",
			"phase,ends,price\n" +
				"Landrush 1,\"16:00 UTC on Thursday, 1 October 2026\",$4\nLandrush 2,2 October 2026 (Friday) 18h30 CEST,$3\n" +
				"Landrush 3,\"Oct 3 2026, noon UTC\",$2\nLandrush 4,2026-10-04T09:00:00-07:00,$1\nLandrush 5,5 Oct 2026 4:00 p.m. UTC+2,$1\n",
			Mapping{TLD: "kilo"},
			[]string{
				"kilo|Landrush 1|landrush||2026-10-01T16:00:00Z|4.00 USD", "kilo|Landrush 2|landrush|2026-10-01T16:00:00Z|2026-10-02T16:30:00Z|3.00 USD",
				"kilo|Landrush 3|landrush|2026-10-02T16:30:00Z|2026-10-03T12:00:00Z|2.00 USD", "kilo|Landrush 4|landrush|2026-10-03T12:00:00Z|2026-10-04T16:00:00Z|1.00 USD",
				"kilo|Landrush 5|landrush|2026-10-04T16:00:00Z|2026-10-05T14:00:00Z|1.00 USD",
			},
			nil,
		},
		{
			"one row a TLD, its phases told by the headings",
			"TLD;Registry Operator;Sunrise Start Date;Sunrise End Date;Sunrise Type;Trademark Claims Start;Trademark Claims End;EAP Day 1 Start;EAP Day 1 End;EAP Day 1 Fee;General Availability;GA Price\n" +
				".kilo;Kilo GmbH;05.01.2027;10.02.2027;End Date;11.02.2027;12.05.2027;11.02.2027 16:00;12.02.2027 16:00;12.569,99 €;20.02.2027 16:00;29,90 €\n" +
				".lima;Lima Ltd;05.01.2027;10.02.2027;Start Date;;;;;;TBA;\n",
			Mapping{Clock: "16:00"},
			[]string{
				"kilo|sunrise|sunrise-end-date|2027-01-05T16:00:00Z|2027-02-10T16:00:00Z|-",
				"kilo|eap day 1|eap|2027-02-11T16:00:00Z|2027-02-12T16:00:00Z|12569.99 EUR",
				"kilo|trademark claims|claims|2027-02-11T16:00:00Z|2027-05-12T16:00:00Z|-",
				"kilo|general availability|ga|2027-02-20T16:00:00Z||29.90 EUR",
				"lima|sunrise|sunrise-start-date|2027-01-05T16:00:00Z|2027-02-10T16:00:00Z|-",
			},
			nil,
		},
		{
			"JSON, phases by name below TLDs by name",
			`{"updated":"2026-11-01","tlds":{"kilo":{"registry":"Kilo Ltd","phases":{"sunrise":{"type":"end-date","startDate":"2027-01-05T00:00:00Z","endDate":"2027-02-06T00:00:00Z"},` +
				`"generalAvailability":{"startDate":"2027-03-20T00:00:00Z","price":{"amount":"30.00","currency":"USD"}}}},` +
				`"lima":{"registry":"Lima Ltd","phases":{"landrush":{"startDate":"2027-01-05T00:00:00Z","fee":"250 USD"}}}}}`,
			Mapping{},
			[]string{
				"kilo|sunrise|sunrise-end-date|2027-01-05T00:00:00Z|2027-02-06T00:00:00Z|-", "kilo|generalAvailability|ga|2027-03-20T00:00:00Z||30.00 USD",
				"lima|landrush|landrush|2027-01-05T00:00:00Z||250.00 USD",
			},
			nil,
		},
	} {
		t.Run(tt.what, func(t *testing.T) {
			tt.m.Now = at("2026-11-01T00:00:00Z")
			read := ImportCSV
			if strings.HasPrefix(tt.in, "{") {
				read = ImportJSON
			}
			ls, finds, err := read(strings.NewReader(tt.in), tt.m)
			if tt.want == nil {
				if err == nil {
					t.Fatalf("read as %q", short(ls))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, short(ls)); d != "" {
				t.Error(d)
			}
			var texts []string
			for _, f := range finds {
				texts = append(texts, f.Text)
			}
			if d := cmp.Diff(tt.finds, texts); d != "" {
				t.Error(d)
			}
		})
	}
}

// Two hours joined by a dash may be a span of them: what would have to be
// guessed is refused.
func TestOffsetOrSpan(t *testing.T) {
	for text, want := range map[string]string{
		"1 Oct 2027 10:00-12:00":    "",
		"1 Oct 2027 09:00-09:30":    "",
		"1 Oct 2027 9:00 am-10:00":  "",
		"1 Oct 2027 09:00-17:00":    "",
		"1 Oct 2027 10:00-12":       "",
		"1 Oct 2027 16:00-05":       "2027-10-01T21:00:00Z",
		"1 Oct 2027 04:00-0800":     "2027-10-01T12:00:00Z",
		"1 Oct 2027 16:00-05:00":    "2027-10-01T21:00:00Z",
		"1 Oct 2027 10:00 -12:00":   "2027-10-01T22:00:00Z",
		"1 Oct 2027 10:00 UTC-12":   "2027-10-01T22:00:00Z",
		"1 Oct 2027 10:00+12:00":    "2027-09-30T22:00:00Z",
		"2027-10-01T10:00-12:00":    "2027-10-01T22:00:00Z",
		"2027-10-01 10:00:00-12:00": "2027-10-01T22:00:00Z",
	} {
		got := ""
		if d, err := readDate(text, time.UTC, ""); err == nil {
			got = d.t.UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s: read as %q, want %q", text, got, want)
		}
	}
}
