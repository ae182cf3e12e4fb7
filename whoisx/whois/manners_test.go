package whois

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestManners holds one more round of manners in which servers speak to their
// outcomes alone.
func TestManners(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"lapse.example", "Invalid query: this registry does not serve that name.\r\n", "unsupported"},
		{"lapse.ie", "% Not Registered - The domain you have requested is not a registered .ie domain name.\n", "not-registered"},
		{"lapse.fj", "The domain lapse.fj was not found!\n", "not-registered"},
		{"lapse.ga", "   Invalid query or domain name not known in Dot GA Domain Registry\n", "not-registered"},
		{"lapse.lk", "This Domain is not available in our whois database\n", "not-registered"},
		{"lapse.tw", "No Found\n", "not-registered"},
		{"lapse.name", "No match.\n", "not-registered"},
		{"lapse.st", "The domain is available for registration\n", "not-registered"},
		{"lapse.pk", "Domain not found: lapse.pk\n", "not-registered"},
		{"lapse.am", "%\n%AM TLD whois server #1\n% Please see 'whois -h whois.amnic.net help' for usage.\n%\n\nNo match\n", "not-registered"},
		{"lapse.gp", "No object found.\n", "not-registered"},
		{"lapse.mw", "%ERROR:101: no entries found\n", "not-registered"},
		{"lapse.co.ca", "LAPSE.CO.CA is not available.\n\nThis information is collected for information purposes only\n", "reserved"},
		{"lapse.dk", "Domain:               lapse.dk\nDNS:                  lapse.dk\nRegistered:           1999-01-10\nExpires:              2027-03-31\nStatus:               Reserved\n", "reserved"},
		{"lapse.be", "Domain: lapse.be\nStatus: RESERVED\n", "reserved"},
		{"lapse.io", "Domain lapse.io is reserved\n", "reserved"},
		{"lapse.pr", "lapse.pr is a reserved name.\n", "reserved"},
		{"lapse.nz", "domain_name: lapse.nz\nquery_status: 440 Request Denied\n", "rate-limited"},
		{"lapse.za", "You have reached your query limit, try again later.\n", "rate-limited"},
		{"lapse.com", "Error: Lookup allotment exceeded\n", "rate-limited"},
		{"lapse.com", "Query limit exceeded for your IP.\n", "rate-limited"},
		{"lapse.com", "Too many queries from your IP, try later\n", "rate-limited"},
		{"lapse.com", "You are being rate limited.\n", "rate-limited"},
		{"lapse.com", "WHOIS request throttled\n", "rate-limited"},
		{"lapse.com", "ERROR:429: Too Many Requests\n", "rate-limited"},
		{"lapse.com", "Your access is limited: maximum of 20 queries per minute exceeded\n", "rate-limited"},
		{"lapse.com", "Blacklisted: You exceeded the query limit.\n", "rate-limited"},
		{"lapse.br", "% Permission denied.\n", "refused"},
		{"lapse.app", "This TLD no longer supports WHOIS. Please use RDAP instead.\n", "unsupported"},
		{"lapse.app", "WHOIS service for this TLD was discontinued, see RDAP at https://example.org\n", "unsupported"},
		{"lapse.app", "The WHOIS protocol has been deprecated for this registry. Use RDAP.\n", "unsupported"},
		{"lapse.com", "Domain name is not valid\n", "invalid"},
		{"lapse.com", "Malformed request.\n", "invalid"},
		{"lapse.club", "This name is not available for registration due to trademark protection.\n", "blocked"},
		{"lapse.shop", "The domain name lapse.shop is blocked by GlobalBlock.\n", "blocked"},
		{"lapse.art", "This is a premium domain name.\n", "premium"},
		{"lapse.art", "Domain Name: lapse.art\nDomain Status: Premium\n", "premium"},
		{"lapse.art", "lapse.art is available at a premium price\n", "premium"},
		{"lapse.art", "Domain reserved\n", "reserved"},
		{"lapse.art", "Domain Name: lapse.art\nDomain Status: Reserved\n", "reserved"},
		{"lapse.ai", "Complete Domain Name........: lapse.ai\nOrganization Using Domain Name\n Organization Name..........: Example\n Street Address.............: x\nNameservers in listed order\n Primary Name Server\n   Name Server Name.........: ns1.example.net\n", "registered"},
		{"lapse.am", "   Domain name: lapse.am\n   Registar:    example\n   Status:      active\n\n   Registrant:\n      Example\n\n   DNS servers:\n      ns1.example.net\n      ns2.example.net\n\n   Registered:    1999-06-05\n   Last modified: 2014-04-13\n   Expires:       2027-06-05\n", "registered"},
		{"lapse.cn", "Domain Name: lapse.cn\nROID: 1-cn\nDomain Status: clientDeleteProhibited\nRegistrant: Example\nSponsoring Registrar: Example\nName Server: ns1.example.net\nRegistration Time: 2003-03-17 12:20:05\nExpiration Time: 2027-03-17 12:48:36\nDNSSEC: unsigned\n", "registered"},
		{"lapse.pf", "Domaine : lapse.pf\nEtat : Actif\nCree (JJ/MM/AAAA) : 05/02/2000\nDernier renouvellement (JJ/MM/AAAA) : 06/02/2026\nExpire (JJ/MM/AAAA) : 07/02/2027\nServeur de noms #1 : ns1.example.net\nServeur de noms #2 : ns2.example.net\n", "registered"},
		{"lapse.gg", "Domain:\n     lapse.gg\n\nDomain Status:\n     Active\n     Transfer Prohibited by Registrar\n\nRegistrant:\n     Example LLC\n\nRegistrar:\n     Example Inc. (http://www.example.com)\n\nRelevant dates:\n     Registered on 30th April 2003 at 00:00:00.000\n     Registry fee due on 30th April each year\n\nRegistration status:\n     Registered until cancelled\n\nName servers:\n     ns1.example.net\n     ns2.example.net\n", "registered"},
		{"lapse.tn", "Domain name.........: lapse.tn\nCreation date.......: 14-05-2009 12:13:14 GMT\nDomain status.......: Active\nRegistrar...........: Example\n\nOwner Contact\nName................: Example\n\nDNS servers\nName................: ns1.example.net\nName................: ns2.example.net\n", "registered"},
		{"lapse.th", "Domain Name:        LAPSE.CO.TH\nRegistrar:          T.H.NIC\n", "unreadable"},
		{"lapse.co.th", "Domain Name:        LAPSE.CO.TH\nRegistrar:          T.H.NIC Co., Ltd.\nName Server:        NS2.EXAMPLE.COM\nDNSSEC:             unsigned\nStatus:             ACTIVE\nUpdated date:       28 May 2014\nCreated date:       08 Oct 1998\nExp date:           07 Oct 2027\nDomain Holder:      Example ( x )\n", "registered"},
		{"lapse.com", "Domain Name.......... lapse.com\n  Creation Date........ 1997-09-15\n  Registration Date.... 2011-02-03\n  Expiry Date.......... 2027-09-14\n  Organisation Name.... Example\n\n  Name Server.......... ns1.example.net\n", "registered"},
		{"lapse.com", "Registrant:\n   Example\n   1 Street\n\n   Domain Name: LAPSE.COM\n\n   Administrative Contact:\n      X  x@example.com\n\n   Record expires on 29-Oct-2027.\n   Record created on 28-Oct-1998.\n   Database last updated on 1-Nov-2010 10:00:00 EST.\n\n   Domain servers in listed order:\n\n   NS1.EXAMPLE.NET              192.0.2.1\n   NS2.EXAMPLE.NET              192.0.2.2\n", "registered"},
		{"lapse.com", "domain:                      lapse.com\ncreated:                     10-Feb-2000\nlast-changed:                11-Feb-2026\nregistration-expiration:     10-Feb-2027\n\nnserver:                     ns1.example.net 192.0.2.1\n\nregistrant-firstname:        X\n", "registered"},
		{"lapse.net", "domain: lapse.net\nreg_created: 1999-05-21 13:09:56\nexpires: 2027-05-21 15:09:56\ncreated: 2000-05-21 15:09:56\nchanged: 2026-05-09 10:27:57\ntransfer-prohibited: yes\nns0: ns1.example.net 192.0.2.1\nns1: ns2.example.net\n", "registered"},
		{"lapse.lb", "Domain Name: lapse.lb\nStatus: Free\n", "not-registered"},
		{"lapse.xn--p1ai", "domain:        XN--LAPSE.XN--P1AI\nnserver: ns1.example.net.\nstate: REGISTERED, DELEGATED\n", "unreadable"},
		{"lapse.jp", "[ドメイン名]                    LAPSE.JP\n\n[登録者名]                      Example\n\n[Name Server]                   ns1.example.net\n[登録年月日]                    2001/03/22\n[有効期限]                      2027/03/31\n[状態]                          Active\n[最終更新]                      2026/04/01 01:05:02 (JST)\n", "registered"},
		{"lapse.eu", "% WHOIS lapse.eu\nDomain: lapse.eu\nScript: LATIN\n\nStatus: NOT ALLOWED\n", "blocked"},
		{"lapse.ve", "Titular:\nExample  (lapse.ve-dom)\n   ULA\n\n   Nombre de Dominio: lapse.ve\n\n   Contacto Administrativo:\n      ULA\n\n   Fecha de Vencimiento: 2027-11-21 15:21:32\n   Ultima Actualizacion: 2006-06-08 22:52:40\n   Fecha de Creacion: 2005-11-21 15:21:32\n\n   Estatus del dominio: SUSPENDIDO\n\n   Servidor(es) de Nombres de Dominio:\n\n   - ns1.example.net\n   - ns2.example.net\n", "registered"},
		{"lapse.lk", "Domain Name:\n\tlapse.lk\n\nCreated on...............:2012-11-01\nExpires on...............:2027-11-01\nRecord last updated on...:null\n", "registered"},
		{"lapse.uk", "    Domain name:\n        lapse.uk\n\n    Registrar:\n        Example\n\n    Relevant dates:\n        Registered on: 10-Jun-2014\n        Expiry date:  10-Jun-2026\n        Last updated:  09-Sep-2026\n\n    Registration status:\n        Renewal required.\n        *** This registration has been SUSPENDED. ***\n\n    Name servers:\n        No name servers listed.\n", "registered"},
		{"lapse.ch", "The number of requests per client per time interval is\nrestricted. You have exceeded this limit.\nPlease wait a moment and try again.\n", "rate-limited"},
		{"lapse.hk", "Your IP address has been restricted due to excessive access, please wait a bit\n", "rate-limited"},
		{"lapse.tw", "Your query is too often.\n", "rate-limited"},
		{"lapse.cn", "Query is too frequent, please try again later\n", "rate-limited"},
		{"lapse.kr", "Your IP address has exceeded the query limit\n", "rate-limited"},
		{"lapse.pl", "request limit exceeded for 192.0.2.1\n", "rate-limited"},
		{"lapse.fi", "You are allowed 10 queries per minute. Limit reached.\n", "rate-limited"},
		{"lapse.pl", "\nDOMAIN NAME:           lapse.pl\nregistrant type:       individual\nnameservers:           \ncreated:               2002.09.19 13:00:00\nlast modified:         2026.10.17 11:21:09\nrenewal date:          2026.09.18 14:00:00\n\nno option\n\ndomain name is blocked\n", "registered"},
		{"lapse.si", "domain:\t\tlapse.si\nregistrar:\tX\nstatus:\t\tquarantine\ncreated:\t2005-04-04\nexpire:\t\t2026-10-19\n", "registered"},
		{"lapse.lt", "Domain:\t\t\tlapse.lt\nStatus:\t\t\tquarantine\nRegistered:\t\t1999-06-06\nDelete date:\t\t2026-12-12\n", "registered"},
		{"lapse.ee", "Domain:\nname:       lapse.ee\nstatus:     AtAuction\n\nEstonia .ee Top Level Domain WHOIS server\n", "gated"},
		{"lapse.ee", "Domain:\nname:       lapse.ee\nstatus:     Blocked\n", "blocked"},
		{"lapse.ee", "Domain:\nname:       lapse.ee\nstatus:     Reserved\n", "reserved"},
		{"lapse.dk", "Domain:               lapse.dk\nStatus:               Deactivated\nRegistered: 2001-01-01\n", "registered"},
		{"lapse.guru", "The domain lapse.guru is currently available via the Dropzone.\n", "gated"},
		{"lapse.cz", "%ERROR:101: no entries found\n%\n% No entries found.\n", "not-registered"},
		{"lapse.by", "Domain lapse.by is up for auction\n", "gated"},
		{"lapse.to", "Tonic whoisd V1.1\nlapse ns1.example.net\nlapse ns2.example.net\n", "registered"},
		{"lapse.to", "Tonic whoisd V1.1\nanother ns1.example.net\n", "unreadable"},
		{"lapse.to", "Tonic whoisd V1.1\nNo match for lapse\n", "not-registered"},
		{"lapse.be", "Domain:      lapse\nStatus:      REGISTERED\nRegistered:  Wed May 17 2006\n", "registered"},
		{"lapse.be", "Domain:      another\nStatus:      REGISTERED\nRegistered:  Wed May 17 2006\n", "unreadable"},
		{"lapse.lt", "Domain:\t\t\tlapse.lt\nStatus:\t\t\toutOfService\n", "registered"},
		{"lapse.art", "This domain name is not available because it is a country's name\n", "reserved"},
		{"lapse.com", "object(s) not found\n", "not-registered"},
		{"lapse.net", "Your search for \"lapse.net\" returned no results.\n", "not-registered"},
		{"lapse.ml", "Invalid query or domain name not known in Point ML Domain Registry\n", "not-registered"},
		{"lapse.tk", "   Domain name:\n      LAPSE.TK\n\n   Your selected domain name is a domain name that has been cancelled, suspended, refused or reserved at the registry.\n", "blocked"},
		{"lapse.nz", "Domain lapse.nz is conflicted\n", "blocked"},
		{"lapse.af", "Domain Name: lapse.af\nDomain Status: Pending Purge\n", "registered"},
		{"lapse.com", "Please try again in 4 seconds\n", "rate-limited"},
		{"lapse.com", "exceeded max command rate per second\n", "rate-limited"},
		{"lapse.com", "Only 5 queries per minute allowed\n", "rate-limited"},
		{"lapse.com", "The requested service is not available for your IP\n", "refused"},
		{"lapse.com", "% Access from 192.0.2.1 is denied\n", "refused"},
		{"lapse.guru", "The registration of this domain is restricted, as it is protected by the Domain Protected Marks List (DPML) brand protection policy. Additional information can be found on the registry's pages about the protection of marks.\n", "blocked"},
		{"lapse.es", "Conditions of use for the service\n\nAccess will only be enabled for addresses authorised by the registry. A maximum of one address per\norganisation is permitted.\n\nThe IP address used to perform the query is not authorised or has exceeded the established limit for queries.To request access to the service, complete the form on the registry's pages, where you may also consult its conditions.\n", "rate-limited"},
		{"lapse.ru", "% You have been blacklisted for excessive querying.\n", "rate-limited"},
		{"lapse.cn", "Queried interval is too short.\n", "rate-limited"},
		{"lapse.bg", "Domain name lapse.bg is forbidden for registration!\n", "reserved"},
		{"lapse.hu", "domain:         lapse.hu\nIgenyles alatt / In progress\n", "gated"},
		{"lapse.lv", "[Domain]\nDomain: lapse.lv\nStatus: free\n\n[Whois]\nUpdated: 2026-11-21T00:00:00.000000+00:00\n", "not-registered"},
		{"lapse.co.jp", "Domain Information:\na. [Domain Name]                LAPSE.CO.JP\ng. [Organization]               \n[State]                         Deleted (2026/10/31)\n[Registered Date]               2001/03/22\n", "registered"},
		{"lapse.co.uk", "    Domain name:\n        lapse.co.uk\n\n    Registrar:\n        No registrar listed.  This domain is directly registered with Nominet.\n\n    Relevant dates:\n        Registered on: before Aug-1996\n\n    Registration status:\n        No registration status listed.\n", "registered"},
		{"lapse.dev", "This service was retired on 28 January 2025. See the registry's RDAP.\n", "unsupported"},
		{"lapse.dev", "WHOIS is disabled for this TLD. RDAP is at https://example.org/\n", "unsupported"},
		{"lapse.co.uk", "    No match for \"another.co.uk\".\n\n    This domain name has not been registered.\n", "unreadable"},
	} {
		a := Classify([]byte(c.text), "", c.name, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		if string(a.Outcome) != c.want {
			t.Errorf("%s, %.60q: read %s (%s), want %s", c.name, c.text, a.Outcome, a.Why, c.want)
		}
	}
}

// TestTongues reads limits, refusals and names that nobody holds in the
// languages of registries; capitals beyond ASCII count as their small letters.
func TestTongues(t *testing.T) {
	for want, texts := range map[string][]string{
		"rate-limited": {
			"Sorgu limitiniz dolmuştur", "Превышено максимальное количество запросов", "Перевищено ліміт запитів", "Превишен лимит на заявките", "허용 횟수 초과", "조회가 제한되었습니다",
			"アクセス回数の制限を超えました", "查询过于频繁，请稍后再试", "您的查询次数已超过限制", "Trop de requêtes, réessayez plus tard", "Zu viele Abfragen", "Se ha superado el número máximo de consultas",
			"Número máximo de consultas excedido", "Troppe richieste, riprovare più tardi", "Te veel verzoeken, probeer het later opnieuw", "För många förfrågningar", "Przekroczono limit zapytań",
			"Překročen limit dotazů", "Liian monta kyselyä", "Ați depășit limita de interogări", "Prekoračen broj upita", "Bạn đã vượt quá số lần truy vấn", "Terlalu banyak permintaan", "Too many accesses. Please try again later.",
		},
		"refused": {
			"Доступ запрещён", "Accès refusé", "Zugriff verweigert", "Accesso negato", "Acesso negado", "Toegang geweigerd", "拒绝访问", "접근이 거부되었습니다", "アクセスが拒否されました", "Erişim engellendi", "Odmowa dostępu",
		},
		"reserved": {"该域名为保留域名", "이 도메인은 등록이 제한되어 있습니다", "このドメイン名は予約されています", "Домен зарезервирован"},
		"not-registered": {
			"该域名未注册", "網域名稱不存在！", "指定されたドメイン名は見つかりませんでした。", "요청하신 도메인은 등록되어 있지 않습니다.", "Домен НЕ НАЙДЕН", "ไม่พบข้อมูล", "검색 결과가 없습니다",
			"Doména lapse.example nebyla nalezena", "Domena lapse.example nie została znaleziona", "O domínio não existe", "Domännamnet är ledigt", "Domænet findes ikke", "Verkkotunnusta ei löytynyt", "Domeeni ei leitud",
			"Domēns nav atrasts", "Domeniul nu a fost găsit", "Domena nije registrirana", "Домен вільний", "Домейнът не е регистриран", "Alan adı kayıtlı değil", "Tên miền chưa được đăng ký", "A domain szabad",
		},
	} {
		for _, text := range texts {
			if a := Classify([]byte(text+"\n"), "", "lapse.example", time.Time{}); string(a.Outcome) != want {
				t.Errorf("%q: read %s (%s), want %s", text, a.Outcome, a.Why, want)
			}
		}
	}
}

// TestAsOf reads of when an answer's data is, and takes it for no date of the
// domain.
func TestAsOf(t *testing.T) {
	const record = "Domain Name: LAPSE.EXAMPLE\nRegistrar: Example\nCreation Date: 2001-02-03T04:05:06Z\n"
	for _, c := range []struct{ text, want string }{
		{record + ">>> Last update of whois database: 2026-11-20T21:22:23Z <<<\n", "2026-11-20T21:22:23Z"},
		{record + ">>>> Whois database was last updated on: Tue Feb 18 18:12:36 GMT 2026 <<<<\n", "2026-02-18T18:12:36Z"},
		{record + "Database Last Updated  : Sun Nov 15 10:11:12 GMT 2026\n", "2026-11-15T10:11:12Z"},
		{record + "\n    WHOIS lookup made at 10:11:12 15-Nov-2026\n", "2026-11-15T10:11:12Z"},
		{"domain: LAPSE.EXAMPLE\nregistrar: X\nsource: TCI\n\nLast updated on 2026-11-15T10:11:12Z\n", "2026-11-15T10:11:12Z"},
		{"%   WHOIS lookup made at 2026-11-15T10:11:12+0000\n" + record, "2026-11-15T10:11:12Z"},
		{"% Timestamp: Sun Nov 15 10:11:12 2026\n\n%ERROR:101: no entries found\n", "2026-11-15T10:11:12Z"},
		{"[Domain]\nDomain: lapse.example\nStatus: active\nChanged: 2013-07-08T19:35:53Z\n\n[Whois]\nUpdated: 2026-11-15T10:11:12Z\n", "2026-11-15T10:11:12Z"},
		{record + "\n** Whois Server:\nLast Update Time: 2026-11-15T13:11:12+03:00\n", "2026-11-15T10:11:12Z"},
		{record + "Updated Date: 2026-01-01T00:00:00Z\n% Query time:     9 msec\n", ""},
		{record + "Last update of WHOIS database: never\n", ""},
	} {
		a := Classify([]byte(c.text), "", "lapse.example", time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		if n := len(a.Evidence); c.want != "" && (n == 0 || a.Evidence[n-1].Says != "as of") {
			t.Errorf("%q: evidence %v does not end with the moment of the data", c.text, a.Evidence)
		}
		if a.AsOf.String() != c.want || a.Updated.String() == c.want && c.want != "" || a.Outcome == whoisx.Unreadable {
			t.Errorf("%q: %s (%s) as of %q, updated %q; want as of %q", c.text, a.Outcome, a.Why, a.AsOf, a.Updated, c.want)
		}
	}
}

// TestConfirmed holds that a sentence which names what was asked confirms it,
// whatever it says.
func TestConfirmed(t *testing.T) {
	for text, want := range map[string]bool{
		"No match for \"LAPSE.EXAMPLE\".\n":                       true,
		"lapse.example is reserved\n":                             true,
		"Domain: lapse.example\nStatus: free\n":                   true,
		"NOT FOUND\n":                                             false,
		"Access denied\n":                                         false,
		"This premium domain is available for purchase.\n\nBye\n": false,
	} {
		if a := Classify([]byte(text), "", "lapse.example", time.Time{}); a.Confirmed != want {
			t.Errorf("%q: %s, confirmed %v, want %v", text, a.Outcome, a.Confirmed, want)
		}
	}
}
