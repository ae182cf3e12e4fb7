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
		},
		whoisx.Unreachable: {"Server is overloaded", "System maintenance in progress", "Registry database is currently offline", "WHOIS server is currently down", "Whois service is temporarily suspended"},
		whoisx.Unsupported: {"WHOIS over port 43 has ended", "WHOIS service has been terminated. Use RDAP at https://rdap.example", "The WHOIS service has been sunsetted."},
	} {
		for _, text := range texts {
			for _, answer := range []string{"", "Domain not found.\n"} {
				if a := Classify([]byte(answer+text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != want {
					t.Errorf("%q: read %s (%s), want %s", answer+text, a.Outcome, a.Why, want)
				}
			}
		}
	}
	// Words of those classes in sentences about something else.
	for _, text := range []string{
		"The registry is reached at this number: +1.5555550100", "Automated queries are not allowed", "Access to the whois service is rate limited.",
		"NOTE: FAILURE TO LOCATE A RECORD IN THE WHOIS DATABASE IS NOT", "You are not permitted to use this data for marketing", "The registrar's system may be offline",
	} {
		if a := Classify([]byte("Domain not found.\n\n"+text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != whoisx.NotRegistered {
			t.Errorf("%q: read %s (%s)", text, a.Outcome, a.Why)
		}
	}
}
