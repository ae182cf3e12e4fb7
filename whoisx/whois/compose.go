package whois

import "github.com/lapse-dev/lapse/whoisx"

// mark is a class of words. Servers say that somebody asked too often, or that
// they cannot answer, in more sentences than a lexicon has; but what they say
// it of and what they say of it come from few words.
type mark uint16

const (
	ofLimit   mark = 1 << iota // a bound
	ofCount                    // a count that may have one
	ofAsking                   // questions
	isSpent                    // reached, exceeded
	isSlowed                   // throttled
	ofAsker                    // whoever asks
	isDenied                   // refused, blocked
	isGranted                  // allowed: with a "not", denied
	isNot
	ofServer // what answers
	isDown   // fails for now
	isEnded  // is gone for good
	ofName   // names, their registration
	ofUse    // what is done with an answer, and how it is asked for
	ofTerms  // what regulates that
)

// marks are the words of every class.
var marks = [...]struct {
	of    mark
	words string
}{
	{ofLimit, "limit limits ratelimit quota quotas allowance allotment maximum max maximal maximale maximaal threshold límite límites limite limites limiet máximo maxima massimo лимит лимита ліміт limita limitu limitul kvóta kvótu"},
	{ofCount, "rate number cap número numero nombre nummer anzahl taxa aantal antal liczba liczbę počet число"},
	{ofAsking, "query queries request requests lookup lookups search searches hits connection connections consultas consulta requêtes anfragen abfragen interrogazioni richieste aanvragen verzoeken zapytań dotazů запросов"},
	{isSpent, "exceeded exhausted reached depleted spent surpassed overrun hit dépassé dépassée dépassées atteint atteinte épuisé überschritten erreicht erschöpft excedido excedida superado superada superó alcanzado alcanzada agotado atingido atingida ultrapassado esgotado superato superata raggiunto raggiunta esaurito overschreden bereikt превышен превышена превышено превысили исчерпан исчерпана исчерпано перевищено вичерпано przekroczony przekroczona przekroczono wyczerpany wyczerpano překročen překročena vyčerpán prekročený prekoračen depășit depășită atinsă túllépve överskriden överskridet överskridits nådd overskredet ylitetty ylittynyt aşıldı aştınız doldu"},
	{isSlowed, "throttled ratelimited"},
	{ofAsker, "you your ip client address anonymous country"},
	{isDenied, "denied refused rejected forbidden blocked banned blacklisted blacklist blocklisted blocklist denylisted disallowed disabled unauthorized unauthorised bloqué bloquée gesperrt bloqueada bloqueado bloccato bloccata geblokkeerd заблокирован заблокирована заблоковано zablokowany zablokowana zablokovaná blokeret blokkert blockerad estetty engellendi engellenmiştir blocat blocată letiltva"},
	{isGranted, "allowed permitted permission accepted authorized authorised whitelisted whitelist allowlisted allowlist"},
	{isNot, "not no cannot never arent isnt without"},
	{ofServer, "server servers service services system database backend whois rdds registry gateway upstream socket port protocol"},
	{isDown, "overloaded down offline unavailable unreachable unresponsive inaccessible maintenance outage suspended crashed"},
	{isEnded, "ended terminated retired sunset sunsetted discontinued decommissioned deprecated superseded replaced ceased closed abolished"},
	{ofName, "@ domain domains name names domainname registration registrations register registered registrant registrar registrars nameserver nameservers holder status dominio domínio domaine домен домена domeniu doména domena domene domän domæne domeen name nombre nome nom"},
	{ofUse, "data information purpose purposes marketing commercial advertising spam use copy copied accuracy automated automatic bulk excessive abusive abuse mass volume repeated robots scripts mining harvesting"},
	{ofTerms, "law laws copyright terms conditions policy policies warranty liability liable"},
}

// sentence is saying for a line in which a server speaks of itself: what words
// of certain classes make together counts as well.
func (r *reader) sentence(t string) outcomeLine {
	s := r.saying(t)
	if o := composed(r.has, len(r.pos)); o != "" && (s.outcome == "" || ranks[o] < s.rank) {
		return outcomeLine{outcome: o, rank: ranks[o], says: says(o)}
	}
	return s
}

// composed concludes from the classes of a sentence's words; "" if nothing
// follows.
func composed(has mark, words int) whoisx.Outcome {
	all := func(m mark) bool { return has&m == m }
	switch {
	case all(ofLimit | isSpent), all(ofCount | ofAsking | isSpent):
		return whoisx.RateLimited
	case has&(ofName|ofUse|ofTerms) != 0, words > 16:
		return "" // a long sentence is part of a legal text
	case all(ofAsker | isSlowed):
		return whoisx.RateLimited
	case all(ofAsker | isDenied), all(ofAsker | isNot | isGranted):
		return whoisx.Refused
	case all(ofServer | isEnded):
		return whoisx.Unsupported
	case all(ofServer | isDown):
		return whoisx.Unreachable
	}
	return ""
}
