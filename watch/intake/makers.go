package intake

import (
	"strings"

	"github.com/lapse-dev/lapse/watch"
)

// headings are the words under which services, registrars and spreadsheets
// keep what a watch has: lower case, letters and digits only.
var headings = map[string]Field{}

func init() {
	for f, words := range map[Field]string{
		Name:     "name domain domainname domainnames domains fqdn idn hostname domainunicode",
		TLD:      "tld extension zone",
		Kind:     "kind",
		Tags:     "tags tag labels label folder portfolio category group",
		Note:     "note notes comment comments description remark memo",
		Purpose:  "purpose",
		Priority: "priority",
		Cap:      "cap",
		BidCap:   "bidcap maxbid maximumbid yourmaxbid mymaxbid",
		Expires: "expires expiry expiration expirationdate expirydate expiredate expiresat expireson expirationdateutc " +
			"domainexpirationdate domainexpiry renewaldate renewdate registryexpirydate validuntil paiduntil enddateofregistration",
		Drops: "drop drops dropdate dropped droptime dropsat deletedate deletiondate releasedate availabledate dropdateutc",
		Renew: "autorenew autorenewal renewaloption renewoption autorenewstatus domainautorenewstatus renewauto renewalmode",
	} {
		for _, w := range strings.Fields(words) {
			headings[w] = f
		}
	}
}

func heading(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// maker is somebody whose files are known by their columns: all of one set,
// and at least so many of another.
type maker struct {
	name string
	kind watch.Kind
	all  string // each word, or one of several with | between
	some string
	few  int
}

// makers, the surest first. The columns of GoDaddy, Namecheap, Dynadot and
// Spaceship are those of exports that were seen in 2026; of the others those
// that their pages show. A file that none of them fits is read by its headings
// alone.
var makers = []maker{
	{"lapse", "", "name kind tags", "", 0},
	{"ExpiredDomains.net", "", "domain|name", "bl dp domainpop backlinks wby aby acr mmgr dmoz rdt statustldregistered reg sg co majesticglobalrank alexa similarweb le rl wpl wikipedialinks wppl birthdate archivecrawlresults archivebirthyear whoisbirthdate relatedcnobi", 3},
	{"DropCatch", "", "domain|domainname|name dropdate type", "", 0},
	{"DropCatch", "", "domain|domainname|name", "dropcatchid highbid numberofbidders auctiontype auctionendtime backorderstatus", 2},
	{"NameJet or SnapNames", "", "domain|domainname|name", "currentbid minimumbid minbid joinby auctionenddate auctionend bidders orderby", 2},
	{"Porkbun", watch.Mine, "domain expiredate", "createdate securitylock whoisprivacy apiaccess", 2},
	{"Dynadot", watch.Mine, "domain|domainname|name expirationdate|expires|expiry renewaloption|renewoption|expirationdatetimestamp", "", 0},
	{"Spaceship", watch.Mine, "domain expirationdate", "dnspreset ownershipchange transferlock nameservers", 2},
	{"Namecheap", watch.Mine, "domainname domainexpirationdate|domaincreateddate", "", 0},
	{"GoDaddy", watch.Mine, "domainname|domain expirationdate|expires", "protectionplan autorenew status ownershipprotection certifieddomain listingstatus hasprotection createdate estimatedvalue", 2},
	{"Cloudflare", watch.Mine, "domain|domainname|name expireson|expiresat autorenew", "", 0},
	{"NameSilo", watch.Mine, "domain expires|expiration portfolio", "", 0},
	{"Name.com", watch.Mine, "domainname|domain expiredate|expires", "autorenew locked lock privacy createdate", 2},
	{"a registrar", watch.Mine, "domain|domainname|name|fqdn expires|expiry|expiration|expirationdate|expirydate|expiredate|renewaldate autorenew|autorenewal|nameservers|nameserver1|locked|lock|privacy|registrar", "", 0},
	{"a drop list", "", "domain|domainname|name dropdate|deletedate|releasedate|drop|dropped", "", 0},
}

// recognise says who wrote a file with these headings.
func recognise(head []string) (name string, kind watch.Kind) {
	have := map[string]bool{}
	for _, h := range head {
		have[heading(h)] = true
	}
next:
	for _, m := range makers {
		for _, either := range strings.Fields(m.all) {
			found := false
			for _, w := range strings.Split(either, "|") {
				found = found || have[w]
			}
			if !found {
				continue next
			}
		}
		n := 0
		for _, w := range strings.Fields(m.some) {
			if have[w] {
				n++
			}
		}
		if n >= m.few {
			return m.name, m.kind
		}
	}
	return "", ""
}
