package whois

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestComposed reads sentences that no lexicon holds as they are: of whom or
// of what they speak, and what they say of it. Beside them nothing found means
// nothing.
func TestComposed(t *testing.T) {
	for want, texts := range map[whoisx.Outcome][]string{
		whoisx.RateLimited: {
			"Your query quota is exhausted and will be replenished in 50 seconds", "The maximum number of requests per hour has been reached", "Maximum lookups reached", "Request rate limit hit", "Number of allowed queries exceeded.",
			"Your client was throttled", "Exceeded quota", "max hits exceeded", "Taxa de consultas excedida", "Limite di interrogazioni superato", "Nombre maximal de requêtes atteint",
			"Maximale Anzahl von Anfragen überschritten", "Лимит запросов исчерпан", "Limit zapytań został wyczerpany", "U heeft het maximum aantal aanvragen bereikt",
		},
		whoisx.Refused: {
			"Your IP address is on our blacklist", "Access from your country is not allowed", "You do not have permission to query this server", "Client not in whitelist", "IP not whitelisted", "Anonymous access is disabled",
			"Votre adresse IP a été bloquée.", "Ihre IP-Adresse wurde gesperrt.", "Su dirección IP ha sido bloqueada.", "Il tuo indirizzo IP è stato bloccato.", "Ваш IP-адрес заблокирован.", "Twój IP został zablokowany.", "您的IP已被限制", "접속이 차단되었습니다", "Sorry, you cannot query this server right now.",
		},
		whoisx.Unreachable: {"Server is overloaded", "System maintenance in progress", "Registry database is currently offline", "WHOIS server is currently down", "Whois service is temporarily suspended", "The registry database could not be reached.", "Your query could not be answered.", "Temporary failure, try again.", "Error 503"},
		whoisx.Unsupported: {"WHOIS over port 43 has ended", "WHOIS service has been terminated. Use RDAP at https://rdap.example", "The WHOIS service has been sunsetted.", "This server is no longer in operation."},
		whoisx.Reserved:    {"Dieser Name ist reserviert.", "Ce nom est réservé.", "Este dominio está reservado.", "Questo nome è riservato."},
		whoisx.Premium:     {"该域名为溢价域名"},
	} {
		for _, text := range texts {
			for _, answer := range []string{"", "Domain not found.\n", "Domain: lapse.example\nStatus: free\n"} {
				if a := Classify([]byte(answer+text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != want {
					t.Errorf("%q: read %s (%s), want %s", answer+text, a.Outcome, a.Why, want)
				}
			}
		}
	}
	// Words of those classes in sentences about something else.
	for _, text := range []string{
		"The registry is reached at this number: +1.5555550100", "Automated queries are not allowed", "Automated access is prohibited.", "High volume queries are prohibited", "Access to the whois service is rate limited.",
		"NOTE: FAILURE TO LOCATE A RECORD IN THE WHOIS DATABASE IS NOT", "You are not permitted to use this data for marketing", "The registrar's system may be offline", "Su dominio está bloqueado para transferencias por su registrador",
	} {
		if a := Classify([]byte("Domain not found.\n\n"+text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != whoisx.NotRegistered {
			t.Errorf("%q: read %s (%s)", text, a.Outcome, a.Why)
		}
	}
}

// TestNotPlainlyFree reads answers that call a name free or not found and say
// in another place, in few words, that it is not for everybody: labels that are
// questions, classes of price, what stands in parentheses, a price.
func TestNotPlainlyFree(t *testing.T) {
	const free = "Domain Name: lapse.example\nStatus: Available\n"
	for text, want := range map[string]whoisx.Outcome{
		free:                                        whoisx.NotRegistered,
		free + "Premium: No\nReserved: No\n":        whoisx.NotRegistered,
		free + "Tier: standard\n":                   whoisx.NotRegistered,
		free + "Premium: Yes\n":                     whoisx.Premium,
		free + "Tier: PREMIUM1\n":                   whoisx.Premium,
		free + "Price Tier: Gold\n":                 whoisx.Premium,
		free + "Reserved: Yes\n":                    whoisx.Reserved,
		free + "Blocked: yes\n":                     whoisx.Blocked,
		free + "Comment: reserved for government\n": whoisx.Reserved,
		"Domain Name: lapse.example\nStatus: Available (Premium)\n":                    whoisx.Premium,
		"Domain Name: lapse.example\nStatus: Available (auction)\n":                    whoisx.Gated,
		"Domain Name: lapse.example\nStatus: Free (blocked)\n":                         whoisx.Blocked,
		"Domain Name: lapse.example\nAvailable: Yes\n":                                 whoisx.NotRegistered,
		"Domain Name: lapse.example\nRegistered: No\n":                                 whoisx.NotRegistered,
		"Domain Name: lapse.example\nRegistered: Yes\n":                                whoisx.Registered,
		"Domain Name: lapse.example\nAvailable: No\n":                                  whoisx.Reserved,
		"Domain Name: lapse.example\nAvailable: No\nCreation Date: 2001-02-03\n":       whoisx.Registered,
		"lapse.example is available for purchase\n":                                    whoisx.NotRegistered,
		"lapse.example is available for purchase at $2,500\n":                          whoisx.Premium,
		"lapse.example is available for purchase at a price of USD 2500\n":             whoisx.Premium,
		"No match.\nNames of two characters are reserved.\n":                           whoisx.Reserved,
		"Domain not found.\nThis domain is available for pre-registration.\n":          whoisx.Gated,
		"Domain not found.\nlapse.example will be available on 2027-01-01.\n":          whoisx.Gated,
		"lapse.example is already registered\n":                                        whoisx.Registered,
		"Domain name lapse.example has been registered.\n":                             whoisx.Registered,
		"lapse.example exists\n":                                                       whoisx.Registered,
		"The domain is registered.\n":                                                  whoisx.Unreadable,
		"another.example is registered\n":                                              whoisx.Unreadable,
		"lapse.example is registered or reserved\nNo match\n":                          whoisx.Unreadable,
		"No match\nWhether lapse.example is registered is not told here\n":             whoisx.NotRegistered,
		"There is no domain lapse.example in the registry\n":                           whoisx.NotRegistered,
		"Above domain name is not registered to KRNIC.\n":                              whoisx.NotRegistered,
		"Use of this service is free.\n\nAvailable: Yes\nNo match for lapse.example\n": whoisx.NotRegistered,
	} {
		if a := Classify([]byte(text), "", "lapse.example", time.Time{}); a.Outcome != want {
			t.Errorf("%q: read %s (%s), want %s", text, a.Outcome, a.Why, want)
		}
	}
}
