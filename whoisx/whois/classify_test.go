package whois

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// sample is a short answer in a server's manner, written for this test, and
// what it says.
type sample struct {
	what, server, name, text string
	outcome                  whoisx.Outcome
	created, updated         string
	expires                  string
	ns                       int
	status                   string // one of the normalised statuses
	said                     string // one of the server's own
	category                 string
	drop                     string
	will                     bool
	retry                    time.Duration
}

const legal = `
TERMS OF USE: You are not authorized to access or query our Whois
database through the use of electronic processes that are high-volume and
automated. All rights reserved. Access may be rate limited; queries exceeding
the limit are refused, and addresses may be temporarily blocked or
blacklisted. A name that is not found, reserved or premium may be
available for registration elsewhere; the absence of a record is NOT
INDICATIVE OF THE AVAILABILITY OF A DOMAIN NAME. The Registry reserves the
right to modify these terms at any time.
`

var samples = []sample{
	// Nobody holds it, in as many ways as servers say so.
	{what: "verisign", name: "lapse.com", server: "whois.verisign-grs.com", text: "   No match for domain \"LAPSE.COM\".\n>>> Last update of whois database: 2026-01-01T00:00:00Z <<<\n" + legal, outcome: whoisx.NotRegistered},
	{what: "afilias", name: "lapse.org", text: "NOT FOUND\n" + legal, outcome: whoisx.NotRegistered},
	{what: "donuts", name: "lapse.guru", text: "Domain not found.\n" + legal, outcome: whoisx.NotRegistered},
	{what: "centralnic", name: "lapse.xyz", text: "The queried object does not exist: DOMAIN NOT FOUND\n" + legal, outcome: whoisx.NotRegistered},
	{what: "neustar", name: "lapse.us", text: "No Data Found\nURL of the ICANN Whois Inaccuracy Complaint Form: https://example.org/\n" + legal, outcome: whoisx.NotRegistered},
	{what: "cocca", name: "lapse.gy", text: "Domain Name: lapse.gy\nDomain Status: No Object Found\n" + legal, outcome: whoisx.NotRegistered},
	{what: "cocca new", name: "lapse.gy", text: "The queried object does not exist: Domain lapse.gy is available for registration\n" + legal, outcome: whoisx.NotRegistered},
	{what: "registrobr", name: "lapse.com.br", server: "whois.registro.br", text: "% Copyright (c) Nic.br\n%  The use of the data below is only permitted as described in\n%  full by the terms of use, being prohibited its distribution\n\n% No match for lapse.com.br\n", outcome: whoisx.NotRegistered},
	{what: "denic", name: "lapse.de", server: "whois.denic.de", text: "Domain: lapse.de\nStatus: free\n", outcome: whoisx.NotRegistered},
	{what: "afnic", name: "lapse.fr", server: "whois.nic.fr", text: "%%\n%% This is the AFNIC Whois server.\n%%\n%% complete date format: YYYY-MM-DDThh:mm:ssZ\n%%\n%% NOT FOUND\n\n>>> Last update of WHOIS database: 2026-01-01T00:00:00Z <<<\n", outcome: whoisx.NotRegistered},
	{what: "nic.at", name: "lapse.at", text: "% Copyright (c)2026 by NIC.AT (1)\n%\n% Restricted rights.\n%\n% Except  for  agreed Internet  operational  purposes, no  part  of this\n% information  may  be reproduced,  stored  in  a  retrieval  system\n%\n\n% nothing found\n", outcome: whoisx.NotRegistered},
	{what: "a word of its own", name: "lapse.example", text: "Domain Name: LAPSE.EXAMPLE\r\nRegistrar: Example\r\nDomain Status: pendingDelete\r\nMay Drop 2026-11-22T10:11:12Z\r\n", outcome: whoisx.Registered, status: "pendingDelete", said: "May Drop 2026-11-22T10:11:12Z", drop: "2026-11-22T10:11:12Z"},
	{what: "sidn", name: "lapse.nl", text: "lapse.nl is free\n", outcome: whoisx.NotRegistered},
	{what: "nominet", name: "lapse.co.uk", server: "whois.nic.uk", text: "    No match for \"lapse.co.uk\".\n\n    This domain name has not been registered.\n\n    WHOIS lookup made at 10:00:00 01-Jan-2026\n", outcome: whoisx.NotRegistered},
	{what: "dnsbe", name: "lapse.be", server: "whois.dns.be", text: "% .be Whois Server 6.1\n%\n% It allows persons to check whether a specific domain name is still\n% available or not and to obtain information\n\nDomain:\tlapse.be\nStatus:\tAVAILABLE\n", outcome: whoisx.NotRegistered},
	{what: "eurid", name: "lapse.eu", text: "Domain: lapse.eu\nScript: LATIN\nStatus: AVAILABLE\n", outcome: whoisx.NotRegistered},
	{what: "cira", name: "lapse.ca", text: "Not found: lapse.ca\n\n%\n% Use of CIRA's WHOIS service is governed by the Terms of Use\n", outcome: whoisx.NotRegistered},
	{what: "auda", name: "lapse.com.au", text: "NOT FOUND\n>>> Last update of WHOIS database: 2026-01-01T00:00:00Z <<<\n", outcome: whoisx.NotRegistered},
	{what: "cnnic", name: "lapse.cn", text: "No matching record.\n", outcome: whoisx.NotRegistered},
	{what: "kisa", name: "lapse.kr", text: "query : lapse.kr\n\n\n# KOREAN(UTF8)\n\n도메인이름에 대한 정보는 등록되어 있지 않습니다.\n\n# ENGLISH\n\nThe requested domain was not found in the Registry or Registrar’s WHOIS Server.\n", outcome: whoisx.NotRegistered},
	{what: "jprs", name: "lapse.jp", server: "whois.jprs.jp", text: "[ JPRS database provides information on network administration. Its use is    ]\n[ restricted to network administration purposes.                              ]\n\nNo match!!\n", outcome: whoisx.NotRegistered},
	{what: "twnic", name: "lapse.tw", text: "網域名稱不存在！\nDomain Name Not Found!\n", outcome: whoisx.NotRegistered},
	{what: "hkirc", name: "lapse.hk", text: "The domain has not been registered.\n", outcome: whoisx.NotRegistered},
	{what: "rotld", name: "lapse.ro", text: "% The ROTLD WHOIS service on port 43 never discloses any information\n\n% No entries found for the selected source(s).\n", outcome: whoisx.NotRegistered},
	{what: "tcinet", name: "lapse.ru", text: "% TCI Whois Service. Terms of use:\n% https://tcinet.ru/documents/whois_ru_rf.pdf (in Russian)\n\nNo entries found for the selected source(s).\n\nLast updated on 2026-01-01T00:00:00Z\n", outcome: whoisx.NotRegistered},
	{what: "trabis", name: "lapse.com.tr", text: "No match found for \"lapse.com.tr\"\n", outcome: whoisx.NotRegistered},
	{what: "nic.ir", name: "lapse.ir", text: "% This is the IRNIC Whois server v1.6.2.\n\n%ERROR:101: no entries found\n% \n% No entries found.\n", outcome: whoisx.NotRegistered},
	{what: "norid", name: "lapse.no", text: "% By looking up information in the domain registration directory\n% service, you confirm that you accept the terms and conditions of the\n% service\n\n% No match\n", outcome: whoisx.NotRegistered},
	{what: "traficom", name: "lapse.fi", text: "Domain not found\n\n>>> Last update of WHOIS database: 1.1.2026 10:00:00 (EET) <<<\n", outcome: whoisx.NotRegistered},
	{what: "iis", name: "lapse.se", text: "# Result of search for registered domain names under\n# the .se top level domain.\ndomain \"lapse.se\" not found.\n", outcome: whoisx.NotRegistered},
	{what: "punktum", name: "lapse.dk", text: "# Hello 192.0.2.1. Your session has been logged.\n#\n\nNo entries found for the selected source.\n", outcome: whoisx.NotRegistered},
	{what: "nask", name: "lapse.pl", text: "No information available about domain name lapse.pl in the Registry NASK database.\n\nWHOIS displays data with a delay not exceeding 15 minutes in relation to the .pl Registry system\n", outcome: whoisx.NotRegistered},
	{what: "sk-nic", name: "lapse.sk", text: "Domain not found.\n", outcome: whoisx.NotRegistered},
	{what: "nic.hu", name: "lapse.hu", text: "% Whois server 3.0 serving the hu ccTLD\n\nNincs talalat / No match\n", outcome: whoisx.NotRegistered},
	{what: "domreg", name: "lapse.lt", text: "% Hello, this is the DOMREG whois service.\n\nDomain:\t\t\tlapse.lt\nStatus:\t\t\tavailable\n", outcome: whoisx.NotRegistered},
	{what: "nic.lv", name: "lapse.lv", text: "[Domain]\nDomain: lapse.lv\nStatus: free\n", outcome: whoisx.NotRegistered},
	{what: "nic.it", name: "lapse.it", text: "Domain:             lapse.it\nStatus:             AVAILABLE\n", outcome: whoisx.NotRegistered},
	{what: "switch", name: "lapse.ch", text: "We do not have an entry in our database matching your query.\n", outcome: whoisx.NotRegistered},
	{what: "isnic", name: "lapse.is", text: "% No entries found for query \"lapse.is\".\n", outcome: whoisx.NotRegistered},
	{what: "weare.ie", name: "lapse.ie", text: "Not found: lapse.ie\n", outcome: whoisx.NotRegistered},
	{what: "dnspt", name: "lapse.pt", text: "lapse.pt - No Match\n", outcome: whoisx.NotRegistered},
	{what: "nicar", name: "lapse.com.ar", text: "% La información a la que estás accediendo se provee exclusivamente para\n% fines relacionados con operaciones sobre nombres de dominios.\n\nEl dominio no se encuentra registrado en NIC Argentina\n", outcome: whoisx.NotRegistered},
	{what: "nicmx", name: "lapse.mx", text: "No_Se_Encontro_El_Objeto/Object_Not_Found\n", outcome: whoisx.NotRegistered},
	{what: "niccl", name: "lapse.cl", text: "lapse.cl: no existe\n", outcome: whoisx.NotRegistered},
	{what: "niccl new", name: "lapse.cl", text: "%%\n%% This is the NIC Chile Whois server (whois.nic.cl).\n%%\n%% Rights restricted by copyright.\n%% See https://www.nic.cl/normativa/politica-publicacion-de-datos-cl.pdf\n%%\n\nlapse.cl: no entries found.\n", outcome: whoisx.NotRegistered},
	{what: "nz", name: "lapse.nz", text: "Domain lapse.nz is available\n", outcome: whoisx.NotRegistered},
	{what: "nz old", name: "lapse.co.nz", text: "version: 8.8\nquery_datetime: 2026-01-01T00:00:00+12:00\ndomain_name: lapse.co.nz\nquery_status: 220 Available\n", outcome: whoisx.NotRegistered},
	{what: "za", name: "lapse.co.za", text: "Available\nDomain: lapse.co.za\n", outcome: whoisx.NotRegistered},
	{what: "nic.tm", name: "lapse.tm", text: "Domain lapse.tm is available for purchase\n", outcome: whoisx.NotRegistered},
	{what: "tonic", name: "lapse.to", text: "Tonic whoisd V1.1\nNo match for lapse.to\n", outcome: whoisx.NotRegistered},
	{what: "fred", name: "lapse.cr", text: "%  (c) NIC\n%ERROR:101: no entries found\n", outcome: whoisx.NotRegistered},
	{what: "iana", name: "lapse.int", server: "whois.iana.org", text: "% IANA WHOIS server\n% This query returned 0 objects.\n%\n% You queried for lapse.int but this server does not have\n% any data for lapse.int.\n", outcome: whoisx.NotRegistered},
	{what: "uniregistry", name: "lapse.link", text: ">>> Domain lapse.link is available for registration\n>>> Please visit the registry for a\n>>> list of accredited registrars.\n", outcome: whoisx.NotRegistered},
	{what: "sx", name: "lapse.sx", text: "Status: AVAILABLE (No match for domain \"lapse.sx\")\n" + legal, outcome: whoisx.NotRegistered},
	{what: "idn", name: "xn--mnchen-3ya.example", text: "Domain \"münchen.example\" not found.\n", outcome: whoisx.NotRegistered},
	{what: "kz", name: "lapse.kz", text: "*** Nothing found for this query.\n", outcome: whoisx.NotRegistered},
	{what: "bg", name: "lapse.bg", text: "Domain name lapse.bg does not exist in database!\n", outcome: whoisx.NotRegistered},
	{what: "ug", name: "lapse.co.ug", text: "No entries found for the selected source.\n", outcome: whoisx.NotRegistered},
	{what: "md", name: "lapse.md", text: "No match for lapse.md\n", outcome: whoisx.NotRegistered},
	{what: "rs", name: "lapse.rs", text: "% The data in the Whois database are provided by RNIDS\n% for information purposes only\n%ERROR:103: Domain is not registered\n", outcome: whoisx.NotRegistered},
	{what: "by", name: "lapse.by", text: "Object does not exist\n", outcome: whoisx.NotRegistered},
	{what: "ge", name: "lapse.ge", text: "No match for \"lapse.ge\".\n", outcome: whoisx.NotRegistered},
	{what: "th", name: "lapse.th", text: "% No match for \"lapse.th\".\n", outcome: whoisx.NotRegistered},
	{what: "mk", name: "lapse.mk", text: "%ERROR:101: no entries found\n%\n% No entries found.\n", outcome: whoisx.NotRegistered},
	{what: "sa", name: "lapse.sa", text: "No Match for lapse.sa\n", outcome: whoisx.NotRegistered},
	{what: "vu", name: "lapse.vu", text: "The domain lapse.vu is not registered.\n", outcome: whoisx.NotRegistered},
	{what: "couldn't", name: "lapse.example", text: "Sorry, we couldn't find lapse.example in our registry.\n", outcome: whoisx.NotRegistered},
	{what: "french", name: "lapse.example", text: "Aucun résultat pour lapse.example\n", outcome: whoisx.NotRegistered},
	{what: "german", name: "lapse.example", text: "Die Domain lapse.example ist nicht registriert.\n", outcome: whoisx.NotRegistered},

	// Asked too often.
	{what: "afnic throttled", name: "lapse.fr", text: "%% [192.0.2.1 REQUEST] >> lapse.fr\n%%\n%% Too many requests...\n%%\n%% No entries found in the AFNIC Database.\n", outcome: whoisx.RateLimited},
	{what: "nominet quota", name: "lapse.co.uk", text: "    Error for \"lapse.co.uk\".\n\n    The WHOIS query quota for 192.0.2.1 has been exceeded\n    and will be replenished in 50 seconds.\n", outcome: whoisx.RateLimited, retry: 50 * time.Second},
	{what: "denic limit", name: "lapse.de", text: "% Error: 55000000002 Connection refused; access control limit reached.\n", outcome: whoisx.RateLimited},
	{what: "sidn limit", name: "lapse.nl", text: "whois.example: only 1 request per second allowed, try again later\n", outcome: whoisx.RateLimited},
	{what: "eurid grace", name: "lapse.eu", text: "% WHOIS lapse.eu\n-1: Still in grace period, wait 60 seconds\n", outcome: whoisx.RateLimited, retry: time.Minute},
	{what: "dnsbe hourly", name: "lapse.be", text: "% WHOIS lapse\n% Maximum queries per hour reached (100)\n", outcome: whoisx.RateLimited},
	{what: "pir", name: "lapse.org", text: "WHOIS LIMIT EXCEEDED - SEE WWW.EXAMPLE.ORG/WHOIS FOR DETAILS\n", outcome: whoisx.RateLimited},
	{what: "godaddy", name: "lapse.com", text: "Number of allowed queries exceeded.\n", outcome: whoisx.RateLimited},
	{what: "cz", name: "lapse.cz", text: "Your connection limit exceeded. Please slow down and try again later.\n", outcome: whoisx.RateLimited},
	{what: "quota", name: "lapse.com", text: "You have exceeded your quota of queries.\n", outcome: whoisx.RateLimited},
	{what: "rate limit", name: "lapse.com", text: "Rate limit exceeded. Try again after: 24h\n", outcome: whoisx.RateLimited},
	{what: "temporarily", name: "lapse.com", text: "Your IP address has been temporarily blocked due to excessive queries.\n", outcome: whoisx.RateLimited},
	{what: "tcinet", name: "lapse.ru", text: "% You have exceeded allowed connection rate\n", outcome: whoisx.RateLimited},
	{what: "limit notfound", name: "lapse.example", text: "Query rate limit exceeded, no data found\n", outcome: whoisx.RateLimited},

	// Not allowed, not now, not here, not a name.
	{what: "es", name: "lapse.es", text: "The IP address used to perform the query is not authorised or has exceeded the established limit for queries.\n", outcome: whoisx.RateLimited},
	{what: "ch", name: "lapse.ch", text: "Requests of this client are not permitted. Please use https://www.nic.ch/whois/ for queries.\n", outcome: whoisx.Refused},
	{what: "denied", name: "lapse.example", text: "Access denied\n", outcome: whoisx.Refused},
	{what: "refused names another", name: "lapse.example", text: "Your query was refused. Domain Name: foo.bar\n", outcome: whoisx.Refused},
	{what: "busy", name: "lapse.nl", text: "whois.example: Server too busy, try again later\n", outcome: whoisx.Unreachable},
	{what: "unavailable", name: "lapse.it", text: "Service temporarily unavailable.\n", outcome: whoisx.Unreachable},
	{what: "error", name: "lapse.pr", text: "Connection attempt failed 2.\n", outcome: whoisx.Unreachable},
	{what: "zone", name: "lapse.co.ke", text: "Domain Information\nQuery: lapse.co.ke\nStatus: This WHOIS server does not have any records for that zone.\n", outcome: whoisx.Unsupported},
	{what: "tld", name: "lapse.example", text: "TLD is not supported.\n", outcome: whoisx.Unsupported},
	{what: "retired", name: "lapse.info", text: "This WHOIS service has been retired. Please use RDAP instead.\n", outcome: whoisx.Unsupported},
	{what: "invalid", name: "lapse.com.tr", text: "Invalid input\n", outcome: whoisx.Invalid},
	{what: "de invalid", name: "a.b.de", text: "Domain: a.b.de\nStatus: invalid\n", outcome: whoisx.Invalid},
	{what: "uk invalid", name: "lapse.uk", text: "    Error for \"lapse.uk\".\n\n    This domain cannot be registered because it contravenes the Nominet UK\n    naming rules.  The reason is:\n      the domain name contains too few parts.\n", outcome: whoisx.Invalid},

	// Not to be had, or not by everybody.
	{what: "dpml", name: "lapse.guru", text: "The registration of this domain is restricted, as it is protected by the DPML Brand Protection policy. Additional information can be found at https://example.org/.\n", outcome: whoisx.Blocked, category: "dpml"},
	{what: "uni eps", name: "lapse.link", text: "This name subscribes to the Uni EPS+ product\n", outcome: whoisx.Blocked, category: "uni eps"},
	{what: "adultblock", name: "lapse.xxx", text: "This name subscribes to the AdultBlock+ product\n", outcome: whoisx.Blocked, category: "adultblock"},
	{what: "globalblock", name: "lapse.club", text: "Blocked by a GlobalBlock service\n", outcome: whoisx.Blocked, category: "globalblock"},
	{what: "premium", name: "lapse.guru", text: "This premium domain is available for purchase. If you would like to make an offer, please contact us.\n", outcome: whoisx.Premium},
	{what: "platinum", name: "lapse.guru", text: "This platinum domain is available for purchase. If you would like to make an offer, please contact platinums@example.com.\n\nThis name is reserved by the Registry in accordance with ICANN Policy.\n", outcome: whoisx.Premium},
	{what: "premium price", name: "lapse.guru", text: "Domain not found.\nThis premium domain is available for purchase at USD 1,200.00 a year.\n", outcome: whoisx.Premium},
	{what: "sx premium", name: "lapse.sx", text: "Status: PREMIUM NAME (No match for domain \"lapse.sx\")\n", outcome: whoisx.Premium},
	{what: "dropzone", name: "lapse.guru", text: "This domain is currently available for application via the Identity Digital Dropzone service.\n", outcome: whoisx.Gated, category: "dropzone"},
	{what: "dropzone older", name: "lapse.guru", text: "Domain not found.\nThis domain is currently available for application via the Donuts Dropzone service.\n", outcome: whoisx.Gated, category: "dropzone"},
	{what: "auction", name: "lapse.cz", text: "Domain lapse.cz is in auction.\n", outcome: whoisx.Gated, category: "auction"},
	{what: "icann", name: "lapse.guru", text: "This name is reserved by the Registry in accordance with ICANN Policy.\n", outcome: whoisx.Reserved},
	{what: "io", name: "lapse.io", text: "Reserved by Registry\n", outcome: whoisx.Reserved},
	{what: "afilias reserved", name: "lapse.org", text: "Name is reserved by afilias\n" + legal, outcome: whoisx.Reserved},
	{what: "dotasia", name: "lapse.asia", text: "Reserved by DotAsia\n", outcome: whoisx.Reserved},
	{what: "reserved name", name: "lapse.lu", text: "Reserved Domain Name\n", outcome: whoisx.Reserved},
	{what: "cn", name: "lapse.cn", text: "The domain you want to register is reserved\n", outcome: whoisx.Reserved},
	{what: "cn online", name: "lapse.cn", text: "the domain you requested can not be registered online, please consult your domain name registrar\n", outcome: whoisx.Reserved},
	{what: "prohibited", name: "lapse.wed", text: "Domain Name: lapse.wed\nDomain Status: Prohibited String - Object Cannot Be Registered\nNotes: This name is not allowed by the policy of this registry\n", outcome: whoisx.Reserved},
	{what: "uz", name: "lapse.uz", text: "   Domain Name: LAPSE.UZ\n   Registrar: UZINFOCOM\n   Status: RESERVED\n   Creation Date: 01-May-2005\n", outcome: whoisx.Reserved, created: "2005-05-01"},
	{what: "not open", name: "lapse.fr", text: "domain:      lapse.fr\nstatus:      NOT_OPEN\nregistrar:   AFNIC registry\n", outcome: whoisx.Reserved},
	{what: "unassignable", name: "lapse.it", text: "Domain:             lapse.it\nStatus:             UNASSIGNABLE\n", outcome: whoisx.Blocked, category: "unassignable"},
	{what: "fi", name: "lapse.fi", text: "Domain not available\n", outcome: whoisx.Reserved},
	{what: "restricted", name: "lapse.om", text: "Restricted\n", outcome: whoisx.Reserved},

	// Held by somebody, in the forms of today.
	{what: "gtld", name: "lapse.com", text: "   Domain Name: LAPSE.COM\n   Registry Domain ID: 1_DOMAIN_COM-VRSN\n   Updated Date: 2026-02-03T04:05:06Z\n   Creation Date: 1999-01-02T03:04:05Z\n   Registry Expiry Date: 2027-01-02T03:04:05Z\n   Registrar: Example Registrar, Inc.\n   Registrar IANA ID: 9999\n   Domain Status: redemptionPeriod https://icann.org/epp#redemptionPeriod\n   Domain Status: pendingDelete https://icann.org/epp#pendingDelete\n   Name Server: NS1.EXAMPLE.NET\n   Name Server: NS2.EXAMPLE.NET\n   DNSSEC: unsigned\n>>> Last update of whois database: 2026-11-21T00:00:00Z <<<\n" + legal, outcome: whoisx.Registered, created: "1999-01-02", updated: "2026-02-03", expires: "2027-01-02", ns: 2, status: "redemptionPeriod", said: "pendingDelete"},
	{what: "nominet", name: "lapse.co.uk", server: "whois.nic.uk", text: "    Domain name:\n        lapse.co.uk\n\n    Data validation:\n        Nominet was able to match the registrant's name and address against a 3rd party data source on 01-Jan-2020\n\n    Registrar:\n        Example Ltd [Tag = EXAMPLE]\n        URL: https://example.org\n\n    Relevant dates:\n        Registered on: 14-Feb-1999\n        Expiry date:  14-Feb-2027\n        Last updated:  13-Jan-2026\n\n    Registration status:\n        Registered until expiry date.\n\n    Name servers:\n        ns1.example.net\n        ns2.example.net           192.0.2.1\n\n    WHOIS lookup made at 10:00:00 21-Nov-2026\n", outcome: whoisx.Registered, created: "1999-02-14", updated: "2026-01-13", expires: "2027-02-14", ns: 2, said: "Registered until expiry date."},
	{what: "nominet drop", name: "lapse.co.uk", server: "whois.nic.uk", text: "    Domain name:\n        lapse.co.uk\n\n    Relevant dates:\n        Registered on: 14-Feb-2019\n        Expiry date:  14-Aug-2026\n\n    Registration status:\n        Drop 2026-11-22T10:11:12Z\n", outcome: whoisx.Registered, created: "2019-02-14", expires: "2026-08-14", drop: "2026-11-22T10:11:12Z", will: true},
	{what: "nominet may drop", name: "lapse.co.uk", server: "whois.nic.uk", text: "    Domain name:\n        lapse.co.uk\n\n    Registration status:\n        May Drop 2026-11-22T10:11:12Z\n", outcome: whoisx.Registered, drop: "2026-11-22T10:11:12Z"},
	{what: "sidn", name: "lapse.nl", text: "Domain name: lapse.nl\nStatus:      active\n\nReseller:\n   Reseller B.V.\n   Street 1\n\nRegistrar:\n   Example B.V.\n   Street 1\n   1000AA AMSTERDAM\n   Netherlands\n\nAbuse Contact:\n   abuse@example.nl\n\nCreation Date: 1999-05-27\n\nUpdated Date: 2025-11-30\n\nDNSSEC:      yes\n\nDomain nameservers:\n   ns1.example.nl          192.0.2.1\n   ns2.example.nl\n\nRecord maintained by: SIDN BV\n", outcome: whoisx.Registered, created: "1999-05-27", updated: "2025-11-30", ns: 2, said: "active"},
	{what: "sidn quarantine", name: "lapse.nl", text: "Domain name: lapse.nl\nStatus:      in quarantine\nCreation Date: 2019-05-27\nUpdated Date: 2026-10-30\nDate out of quarantine: 2026-12-09T13:14:15\n", outcome: whoisx.Registered, created: "2019-05-27", updated: "2026-10-30", said: "in quarantine", drop: "2026-12-09T13:14:15Z"},
	{what: "denic", name: "xn--mnchen-3ya.de", server: "whois.denic.de", text: "Domain: münchen.de\nDomain-Ace: xn--mnchen-3ya.de\nNserver: ns1.example.net\nNserver: ns2.example.net\nStatus: connect\nChanged: 2018-03-12T21:44:25+01:00\n", outcome: whoisx.Registered, updated: "2018-03-12", ns: 2, said: "connect"},
	{what: "afnic", name: "lapse.fr", server: "whois.nic.fr", text: "%% complete date format: YYYY-MM-DDThh:mm:ssZ\n\ndomain:                        lapse.fr\nstatus:                        REDEMPTION\npending:                       DELETE\nhold:                          YES\nholder-c:                      X1-FRNIC\nregistrar:                     EXAMPLE\nExpiry Date:                   2026-11-01T00:00:00Z\ncreated:                       2010-01-11T00:00:00Z\nlast-update:                   2026-11-02T00:00:00Z\nsource:                        FRNIC\n\nnserver:                       ns1.example.net\n\nregistrar:                     EXAMPLE\naddress:                       1 rue\nregistered:                    1999-10-21T00:00:00Z\n", outcome: whoisx.Registered, created: "2010-01-11", updated: "2026-11-02", expires: "2026-11-01", ns: 1, status: "redemptionPeriod", said: "pending DELETE"},
	{what: "jprs", name: "lapse.jp", server: "whois.jprs.jp", text: "Domain Information:\n[Domain Name]                   LAPSE.JP\n\n[Registrant]                    Example K.K.\n\n[Name Server]                   ns1.example.net\n[Name Server]                   ns2.example.net\n[Signing Key]                   \n\n[Created on]                    2001/03/22\n[Expires on]                    2026/03/31\n[Status]                        Suspended (2026/04/30)\n[Last Updated]                  2026/04/01 01:05:02 (JST)\n", outcome: whoisx.Registered, created: "2001-03-22", updated: "2026-03-31", expires: "2026-03-31", ns: 2, said: "Suspended (2026/04/30)"},
	{what: "jprs co.jp", name: "lapse.co.jp", server: "whois.jprs.jp", text: "Domain Information:\na. [Domain Name]                LAPSE.CO.JP\ng. [Organization]               Example\np. [Name Server]                ns1.example.net\n[State]                         Connected (2027/06/30)\n[Registered Date]               1996/06/12\n[Connected Date]                1996/06/13\n[Last Update]                   2026/07/01 01:02:03 (JST)\n", outcome: whoisx.Registered, created: "1996-06-12", updated: "2026-06-30", expires: "2027-06-30", ns: 1},
	{what: "tcinet", name: "lapse.ru", text: "domain:        LAPSE.RU\nnserver:       ns1.example.net.\nstate:         REGISTERED, DELEGATED, VERIFIED\nperson:        Private Person\nregistrar:     RU-CENTER-RU\nadmin-contact: https://example.org/whois\ncreated:       2004-03-04T21:00:00Z\npaid-till:     2026-11-05T21:00:00Z\nfree-date:     2026-12-06\nsource:        TCI\n", outcome: whoisx.Registered, created: "2004-03-04", expires: "2026-11-05", ns: 1, said: "REGISTERED", drop: "2026-12-06"},
	{what: "eurid", name: "lapse.eu", text: "% WHOIS lapse.eu\nDomain: lapse.eu\nScript: LATIN\n\nRegistrant:\n        NOT DISCLOSED!\n        Visit www.example.eu for the web-based WHOIS.\n\nTechnical:\n        Organisation: Example\n        Language: en\n\nRegistrar:\n        Name: Example Registrar\n        Website: https://example.eu\n\nName servers:\n        ns1.example.eu (192.0.2.1)\n        ns2.example.net\n\nPlease visit www.example.eu for more info.\n", outcome: whoisx.Registered, ns: 2},
	{what: "dnsbe", name: "lapse.be", server: "whois.dns.be", text: "Domain:\tlapse.be\nStatus:\tQUARANTINE\nRegistered:\tTue Dec 12 2000\nAvailable:\tSun Dec 20 2026\n", outcome: whoisx.Registered, created: "2000-12-12", said: "QUARANTINE", drop: "2026-12-20"},
	{what: "nic.it", name: "lapse.it", server: "whois.nic.it", text: "Domain:             lapse.it\nStatus:             pendingDelete / redemptionPeriod\nSigned:             no\nCreated:            1999-12-10 00:00:00\nLast Update:        2026-10-27 16:47:22\nExpire Date:        2026-10-10\n\nRegistrant\n  Organization:     Example\n  Created:          2008-11-27 16:47:22\n\nRegistrar\n  Organization:     Example s.r.l.\n  Name:             EXAMPLE-REG\n\nNameservers\n  ns1.example.it\n  ns2.example.it\n", outcome: whoisx.Registered, created: "1999-12-10", updated: "2026-10-27", expires: "2026-10-10", ns: 2, status: "redemptionPeriod"},
	{what: "cz", name: "lapse.cz", text: "domain:       lapse.cz\nregistrant:   X-1\nnsset:        NSS-1\nregistrar:    REG-EXAMPLE\nstatus:       To be deleted\nregistered:   30.01.2006 18:55:00\nchanged:      06.03.2010 15:53:04\nexpire:       30.09.2026\n\ncontact:      X-1\nname:         Somebody\ncreated:      19.11.2004 15:05:00\n\nnsset:        NSS-1\nnserver:      ns1.example.cz (192.0.2.1, 2001:db8::1)\n", outcome: whoisx.Registered, created: "2006-01-30", updated: "2010-03-06", expires: "2026-09-30", ns: 1, said: "To be deleted"},
	{what: "pl", name: "lapse.pl", text: "\nDOMAIN NAME:           lapse.pl\nregistrant type:       organization\nnameservers:           ns1.example.net.\n                       ns2.example.net. [192.0.2.1]\ncreated:               2002.09.19 13:00:00\nlast modified:         2025.08.17 11:21:09\nrenewal date:          2026.09.18 14:00:00\n\nno option\n\ndnssec:                Unsigned\n\n\nREGISTRAR:\nExample sp. z o.o.\nul. Prosta 1\n", outcome: whoisx.Registered, created: "2002-09-19", updated: "2025-08-17", expires: "2026-09-18", ns: 2},
	{what: "fi", name: "lapse.fi", text: "\ndomain.............: lapse.fi\nstatus.............: Grace Period\ncreated............: 30.6.2006 00:00:00\nexpires............: 4.11.2026 10:15:55\navailable..........: 4.12.2026 10:15:55\nmodified...........: 2.6.2026 09:30:12\nRegistryLock.......: no\n\nNameservers\n\nnserver............: ns1.example.net [OK]\nnserver............: ns2.example.net [OK]\n\nHolder\n\nname...............: Example Oy\n", outcome: whoisx.Registered, created: "2006-06-30", updated: "2026-06-02", expires: "2026-11-04", ns: 2, said: "Grace Period", drop: "2026-12-04T10:15:55Z"},
	{what: "se", name: "lapse.se", text: "state:            deactivated\ndomain:           lapse.se\nholder:           (not shown)\ncreated:          2008-10-20\nmodified:         2026-09-18\nexpires:          2026-09-10\ntransferred:      -\nnserver:          ns1.example.se 192.0.2.1\ndnssec:           unsigned delegation\nregistry-lock:    unlocked\nstatus:           serverHold\nregistrar:        Example AB\n", outcome: whoisx.Registered, created: "2008-10-20", updated: "2026-09-18", expires: "2026-09-10", ns: 1, status: "serverHold", said: "deactivated"},
	{what: "ee", name: "lapse.ee", text: "Search results may not be used for commercial purposes.\n\nDomain:\nname:       lapse.ee\nstatus:     expired\nstatus:     serverHold\nregistered: 2014-11-01 20:38:55 +02:00\nchanged:    2026-11-01 20:38:55 +02:00\nexpire:     2026-11-01\noutzone:    2026-11-16\ndelete:     2026-12-16\n\nRegistrant:\nname:       Private Person\nchanged:    2020-11-01 20:38:55 +02:00\n\nRegistrar:\nname:       Example OU\n\nName servers:\nnserver:   ns1.example.ee\nnserver:   ns2.example.ee\nchanged:    2014-11-01 20:38:55 +02:00\n", outcome: whoisx.Registered, created: "2014-11-01", updated: "2026-11-01", expires: "2026-11-01", ns: 2, status: "serverHold", said: "expired", drop: "2026-12-16"},
	{what: "no", name: "lapse.no", text: "NORID Handle...............: LAP1D-NORID\nDomain Name................: lapse.no\nRegistrar Handle...........: REG1-NORID\nTech-c Handle..............: XX1R-NORID\nName Server Handle.........: NSXX1H-NORID\n\nAdditional information:\nCreated:         2001-02-26\nLast updated:    2025-01-27\n", outcome: whoisx.Registered, created: "2001-02-26", updated: "2025-01-27"},
	{what: "dk", name: "lapse.dk", text: "Domain:               lapse.dk\nDNS:                  lapse.dk\nRegistered:           1999-01-10\nExpires:              2027-03-31\nRegistration period:  5 years\nVID:                  no\nDNSSEC:               Unsigned delegation\nStatus:               Active\n\nNameservers\nHostname:             ns1.example.net\nHostname:             ns2.example.net\n", outcome: whoisx.Registered, created: "1999-01-10", expires: "2027-03-31", ns: 2, said: "Active"},
	{what: "is", name: "lapse.is", text: "domain:       lapse.is\nregistrant:   EX1-IS\ntech-c:       EX2-IS\nnserver:      ns1.example.net\ndnssec:       unsigned delegation\ncreated:      April 14 2001\nexpires:      April 14 2027\nsource:       ISNIC\n", outcome: whoisx.Registered, created: "2001-04-14", expires: "2027-04-14", ns: 1},
	{what: "il", name: "lapse.co.il", text: "query:        lapse.co.il\n\nreg-name:     lapse\ndomain:       lapse.co.il\n\ndescr:        Example Ltd\nadmin-c:      XX-YY1-IL\nnserver:      ns1.example.net\nvalidity:     15-04-2027\nDNSSEC:       unsigned\nstatus:       Transfer Locked\nchanged:      domain-registrar AT example.org.il 19990415 (Assigned)\nchanged:      domain-registrar AT example.org.il 20200415 (Changed)\n", outcome: whoisx.Registered, expires: "2027-04-15", updated: "2020-04-15", ns: 1, said: "Transfer Locked"},
	{what: "tr", name: "lapse.com.tr", text: "** Domain Name: lapse.com.tr\nDomain Status: Active\nFrozen Status: -\nTransfer Status: The domain is LOCKED to transfer.\n\n** Registrant:\n   Hidden upon user request\n\n** Domain Servers:\nns1.example.net\nns2.example.net\n\n** Additional Info:\nCreated on..............: 2001-Aug-23.\nExpires on..............: 2027-Aug-22.\n", outcome: whoisx.Registered, created: "2001-08-23", expires: "2027-08-22", ns: 2},
	{what: "ir", name: "lapse.ir", text: "domain:\t\tlapse.ir\nascii:\t\tlapse.ir\nremarks:\t(Domain Holder) Somebody\nholder-c:\txx1-irnic\nnserver:\tns1.example.net\nlast-updated:\t2026-01-05\nexpire-date:\t2027-12-22\nsource:\t\tIRNIC # Filtered\n\nnic-hdl:\txx1-irnic\nperson:\tSomebody\n", outcome: whoisx.Registered, updated: "2026-01-05", expires: "2027-12-22", ns: 1},
	{what: "pt", name: "lapse.pt", server: "whois.dns.pt", text: "Domain: lapse.pt\nDomain Status: Registered\nCreation Date: 09/01/2003 00:00:00\nExpiration Date: 28/02/2027 23:59:37\nOwner Name: Example\nName Server: ns1.example.net | IPv4:  and IPv6: \nName Server: ns2.example.net | IPv4:  and IPv6: \n", outcome: whoisx.Registered, created: "2003-01-09", expires: "2027-02-28", ns: 2, said: "Registered"},
	{what: "br", name: "lapse.com.br", server: "whois.registro.br", text: "domain:      lapse.com.br\nowner:       Example Ltda\nownerid:     00.000.000/0001-00\nnserver:     ns1.example.net\nnsstat:      20260101 AA\nnslastaa:    20260101\ncreated:     19990518 #162310\nchanged:     20260427\nexpires:     20270518\nstatus:      published\n\nnic-hdl-br:  XXX\nperson:      Somebody\ncreated:     20100520\nchanged:     20250101\n", outcome: whoisx.Registered, created: "1999-05-18", updated: "2026-04-27", expires: "2027-05-18", ns: 1, said: "published"},
	{what: "br waiting", name: "lapse.com.br", server: "whois.registro.br", text: "% lapse.com.br\n\n% release process: waiting\n", outcome: whoisx.Gated, category: "release"},
	{what: "ar", name: "lapse.com.ar", text: "domain:\t\tlapse.com.ar\nregistrant:\t20000000000\nregistrar:\tnicar\nregistered:\t2004-01-15 00:00:00\nchanged:\t2026-01-14 10:11:12.123\nexpire:\t\t2027-01-15 00:00:00\n\ncontact:\t20000000000\nname:\t\tSOMEBODY\nregistrar:\tnicar\ncreated:\t2013-06-06 00:00:00\n\nnserver:\tns1.example.net ()\nnserver:\tns2.example.net ()\nregistrar:\tnicar\n", outcome: whoisx.Registered, created: "2004-01-15", updated: "2026-01-14", expires: "2027-01-15", ns: 2},
	{what: "mx", name: "lapse.mx", text: "Domain Name:       lapse.mx\n\nCreated On:        2009-05-12\nExpiration Date:   2027-05-11\nLast Updated On:   2026-05-12\nRegistrar:         Example\nURL:               http://www.example.com\n\nRegistrant:\n   Name:           Example\n   City:           X\n\nName Servers:\n   DNS:            ns1.example.net       \n   DNS:            ns2.example.net       \n", outcome: whoisx.Registered, created: "2009-05-12", updated: "2026-05-12", expires: "2027-05-11", ns: 2},
	{what: "cl", name: "lapse.cl", text: "%%\n%% This is the NIC Chile Whois server (whois.nic.cl).\n%%\n\nDomain name: lapse.cl\nRegistrant name: Example\nRegistrant organisation: \nRegistrar name: Example\nRegistrar URL: https://www.example.com/\nCreation date: 2002-10-22 17:48:23 CLST\nExpiration date: 2026-11-20 14:48:02 CLST\nName server: ns1.example.net\nName server: ns2.example.net\n", outcome: whoisx.Registered, created: "2002-10-22", expires: "2026-11-20", ns: 2},
	{what: "kr", name: "lapse.kr", text: "query : lapse.kr\n\n\n# ENGLISH\n\nDomain Name                 : lapse.kr\nRegistrant                  : Example\nRegistered Date             : 2007. 03. 02.\nLast Updated Date           : 2010. 10. 04.\nExpiration Date             : 2027. 03. 02.\nPublishes                   : N\nAuthorized Agency           : Whois Corp.(http://example.kr)\nDNSSEC                      : unsigned\n\nPrimary Name Server\n   Host Name                : ns1.example.kr\n   IP Address               : 192.0.2.1\n\nSecondary Name Server\n   Host Name                : ns2.example.kr\n", outcome: whoisx.Registered, created: "2007-03-02", updated: "2010-10-04", expires: "2027-03-02", ns: 2},
	{what: "tw", name: "lapse.com.tw", text: "Domain Name: lapse.com.tw\n   Domain Status: ok\n   Registrant:\n      Not displayed due to GDPR\n      TW\n\n   Record expires on 2026-11-09 00:00:00 (UTC+8)\n   Record created on 2000-08-29 00:00:00 (UTC+8)\n\n   Domain servers in listed order:\n      ns1.example.net     \n      ns2.example.net     \n\nRegistration Service Provider: Example\n", outcome: whoisx.Registered, created: "2000-08-28", expires: "2026-11-08", ns: 2, status: "ok"},
	{what: "hk", name: "lapse.hk", text: "Domain Name:  LAPSE.HK\n\nDomain Status: Active \n\nDNSSEC:  unsigned\n\nContract Version:   HKDNR latest version\n\nRegistrar Name: Example Limited\n\nDomain Name Commencement Date: 23-12-1998\n\nExpiry Date: 31-03-2027\n\nRe-registration Status:  Complete \n\nName Servers Information:\n\nNS1.EXAMPLE.NET\nNS2.EXAMPLE.NET\n\nStatus Information:\n\nDomain Prohibit Status: \n", outcome: whoisx.Registered, created: "1998-12-23", expires: "2027-03-31", ns: 2, said: "Active"},
	{what: "ua", name: "lapse.com.ua", text: "% request from 192.0.2.1\n\ndomain:           lapse.com.ua\ndom-public:       NO\nnserver:          ns1.example.net\nstatus:           RedemptionPeriod\ncreated:          2002-12-04 00:00:00+02\nmodified:         2026-10-15 20:00:10+03\nexpires:          2026-09-04 00:00:00+02\nsource:           UAEPP\n\n% Registrar:\n% ==========\nregistrar:        ua.example\norganization:     Example\n\n% Registrant:\n% ===========\ncontact-id:       x-1\nstatus:           ok\nstatus:           linked\ncreated:          2013-03-31 19:13:37+03\n", outcome: whoisx.Registered, created: "2002-12-03", updated: "2026-10-15", expires: "2026-09-03", ns: 1, status: "redemptionPeriod"},
	{what: "sk", name: "lapse.sk", text: "Domain:                       lapse.sk\nRegistrant:                   X-1\nAdmin Contact:                X-1\nTech Contact:                 X-2\nRegistrar:                    EXAMPLE-0001\nCreated:                      2003-07-24\nUpdated:                      2026-07-03\nValid Until:                  2027-07-24\nNameserver:                   ns1.example.sk\nNameserver:                   ns2.example.sk\nEPP Status:                   ok\n\nContact:                      X-1\nName:                         Somebody\nCreated:                      2017-09-01\n", outcome: whoisx.Registered, created: "2003-07-24", updated: "2026-07-03", expires: "2027-07-24", ns: 2, status: "ok"},
	{what: "ca", name: "lapse.ca", text: "Domain name:           lapse.ca\nDomain status:         auto-renew grace\nCreation date:         2000/10/26\nExpiry date:           2027/11/30\nUpdated date:          2026/12/01\nDNSSEC:                Unsigned\n\nRegistrar:\n    Name:              Example Inc.\n    Number:            88\n\nName servers:\n    ns1.example.com\n    ns2.example.com\n\n% WHOIS look-up made at 2026-11-21 00:00:00 (GMT)\n", outcome: whoisx.Registered, created: "2000-10-26", updated: "2026-12-01", expires: "2027-11-30", ns: 2, status: "autoRenewPeriod"},
	{what: "ca tbr", name: "lapse.ca", text: "Domain name:           lapse.ca\nDomain status:         to be released\nTBR Release date:      2026/12/02\n", outcome: whoisx.Registered, said: "to be released", drop: "2026-12-02", will: true},
	{what: "nz", name: "lapse.co.nz", text: "version: 8.8\nquery_datetime: 2026-06-25T21:14:19+12:00\ndomain_name: lapse.co.nz\nquery_status: 210 PendingRelease\ndomain_dateregistered: 1999-02-17T00:00:00+13:00\ndomain_datebilleduntil: 2026-02-17T00:00:00+13:00\ndomain_datelastmodified: 2026-01-16T10:26:43+13:00\nregistrar_name: Example\nns_name_01: ns1.example.net\nns_name_02: ns2.example.net\n", outcome: whoisx.Registered, created: "1999-02-16", updated: "2026-01-15", expires: "2026-02-16", ns: 2, said: "210 PendingRelease"},
	{what: "edu", name: "lapse.edu", text: "Domain Name: LAPSE.EDU\n\nRegistrant:\n\tExample University\n\t1 Street\n\nName Servers:\n\tNS1.EXAMPLE.EDU\n\tNS2.EXAMPLE.EDU\n\nDomain record activated:    27-Jun-1985\nDomain record last updated: 19-Mar-2026\nDomain expires:             31-Jul-2027\n", outcome: whoisx.Registered, created: "1985-06-27", updated: "2026-03-19", expires: "2027-07-31", ns: 2},
	{what: "pe", name: "lapse.pe", text: "Domain Name: lapse.pe\nWHOIS Server: NIC .PE\nSponsoring Registrar: Example\nDomain Status: clientTransferProhibited\nRegistrant Name: Example\nName Server: ns1.example.net\nDNSSEC: unsigned\n>>> Last update of WHOIS database: 2026-01-01T00:00:00Z <<<\n", outcome: whoisx.Registered, ns: 1, status: "clientTransferProhibited"},
	{what: "kg", name: "lapse.kg", text: "% This is the .kg ccTLD Whois server\n\nDomain LAPSE.KG (ACTIVE)\n\nAdministrative Contact:\n   PID: 1-KG\n   Name: Example\n\nRecord created: Wed Feb  9 07:28:44 2005\nRecord last updated on:  Tue Jan 14 11:07:32 2025\nRecord expires on: Fri Mar 12 23:59:00 2027\n\nName servers in the listed order:\n\nns1.example.net  \nns2.example.net  \n", outcome: whoisx.Registered, created: "2005-02-09", updated: "2025-01-14", expires: "2027-03-12", ns: 2, said: "ACTIVE"},
	{what: "hr", name: "lapse.hr", text: "Domain Name: lapse.hr\nRegistrar WHOIS Server: whois.dns.hr\nUpdated Date: 2026-08-22T07:37:57Z\nCreation Date: 2002-09-20T22:00:00Z\nRegistrar Registration Expiration Date: 2026-09-21T22:00:00Z\nRegistrant Name: Example\nName Server: ns1.example.hr\n", outcome: whoisx.Registered, created: "2002-09-20", updated: "2026-08-22", expires: "2026-09-21", ns: 1},
	{what: "lu", name: "lapse.lu", text: "% Access to RESTENA DNS-LU WHOIS information is provided to assist persons\n\ndomainname:     lapse.lu\ndomaintype:     ACTIVE\nnserver:        ns1.example.net\nownertype:      ORGANISATION\nregistered:     04/06/2003\norg-name:       Example\nregistrar-name:         Example\n", outcome: whoisx.Registered, created: "2003-06-04", ns: 1},

	{what: "th", name: "lapse.co.th", text: "Domain Name: LAPSE.CO.TH\nRegistrar:   Example Co., Ltd.\nName Server: NS1.EXAMPLE.NET (192.0.2.1)\nStatus:      ACTIVE\nUpdated date: 19 Sep 2025\nCreated date: 07 Oct 2004\nRenew date:  07 Oct 2023\nExp date:    06 Oct 2027\n", outcome: whoisx.Registered, created: "2004-10-07", updated: "2025-09-19", expires: "2027-10-06", ns: 1, said: "ACTIVE"},
	{what: "ch", name: "lapse.ch", text: "Domain name:\nlapse.ch\n\nHolder of domain name:\nSomebody\n\nRegistrar:\nExample AG\n\nFirst registration date:\n1999-03-19\n\nDNSSEC:N\n\nName servers:\nns1.example.net\nns2.example.net\t[192.0.2.1]\n", outcome: whoisx.Registered, created: "1999-03-19", ns: 2},
	{what: "ch, before a year", name: "lapse.ch", text: "Domain name:\nlapse.ch\n\nRegistrar:\nExample AG\n\nFirst registration date:\nbefore 1996\n\nName servers:\nns1.example.net\n", outcome: whoisx.Registered, ns: 1},
	{what: "dz", name: "lapse.dz", text: "Nom de domaine#............... lapse.dz\nRegistrar#.................... EXAMPLE\nDate de creation#............. 2010-01-07T10:11:12Z\nServeur de noms#.... ns1.example.net\n", outcome: whoisx.Registered, created: "2010-01-07", ns: 1},
	{what: "pf", name: "lapse.pf", text: "Informations about 'lapse.pf' :\n\nStatus : ACTIVE\nCreated (JJ/MM/AAAA) : 05/11/2012\nExpire (JJ/MM/AAAA) : 05/11/2027\nName server 1 : ns1.example.net\n", outcome: whoisx.Registered, created: "2012-11-05", expires: "2027-11-05", ns: 1, said: "ACTIVE"},
	{what: "pf, another", name: "lapse.pf", text: "Informations about 'other.pf' :\n\nStatus : ACTIVE\nCreated (JJ/MM/AAAA) : 05/11/2012\n", outcome: whoisx.Unreadable},
	{what: "uk, the registry's own", name: "lapse.co.uk", server: "whois.nic.uk", text: "\n    Domain name:\n        lapse.co.uk\n\n    Registrant:\n        Nominet UK\n\n    Registrar:\n        No registrar listed.  This domain is registered directly with Nominet.\n\n    Relevant dates:\n        Registered on: before Aug-1996\n        Last updated:  23-Mar-2012\n\n    Name servers:\n        ns1.example.net    192.0.2.1\n", outcome: whoisx.Reserved, category: "held by the registry", updated: "2012-03-23", ns: 1},
	{what: "bo, another suffix", name: "lapse.com", server: "whois.nic.bo", text: "whois.nic.bo solo acepta consultas con dominios .bo", outcome: whoisx.Unsupported},
	{what: "a heading that is the end of a sentence", name: "lapse.com", text: "No match for domain \"LAPSE.COM\".\n\nThe date shown is that of the agreement with the\nregistrar.\n\nThe database holds .COM names only.\n", outcome: whoisx.NotRegistered},

	// About another domain, or about nothing that can be told.
	{what: "taken without a name", server: "whois.dns.be", name: "lapse.be", text: "NOT AVAILABLE\n", outcome: whoisx.Unreadable},
	{what: "another registry", server: "whois.nic.fr", name: "lapse.com", text: "%% NOT FOUND\n", outcome: whoisx.Unsupported},
	{what: "another", name: "lapse.com", text: "Domain Name: OTHER.COM\nCreation Date: 1999-01-02T03:04:05Z\nRegistrar: Example\n", outcome: whoisx.Unreadable},
	{what: "another free", name: "lapse.com", text: "No match for \"OTHER.COM\".\n", outcome: whoisx.Unreadable},
	{what: "another status", name: "lapse.it", text: "Domain: other.it\nStatus: AVAILABLE\n", outcome: whoisx.Unreadable},
	{what: "longer", name: "lapse.com", text: "No match for \"LAPSE.COM.AU\".\n", outcome: whoisx.Unreadable},
	{what: "nameless", name: "lapse.com", text: "Creation Date: 1999-01-02T03:04:05Z\nRegistrar: Example\n", outcome: whoisx.Unreadable},
	{what: "contradiction", name: "lapse.com", text: "Domain Name: lapse.com\nStatus: free\nCreation Date: 1999-01-02T03:04:05Z\n", outcome: whoisx.Unreadable},
	{what: "not found beside dates", name: "lapse.com", text: "Creation Date: 1999-01-02T03:04:05Z\nNot found\n", outcome: whoisx.Unreadable},
	{what: "legal alone", name: "lapse.com", text: legal, outcome: whoisx.Unreadable},
	{what: "nothing", name: "lapse.com", text: " \r\n\r\n", outcome: whoisx.Unreadable},
	{what: "welcome", name: "lapse.com", text: "Welcome to our server.\n", outcome: whoisx.Unreadable},
	{what: "web page", name: "lapse.com", text: "<!DOCTYPE html><html><body>Not found</body></html>\n", outcome: whoisx.Unreadable},
	{what: "http", name: "lapse.com", text: "HTTP/1.1 404 Not Found\r\n\r\nnot found\n", outcome: whoisx.Unreadable},
	{what: "unknown status", name: "lapse.com", text: "Domain Name: lapse.com\nStatus: xyzzy\n", outcome: whoisx.Unreadable},
	{what: "private", name: "lapse.sl", text: "Domain Name: LAPSE.SL\nDomain not found, marked private, or error in your query.\n", outcome: whoisx.Unreadable},
	{what: "nul", name: "lapse.com", text: "No match\x00\x01\x02", outcome: whoisx.Unreadable},
	{what: "an empty form", name: "lapse.com", text: "Domain Name: lapse.com\nRegistry Domain ID:\nRegistrar:\nRegistrant ID:\nCreation Date:\nDNSSEC:\n", outcome: whoisx.Unreadable},
	{what: "a holder of nothing", name: "lapse.com", text: "Domain Name: lapse.com\nRegistrant Name: Somebody\n\nNo match for lapse.com\n", outcome: whoisx.Unreadable},
	{what: "quoted in prose", name: "lapse.com", text: "The registry publishes names that are no longer registered, and whoever is\nnot found in this list should write to us before asking any further question\n", outcome: whoisx.Unreadable},
}

func TestClassify(t *testing.T) {
	at := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, s := range samples {
		t.Run(s.what, func(t *testing.T) {
			a := Classify([]byte(s.text), s.server, s.name, at)
			if a.Outcome != s.outcome {
				t.Fatalf("read %s (%s), want %s; evidence %v", a.Outcome, a.Why, s.outcome, a.Evidence)
			}
			if a.Outcome == whoisx.Registered && !a.Confirmed {
				t.Error("registered without the name")
			}
			for _, d := range []struct {
				what, want string
				got        whoisx.Date
			}{{"created", s.created, a.Created}, {"updated", s.updated, a.Updated}, {"expires", s.expires, a.Expires}} {
				if got := d.got; d.want == "" && !got.IsZero() || d.want != "" && (got.IsZero() || got.Format(time.DateOnly) != d.want) {
					t.Errorf("%s: read %q, want %q", d.what, got, d.want)
				}
			}
			if len(a.Nameservers) != s.ns {
				t.Errorf("name servers: read %v, want %d", a.Nameservers, s.ns)
			}
			if s.status != "" && !slices.Contains(a.Statuses, s.status) {
				t.Errorf("statuses: read %v, want %s", a.Statuses, s.status)
			}
			if s.said != "" && !slices.Contains(a.SaidStatuses, s.said) {
				t.Errorf("said statuses: read %v, want %s", a.SaidStatuses, s.said)
			}
			if s.category != a.Category && s.category != "" {
				t.Errorf("category: read %q, want %q", a.Category, s.category)
			}
			switch {
			case s.drop == "" && a.Drop != nil:
				t.Errorf("drop: read %v, want none", a.Drop)
			case s.drop != "" && (a.Drop == nil || a.Drop.From.String() != s.drop || a.Drop.Will != s.will):
				t.Errorf("drop: read %+v, want %s, will %v", a.Drop, s.drop, s.will)
			}
			if s.retry != 0 && time.Duration(a.RetryAfter) != s.retry {
				t.Errorf("retry after: read %s, want %s", time.Duration(a.RetryAfter), s.retry)
			}
			if s.what == "premium price" && (a.Price == nil || *a.Price != (whoisx.Price{Amount: "1200.00", Currency: "USD", What: "create"}) || !strings.Contains(a.Why, "line 1")) {
				t.Errorf("price %v, why %q", a.Price, a.Why)
			}
			lines := strings.Split(s.text, "\n")
			for _, e := range a.Evidence {
				if e.Line < 1 || e.Line > len(lines) || !strings.Contains(whoisx.CleanLine(lines[e.Line-1]), strings.TrimSuffix(strings.TrimSpace(e.Text), "…")) {
					t.Errorf("evidence %q is not in line %d", e.Text, e.Line)
				}
			}
			if a.Outcome.SaysSomething() && len(a.Evidence) == 0 {
				t.Error("an outcome without evidence")
			}
			if !a.Outcome.SaysSomething() && a.Why == "" {
				t.Error("no outcome and no reason")
			}
		})
	}
}
