package whois

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/whoisx"
)

// tail says what may follow a phrase for it to count.
type tail uint8

const (
	tailAny tail = iota // the rest of the sentence
	tailEnd             // nothing, or "for registration" and the like
	tailFew             // three words
)

// where says at which place of a sentence a phrase counts.
type where uint8

const (
	atStart  where = iota // after words that only lead to it ("sorry, the domain ...")
	anywhere              // in the middle too
)

// phrase is a way in which servers say something.
type phrase struct {
	words    string
	outcome  whoisx.Outcome
	tail     tail
	where    where
	category string
	rank     int
}

// The order in which sayings count: of two in one answer, the first holds.
// Not registered comes last, so that no other meaning is read as it.
var ranks = map[whoisx.Outcome]int{
	whoisx.RateLimited: 0, whoisx.Refused: 1, whoisx.Unreachable: 2, whoisx.Unsupported: 3, whoisx.Invalid: 4,
	whoisx.Blocked: 5, whoisx.Premium: 6, whoisx.Gated: 7, whoisx.Reserved: 8, whoisx.Unreadable: 9, whoisx.Registered: 10, whoisx.NotRegistered: 11,
}

// entry is what the lexicon knows of a word: the phrases that begin with it,
// and its classes.
type entry struct {
	phrases []phrase
	mark    mark
}

// lexicon holds what is known of words.
var lexicon = sync.OnceValue(func() map[string]entry {
	m := map[string]entry{}
	add := func(o whoisx.Outcome, w where, t tail, category string, list ...string) {
		for _, s := range list {
			first, _, _ := strings.Cut(s, " ")
			e := m[first]
			e.phrases = append(e.phrases, phrase{words: s, outcome: o, tail: t, where: w, category: category, rank: ranks[o]})
			m[first] = e
		}
	}
	for _, k := range &marks {
		for w := range strings.FieldsSeq(k.words) {
			e := m[w]
			e.mark |= k.of
			m[w] = e
		}
	}
	add(whoisx.RateLimited, anywhere, tailAny, "",
		"too many requests", "too many queries", "too many connections", "too many connection", "too many lookups", "too many attempts", "too many simultaneous", "too many whois", "too many hits", "too frequent", "too fast",
		"limit exceeded", "limit reached", "limit has been exceeded", "limit has been reached", "limit is exceeded", "limit is reached", "limit for", "limits exceeded", "limit was exceeded", "exceeded the limit", "over the limit", "above the limit", "beyond the limit", "exceeding the limit", "reached the limit", "reached your limit", "reached rate limit", "reached the rate limit", "go away for",
		"quota exceeded", "quota has been", "quota is exceeded", "quota for", "quota of", "quota reached", "quota exhausted", "quota used up", "allowance is exhausted", "allowance exhausted", "allowance exceeded", "too many clients", "too many sessions", "has excedido", "ha excedido", "límite de consultas", "limite de consultas", "clients too many", "exceeded your quota", "exceeded your", "exceeded the maximum", "exceeded the allowed", "exceeded the number", "exceeded maximum", "exceeded allowed", "exceeded the query", "exceeded query", "exceeded our", "have exceeded", "has exceeded", "queries exceeded", "queries reached", "requests exceeded", "rate exceeded", "usage exceeded",
		"request per second allowed", "requests per second allowed", "request per second", "queries per hour reached", "queries per day reached", "queries per minute reached",
		"slow down", "access control limit", "query rate of", "queries too fast",
		"temporarily blocked", "temporarily blacklisted", "temporarily banned", "temporarily denied", "temporary block", "blacklisted due", "blacklisted for", "blocked for excessive", "banned for", "interval is too short", "queried too frequently", "blocked due to", "banned due to", "denied due to excessive", "due to excessive", "because of excessive",
		"daily limit", "hourly limit", "still in grace period", "query limit has", "query limit exceeded", "connection limit", "connections limit", "lookup limit", "maximum queries", "maximum number of queries", "maximum number of connections", "max queries", "maximum query", "too many accesses",
		"demasiadas consultas", "demasiadas peticiones", "límite superado", "limite superado", "superado el", "excedido el", "limite de requêtes", "trop de requêtes", "trop de connexions", "requêtes dépassé", "limite dépassée", "quota dépassé", "limite atteinte",
		"zu viele anfragen", "zu viele abfragen", "zu viele verbindungen", "limit überschritten", "anfragelimit", "abfragelimit", "muitas consultas", "muitas requisições", "muitos pedidos", "limite excedido", "limite atingido", "consultas excedido", "excedeu o", "ultrapassou o",
		"troppe richieste", "troppe interrogazioni", "te veel verzoeken", "te veel aanvragen", "limiet overschreden", "limiet bereikt", "för många förfrågningar", "för många sökningar", "for mange forespørsler", "for mange forespørgsler", "liian monta", "liikaa kyselyjä",
		"przekroczono", "przekroczony", "zbyt wiele zapytań", "překročen", "překročili", "příliš mnoho", "prekročený", "prekročili", "príliš veľa", "túllépte", "túl sok", "depășit", "prea multe", "prekoračen", "prekoračili", "previše upita", "preveč", "liiga palju", "pārsniegts", "viršijote", "per daug",
		"превышен", "превышено", "превышена", "слишком много", "слишком часто", "перевищено", "перевищена", "забагато", "превишен", "превишена", "твърде много", "sorgu limitiniz", "sorgu limiti", "çok fazla sorgu", "çok fazla istek", "vượt quá", "quá nhiều", "terlalu banyak", "melebihi")
	add(whoisx.RateLimited, anywhere, tailAny, "", "reached your", "reached the query", "reached the maximum", "reached the daily", "allotment exceeded", "per second exceeded", "per minute exceeded", "per hour exceeded", "per day exceeded", "too often", "too frequently", "requests too quickly", "command rate", "been throttled", "being throttled", "been rate limited", "being rate limited", "rate limiting in effect", "used up", "used all", "you can query again in", "you may query again in", "able to query again", "queries in the last", "too much traffic", "excessive use", "limit controls", "queries per second allowed", "queries per minute allowed", "queries per hour allowed", "requests per minute allowed", "query limitation", "list of ip addresses that may have failed", "restricted due to", "429 too many")
	add(whoisx.RateLimited, atStart, tailAny, "", "rate limit", "rate limited", "ratelimit", "ratelimited", "throttled", "throttling", "client ip throttled", "ip throttled", "excessive querying", "excessive queries", "please wait", "wait a while", "wait for", "try again in", "please try again in", "limit of", "queries limit", "query interval", "you are querying too")
	add(whoisx.Refused, anywhere, tailAny, "",
		"access denied", "permission denied", "access is denied", "access has been denied", "service is denied", "queries are denied", "access to this service is denied", "access refused", "not permitted please use", "client are not permitted", "requests of this client are not permitted", "is not authorised to", "is not authorized to", "not authorised to perform", "not authorized to perform", "query is not authorised", "query is not authorized", "ip address used to perform the query", "ip is not allowed", "ip address is not allowed", "ip address has been blocked", "ip has been blocked", "ip address is blocked", "ip is blocked", "address is blocked", "has been blacklisted", "is blacklisted", "ip blacklisted", "blacklisted ip", "you have been blocked", "you are blocked", "you have been banned", "you are banned", "queries from your", "your query was refused", "query refused", "query was refused", "request refused", "request denied", "query denied", "lookup refused", "not allowed to query", "not permitted to query", "not permitted to use this service", "not permitted to use this server", "not permitted to access", "service from your", "whois from your", "not allowed to access", "not allowed to use this service", "not allowed to use this server", "not authorised to use this service", "not authorized to use this service", "not allowed to connect", "not available for your", "network is blocked", "network are blocked", "access forbidden", "unauthorized ip", "only accessible from", "service is not available to you", "available to registrars only", "acceso denegado", "acceso no autorizado", "no está autorizada", "no autorizado", "your connection has been refused", "host is not allowed", "host not allowed", "administratively denied", "authorization required", "authentication required", "only registered users can", "only accredited registrars", "cannot query this server", "can not query this server", "login required", "please authenticate", "registrars only",
		"accès refusé", "accès interdit", "zugriff verweigert", "zugang verweigert", "accesso negato", "acesso negado", "toegang geweigerd", "åtkomst nekad", "adgang nægtet", "ingen tilgang", "pääsy estetty", "odmowa dostępu", "brak dostępu", "přístup odepřen", "přístup zamítnut", "prístup zamietnutý", "hozzáférés megtagadva", "acces interzis", "acces refuzat", "pristup odbijen",
		"доступ запрещен", "доступ запрещён", "доступ ограничен", "доступ заборонено", "erişim engellendi", "erişim reddedildi", "truy cập bị từ chối", "akses ditolak")
	add(whoisx.Refused, atStart, tailFew, "", "forbidden", "unauthorized", "unauthorised", "connection refused", "blacklisted", "not authorized", "not authorised", "refused", "denied", "banned")
	add(whoisx.Refused, anywhere, tailEnd, "", "is denied", "was denied", "was refused")
	add(whoisx.Unreachable, anywhere, tailAny, "",
		"temporarily unavailable", "temporarily not available", "temporarily not be", "temporarily offline", "not available at the moment", "not available at this moment", "service unavailable", "server too busy", "server is busy", "server busy", "too busy", "service is unavailable", "service is currently unavailable", "currently unavailable", "service not available", "service is not available", "server unavailable", "server is not available", "service is down", "database is not available", "database not available", "data not available", "due to maintenance", "for maintenance", "database unavailable", "database is unavailable", "database is down", "internal error", "internal server error", "internal whois error", "connection attempt failed", "database error", "database connection", "could not connect", "cannot connect", "can t connect", "unable to connect", "failed to connect", "connection failed", "connection timed out", "timeout", "timed out", "time out", "under maintenance", "maintenance mode", "scheduled maintenance", "unable to process", "cannot process your request", "could not process", "system error", "server error", "unexpected error", "query failed", "request failed", "lookup failed", "backend error", "please try again later", "try again later", "please retry later", "no disponible temporalmente", "servicio no disponible", "error occurred while", "an error occurred", "an error has occurred", "problem occurred", "bad gateway", "resource limit", "socket error", "unexpected exception", "error connecting", "could not be performed", "cannot be performed", "unable to reach", "failed to reach", "out of order", "out of service at", "sqlstate", "not responding", "no response from", "could not be reached", "cannot be reached", "can not be reached", "could not be answered", "cannot be answered", "temporary failure", "temporarily disabled")
	add(whoisx.Unreachable, atStart, tailFew, "", "error 500", "error 502", "error 503", "error 504", "http 500", "http 502", "http 503", "http 504")
	add(whoisx.Unsupported, anywhere, tailAny, "",
		"does not have any records for that zone", "no records for that zone", "tld is not supported", "tld not supported", "unsupported tld", "not supported tld", "domain is not supported", "extension is not supported", "zone is not supported", "unknown tld", "unknown zone", "unknown suffix", "unsupported domain", "unsupported zone", "invalid tld", "invalid extension", "no whois server is known", "no whois server known", "this tld has no whois server", "tld has no whois", "no whois server", "is not served", "does not serve", "not served by", "not managed by this", "not handled by", "not operated by", "not managed by us", "does not operate a whois", "does not operate whois", "does not provide whois", "no longer answers", "no longer operates", "no longer operated", "not a valid tld", "not our tld", "not within this registry", "not in this registry s", "not under the", "not a domain of this", "solo acepta consultas con dominios", "only accepts queries for", "not authoritative for", "not responsible for", "only supports", "please query the appropriate", "please query the correct", "please query the responsible", "query the appropriate", "whois service has been retired", "whois service has been discontinued", "service has been retired", "service has been discontinued", "service has been decommissioned", "has been decommissioned", "has been sunset", "whois has been replaced", "replaced by rdap", "no longer available please use rdap", "is being retired", "is being discontinued", "service was retired", "whois is disabled", "whois has been disabled", "whois is not offered", "please use our rdap", "whois service is no longer", "whois is no longer", "no longer provides whois", "no longer in operation", "no longer supports", "no longer provided", "no longer available via port", "please use rdap instead", "please use the rdap", "was discontinued", "is discontinued", "been discontinued", "been deprecated", "is deprecated", "been turned off", "been shut down", "been switched off", "use rdap")
	add(whoisx.Invalid, anywhere, tailAny, "",
		"not a valid domain", "is not a valid", "is not valid", "not valid domain", "contravenes the", "invalid characters", "invalid character", "illegal characters", "illegal character", "ace idn convertible", "too few parts", "too many parts", "use only approved characters", "name is too short", "name is too long", "name too short", "name too long", "syntax error", "parameter value syntax", "parameter value range", "malformed", "incorrect domain", "incorrect format", "wrong format", "not well formed", "no es válido", "no valido", "nombre no válido", "not in valid format", "is invalid", "is not a legal", "illegal domain", "improperly formatted", "does not conform", "format is incorrect", "format error", "bad domain name", "bad query", "third level domain names", "query must be")
	add(whoisx.Invalid, atStart, tailAny, "", "invalid", "illegal", "bad request", "bad domain", "wrong domain", "incorrect query", "unrecognized query", "unrecognised query", "unknown query", "unknown command", "usage", "parse error", "you must specify", "missing", "not a domain", "incorrect", "ungültig", "ungültige")
	add(whoisx.Blocked, anywhere, tailAny, "dpml", "dpml brand protection", "dpml block", "domain protected marks list", "domains protected marks list", "domain protected marks", "domains protected marks", "dpml")
	add(whoisx.Blocked, anywhere, tailAny, "uni eps", "subscribes to the uni eps", "uni eps")
	add(whoisx.Blocked, anywhere, tailAny, "adultblock", "subscribes to the adultblock", "adultblock")
	add(whoisx.Blocked, anywhere, tailAny, "globalblock", "blocked by a globalblock", "globalblock")
	add(whoisx.Blocked, anywhere, tailAny, "trademark", "blocked by trademark", "trademark block", "trademark protection", "brand protection", "protected mark", "trex")
	add(whoisx.Blocked, anywhere, tailAny, "name collision", "name collision", "collision occurrence", "controlled interruption")
	add(whoisx.Blocked, anywhere, tailAny, "", "domain has been blocked", "domain is blocked", "name has been blocked", "name is blocked", "is blocked from registration", "blocked for registration", "blocked by the registry", "blocked by registry", "domain blocked", "is conflicted", "cancelled suspended refused or reserved", "conflicts with at least one other")
	add(whoisx.Blocked, atStart, tailEnd, "unavailable", "unavailable")
	add(whoisx.Blocked, atStart, tailFew, "unassignable", "unassignable", "not assignable")
	add(whoisx.Blocked, atStart, tailFew, "", "blocked", "not allowed", "disputed")
	add(whoisx.Premium, anywhere, tailAny, "", "premium domain", "premium name", "premium domains", "premium names", "platinum domain", "platinum name", "premium price", "premium pricing", "premium registration", "is premium", "is a premium", "registry premium", "premium string", "premium tier", "tiered pricing", "premium auction", "available premium", "higher price", "special price", "premium fee")
	add(whoisx.Premium, atStart, tailFew, "", "premium", "platinum")
	add(whoisx.Gated, anywhere, tailAny, "dropzone", "dropzone", "drop zone service")
	add(whoisx.Gated, anywhere, tailAny, "auction", "is in auction", "at auction", "in auction", "will be auctioned", "being auctioned", "for auction", "auction pending", "pending auction", "auction in progress", "available by auction", "through auction", "via auction", "auktsion", "oksjon", "future auction", "atauction", "up for auction")
	add(whoisx.Gated, anywhere, tailAny, "waiting list", "waiting list", "venteliste", "offered to the waiting")
	add(whoisx.Gated, anywhere, tailAny, "expiry access period", "expiry access period", "early access")
	add(whoisx.Gated, anywhere, tailAny, "release", "to be released", "will be available", "will become available", "pending release", "release process", "processo de liberação", "processo de liberacao", "tbr session", "igenyles alatt", "igénylés alatt", "available soon")
	add(whoisx.Gated, anywhere, tailAny, "application", "available for application", "available for applications", "pending application", "application pending", "in sunrise", "during sunrise", "sunrise period", "landrush", "available for backorder", "pre registration", "preregistration", "pre order", "preorder")
	add(whoisx.Gated, anywhere, tailAny, "conditions", "only available for registration", "available only", "only available to", "under certain conditions")
	add(whoisx.Reserved, anywhere, tailAny, "", "is reserved", "has been reserved", "are reserved", "reserved by", "reserved domain", "reserved name", "reserved names", "reserved string", "reserved for", "reserved from", "reserved list", "stop list", "stoplist", "name reserved", "domain reserved", "registry reserved", "reserved registry", "reserved word", "you want to register is reserved", "restricted from registration", "is restricted from", "prohibited string", "prohibited name", "prohibited domain", "object cannot be registered", "cannot be registered", "can not be registered", "can t be registered", "cant be registered", "cannot register", "can not register", "may not be registered", "not available for registration", "not available for second level", "not available for public", "not open for registration", "not open to registration", "not allowed to be registered", "not allowed for registration", "not allowed by the policy", "not eligible for registration", "is prohibited", "withheld from", "excluded from registration", "banned from registration", "is banned", "banned name", "forbidden name", "forbidden domain", "forbidden for registration", "forbidden to be registered", "registration prohibited", "registration is prohibited", "registration not allowed", "registration is not allowed", "registration is not permitted", "name is not permitted", "not available because", "registration restricted", "registration is restricted", "icann reserved", "not registrable", "not registerable", "unregistrable", "unregisterable", "non registrable", "nom réservé", "nombre reservado", "dominio reservado", "domínio reservado", "ist reserviert", "est réservé", "está reservado", "è riservato", "é reservado", "is gereserveerd", "är reserverad", "er reserveret", "er reservert", "on varattu", "este rezervat", "je rezervován", "зарезервирован", "зарезервировано", "zastrzeżona", "zarezerwowana", "rezervováno", "rezervovaná", "in accordance with icann policy")
	add(whoisx.Reserved, atStart, tailFew, "", "reserved", "restricted", "not open", "prohibited", "withheld", "reservado", "réservé", "reserviert", "gesperrt", "blokovaná", "forbidden to register", "excluded")
	add(whoisx.Reserved, atStart, tailFew, "unavailable", "not available")
	// Freenom's registries say this of every name that nobody holds; names
	// that are invalid are not sent.
	add(whoisx.NotRegistered, atStart, tailAny, "", "invalid query or domain name not known in")
	add(whoisx.NotRegistered, atStart, tailAny, "", "not available in our", "not available in the whois", "not available in whois", "not available in the database", "not available in database", "not available in the registry")
	add(whoisx.Unreadable, anywhere, tailAny, "", "marked private", "or error in your query", "registered with us", "with this registrar", "by this registrar", "managed by this registrar", "query the registry", "ask the registry")
	add(whoisx.NotRegistered, atStart, tailAny, "",
		"no match", "no matches", "no domains matched", "no domain matched", "no matching", "nomatch", "not match", "no matched", "no such domain", "no such name", "no such object", "no such record", "no such entry", "no such",
		"not found", "notfound", "was not found", "cannot be found", "could not be found", "can not be found", "couldnt be found", "could not be located", "cannot be located", "returned no results", "returned no result", "returned no data", "returned nothing", "not in registry", "couldnt find", "could not find", "we could not find", "did not find", "didnt find", "unable to find", "unable to locate", "cannot find", "can not find", "cant find", "cannot locate", "nothing found", "none found", "no found", "no domain found", "no domains found", "no domain @", "no domain name @", "no results", "no result", "returned 0 objects", "0 objects found", "0 results", "0 records", "0 matches", "zero results",
		"no data found", "no data was found", "no data", "no entries found", "no entries", "no entry found", "no entry", "no records", "no record", "no object found", "no objects found", "no object", "no objects", "no information available", "no information was found", "no information found", "no information about", "no information on", "no information", "no domain records", "no domain record", "no registration found", "no registrations found", "no registration for", "no registration record", "no whois record", "no whois information", "no whois data", "no details found",
		"does not exist", "doesnt exist", "do not exist", "not exist", "not exists", "dont exist", "does not exists", "nonexistent", "non existent", "non existing", "nonexisting", "not existing", "no existe", "doesn t exist", "don t exist",
		"not registered", "not been registered", "not yet registered", "not yet been registered", "not currently registered", "not registred", "not a registered", "not a registerd", "unregistered", "unallocated", "not allocated", "not assigned", "unassigned", "not in use", "not in database", "not in our database", "not in the database", "not listed in", "not in the registry", "not present in", "not known in", "not currently in", "isnt registered", "isn t registered",
		"do not have an entry", "dont have an entry", "not have an entry", "have no entry", "have no record", "have no records", "has no record", "does not have any data for", "do not have any", "does not match any", "doesnt match any", "didnt match", "did not match", "nothing matched", "nothing matches",
		"no registrado", "no esta registrado", "no está registrado", "no se encuentra registrado", "no encontrado", "no se encontró", "no se encontro", "no se encontraron", "no hay datos", "no se han encontrado", "sin resultados", "não encontrado", "nao encontrado", "não existe", "nao existe", "não registrado", "não foi encontrado", "inexistente", "não possui", "no corresponde",
		"aucun résultat", "aucun resultat", "aucune correspondance", "aucun enregistrement", "introuvable", "inconnu", "n existe pas", "nexiste pas", "non trouvé", "non enregistré", "pas enregistré", "nest pas enregistré",
		"kein eintrag", "keine einträge", "nicht gefunden", "nicht registriert", "existiert nicht", "ist nicht registriert", "ist frei", "nicht vergeben",
		"non trovato", "non esiste", "non registrato", "nessun risultato", "niet gevonden", "niet geregistreerd", "is vrij", "geen resultaten", "hittades inte", "finns inte", "ei löytynyt", "ei ole", "ikke registreret", "ikke funnet", "findes ikke", "nie znaleziono", "nie istnieje", "neexistuje", "nenalezeno", "nebyla nalezena", "nebyl nalezen", "nie została znaleziona", "nie została zarejestrowana", "nenájdené", "nebol nájdený", "nincs találat", "nincs talalat", "nem található", "nu există", "nu exista", "nije pronađen", "ne postoji", "ne obstaja", "не найден", "не найдено", "не зарегистрирован", "не существует", "не знайдено", "свободен", "bulunamadı", "kayıt bulunamadı", "kayitli degil", "não está registado", "não registado",
		"ei leitud", "nav atrasts", "nerastas", "neregistruotas", "nu a fost găsit", "nu este înregistrat", "nije registrirana", "nije registriran", "nije registrovan", "ni registrirana", "не е регистриран", "kayıtlı değil", "chưa được đăng ký", "δεν βρέθηκε",
		"không tìm thấy", "tidak ditemukan", "belum terdaftar")
	add(whoisx.NotRegistered, atStart, tailEnd, "", "sorry no", "domain unknown", "available", "avail", "free", "disponible", "disponível", "disponivel", "libre", "livre", "libero", "frei", "vrij", "ledig", "ledigt", "szabad", "вільний", "vapaa", "volné", "voľná", "wolna", "wolny", "vacant", "not delegated and available", "still available", "currently available", "open for registration", "registrable", "can be registered", "unused", "unoccupied")
	return m
})

// signs are sayings in scripts that write words without blanks, or endings
// without number: they count wherever they stand in a sentence.
var signs = [...]struct {
	text    string
	outcome whoisx.Outcome
}{
	{"频繁", whoisx.RateLimited},
	{"頻繁", whoisx.RateLimited},
	{"频率过高", whoisx.RateLimited},
	{"频率太", whoisx.RateLimited},
	{"频率超", whoisx.RateLimited},
	{"超出查询", whoisx.RateLimited},
	{"超过查询", whoisx.RateLimited},
	{"过限制", whoisx.RateLimited},
	{"過限制", whoisx.RateLimited},
	{"出限制", whoisx.RateLimited},
	{"次数限制", whoisx.RateLimited},
	{"次數限制", whoisx.RateLimited},
	{"次数已", whoisx.RateLimited},
	{"초과", whoisx.RateLimited},
	{"너무 많은", whoisx.RateLimited},
	{"조회가 제한", whoisx.RateLimited},
	{"접속이 제한", whoisx.RateLimited},
	{"制限を超", whoisx.RateLimited},
	{"回数を超", whoisx.RateLimited},
	{"アクセスが制限", whoisx.RateLimited},
	{"アクセスが集中", whoisx.RateLimited},
	{"เกินกำหนด", whoisx.RateLimited},
	{"เกินจำนวน", whoisx.RateLimited},
	{"上限に達", whoisx.RateLimited},
	{"已达上限", whoisx.RateLimited},
	{"已達上限", whoisx.RateLimited},
	{"ip已被", whoisx.Refused},
	{"차단되", whoisx.Refused},
	{"遮断され", whoisx.Refused},
	{"拒绝", whoisx.Refused},
	{"拒絕", whoisx.Refused},
	{"禁止访问", whoisx.Refused},
	{"거부", whoisx.Refused},
	{"拒否", whoisx.Refused},
	{"許可されて", whoisx.Refused},
	{"ปฏิเสธ", whoisx.Refused},
	{"溢价", whoisx.Premium},
	{"溢價", whoisx.Premium},
	{"保留", whoisx.Reserved},
	{"禁止注册", whoisx.Reserved},
	{"不能注册", whoisx.Reserved},
	{"无法注册", whoisx.Reserved},
	{"不可注册", whoisx.Reserved},
	{"등록이 제한", whoisx.Reserved},
	{"등록할 수 없", whoisx.Reserved},
	{"예약", whoisx.Reserved},
	{"予約", whoisx.Reserved},
	{"등록 제한", whoisx.Reserved},
	{"등록이 불가", whoisx.Reserved},
	{"등록 불가", whoisx.Reserved},
	{"限制注册", whoisx.Reserved},
	{"不可以注册", whoisx.Reserved},
	{"不允许注册", whoisx.Reserved},
	{"登録できません", whoisx.Reserved},
	{"등록되어 있지 않", whoisx.NotRegistered},
	{"등록되지 않", whoisx.NotRegistered},
	{"도메인이 존재하지 않", whoisx.NotRegistered},
	{"결과가 없", whoisx.NotRegistered},
	{"未注册", whoisx.NotRegistered},
	{"未註冊", whoisx.NotRegistered},
	{"没有找到", whoisx.NotRegistered},
	{"未找到", whoisx.NotRegistered},
	{"找不到", whoisx.NotRegistered},
	{"無此", whoisx.NotRegistered},
	{"不存在", whoisx.NotRegistered},
	{"見つかりません", whoisx.NotRegistered},
	{"該当するデータがありません", whoisx.NotRegistered},
	{"登録されていません", whoisx.NotRegistered},
	{"ไม่พบ", whoisx.NotRegistered},
}

// sign finds the strongest of those in a sentence.
func sign(norm string) (o whoisx.Outcome) {
	for i := 0; i < len(norm); i++ {
		if norm[i] < 0xe0 { // their letters take three bytes
			continue
		}
		for _, s := range &signs {
			if (o == "" || ranks[s.outcome] < ranks[o]) && strings.Contains(norm, s.text) {
				o = s.outcome
			}
		}
		return o
	}
	return ""
}

// fillers are words that only lead to what a sentence says.
var fillers = sync.OnceValue(func() map[string]bool {
	return wordSet(`@ a an the this that above your our their its it is was are were be been being has have had there here
		domain domains name names domainname object objects entry record records key data query queried request requested search searched searching lookup looked result results for of in on at to
		sorry congratulations but and error err warning info information notice status state code message msg response reply answer attention note ok
		whois server database registry says said said we i you that which specified given entered submitted provided following string label resource item currently also still contains contained s
		el la los las le les der die das de o os um una un il lo dominio nombre nom domaine du domeinnaam domæne domän domena registro consulta consultado objeto registros
		ce cette cet pour sous den det ett en af på het een deze dit domein domänen dominiu dominiul domeniu domeniul domena doména domény domenę tato tento za nevű név seda see ten ta to
		домен домена имя доменное запись данный данные по запросу этот для запис домену доменне tên miền är er domínio domännamnet domænet domenet domeeni domēns domenas verkkotunnus verkkotunnusta домейнът домейн nama alan adı bu
		e w % invalid_or 400 404 com net org ist est es`)
})

// endings may follow "available" and the like.
var endings = []string{"for registration", "for purchase via", "for general registration", "for new registration", "to register", "to be registered", "for registering", "now", "para registro", "para registrar", "for delegation", "in the registry", "zur registrierung", "pour enregistrement"}

// saying finds the strongest thing that a sentence says. A status is a whole
// sentence; of a line, only what it begins with counts, and legal text is left
// out before.
func (r *reader) saying(text string) outcomeLine {
	if len(text) > 400 {
		text = text[:400]
	}
	r.normalise(text)
	r.has = 0
	if len(r.pos) == 0 {
		return outcomeLine{}
	}
	norm := string(r.norm)
	longest := ""
	for words := range r.srv.Says {
		if len(words) > len(longest) && (norm == words || strings.HasPrefix(norm, words) && norm[len(words)] == ' ') {
			longest = words
		}
	}
	if longest != "" {
		o := r.srv.Says[longest]
		return outcomeLine{outcome: o, rank: ranks[o], says: says(o)}
	}
	var best outcomeLine
	known := lexicon()
	leading := true
	for i, p := range r.pos {
		if i >= 40 {
			break
		}
		end := len(norm)
		if i+1 < len(r.pos) {
			end = r.pos[i+1] - 1
		}
		word := norm[p:end]
		var here phrase // the longest phrase that begins here
		e := known[word]
		r.has |= e.mark
		for _, ph := range e.phrases {
			if len(ph.words) <= len(here.words) {
				continue
			}
			if ph.where == atStart && !leading {
				continue
			}
			rest := norm[p:]
			if !strings.HasPrefix(rest, ph.words) || len(rest) > len(ph.words) && rest[len(ph.words)] != ' ' {
				continue
			}
			rest = strings.TrimPrefix(rest[len(ph.words):], " ")
			if !ends(ph.tail, rest) && !(ph.tail == tailEnd && strings.HasPrefix(rest, "for purchase") && strings.IndexByte(norm[:p], '@') >= 0) {
				continue
			}
			here = ph
		}
		if here.words != "" && (best.outcome == "" || here.rank < best.rank || here.rank == best.rank && (best.category == "release" || best.category == "application") && here.category != "") {
			best = outcomeLine{outcome: here.outcome, rank: here.rank, category: here.category, says: says(here.outcome)}
		}
		if leading && !fillers()[word] && !numeric(word) {
			leading = false
		}
	}
	if o := sign(norm); o != "" && (best.outcome == "" || ranks[o] < best.rank) {
		best = outcomeLine{outcome: o, rank: ranks[o], says: says(o)}
	}
	if best.outcome == "" {
		return best
	}
	if best.outcome == whoisx.NotRegistered {
		// "Domain not found: query limit of 10 exceeded" is about the limit.
		if o := r.doubt(norm); o != "" {
			return outcomeLine{outcome: o, rank: ranks[o], says: says(o)}
		}
		if elsewhere(norm) {
			return outcomeLine{}
		}
		if priceIn(text) != nil {
			return outcomeLine{outcome: whoisx.Premium, rank: ranks[whoisx.Premium], says: says(whoisx.Premium)}
		}
	}
	// "All rights reserved", "restricted by copyright", "reserves the right".
	if best.outcome == whoisx.Reserved && holdsAny(norm, rights[:]) {
		return outcomeLine{}
	}
	// "Automated access is prohibited", without a word of names.
	if best.outcome == whoisx.Reserved && r.has&ofUse != 0 && r.has&ofName == 0 && !strings.Contains(norm, "reserv") {
		return outcomeLine{}
	}
	return best
}

// rights are words of sentences in which rights are reserved, not names.
var rights = [...]string{"right", "权利", "權利", "版权", "版權", "解释权", "解釋權", "所有权", "所有權"}

func ends(t tail, rest string) bool {
	switch t {
	case tailEnd:
		if rest == "" || rest == "@" {
			return true
		}
		for _, e := range endings {
			if strings.HasPrefix(rest, e) {
				return true
			}
		}
		return false
	case tailFew:
		if _, no := yesNo(rest); no {
			return false // "Premium: no"
		}
		return strings.Count(rest, " ") < 3 && !strings.HasPrefix(rest, "in ")
	}
	return true
}

// normalise writes a sentence in lower case, its words apart by one blank, the
// name that was asked as "@", without punctuation.
func (r *reader) normalise(s string) {
	b, pos := r.norm[:0], r.pos[:0]
	gap := true
	for i := 0; i < len(s); {
		c := s[i]
		if gap && c > ' ' {
			if n := r.nameAt(s[i:]); n > 0 {
				if len(b) > 0 {
					b = append(b, ' ')
				}
				pos, b = append(pos, len(b)), append(b, '@')
				i += n
				continue
			}
		}
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c >= 0x80:
			if gap {
				if len(b) > 0 {
					b = append(b, ' ')
				}
				pos = append(pos, len(b))
				gap = false
			}
			u, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, unicode.ToLower(u))
			i += n
			continue
		case c == '\'' && !gap && i+1 < len(s):
			i++ // "doesn't" is one word
			continue
		default:
			gap = true
			i++
			continue
		}
		if gap {
			if len(b) > 0 {
				b = append(b, ' ')
			}
			pos = append(pos, len(b))
			gap = false
		}
		b = append(b, c)
		i++
	}
	r.norm, r.pos = b, pos
}

// nameAt returns the length of the asked name at the start of s, 0 if it does
// not stand there.
func (r *reader) nameAt(s string) int {
	for _, n := range [2]string{r.name, r.uname} {
		if n == "" || len(s) < len(n) || s[0]|0x20 != n[0]|0x20 || !strings.EqualFold(s[:len(n)], n) {
			continue
		}
		if rest := s[len(n):]; rest != "" {
			c := rest[0] | 0x20
			if c >= 'a' && c <= 'z' || rest[0] >= '0' && rest[0] <= '9' || rest[0] == '-' || rest[0] >= 0x80 {
				continue
			}
			if rest[0] == '.' && len(rest) > 1 && (rest[1]|0x20 >= 'a' && rest[1]|0x20 <= 'z' || rest[1] >= '0' && rest[1] <= '9') {
				continue
			}
		}
		return len(n)
	}
	return 0
}

// says puts an outcome in words.
func says(o whoisx.Outcome) string {
	switch o {
	case whoisx.RateLimited:
		return "asked too often"
	case whoisx.Refused:
		return "not allowed to ask"
	case whoisx.Unreachable:
		return "the server cannot answer now"
	case whoisx.Unsupported:
		return "the server does not serve this suffix"
	case whoisx.Invalid:
		return "the server calls the name malformed"
	case whoisx.Blocked:
		return "blocked"
	case whoisx.Premium:
		return "a premium name"
	case whoisx.Gated:
		return "not open to all"
	case whoisx.Reserved:
		return "reserved"
	case whoisx.Unreadable:
		return "can mean several things"
	case whoisx.NotRegistered:
		return "not registered"
	}
	return string(o)
}
