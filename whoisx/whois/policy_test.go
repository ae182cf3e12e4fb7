package whois

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestPolicies reads what servers tell of other cases, beside an answer: it
// changes nothing, in any language. Alone it is why there is no answer.
func TestPolicies(t *testing.T) {
	const record = "Domain Name: lapse.example\nCreation Date: 2001-02-03\nName Server: ns1.example.net\n\n"
	for alone, texts := range map[whoisx.Outcome][]string{
		whoisx.RateLimited: {
			"If you exceed the limit, your IP address will be temporarily blocked.", "Your IP address may be temporarily blocked due to excessive querying.", "Queries over the limit will be refused.",
			"Too many queries may result in your IP address being blocked.", "When the limit is reached, access is denied.", "In case of too many requests please contact hostmaster@example.com",
			"Please do not send too many queries.", "The rate limit is 10 queries per minute.", "Rate limit: 10 queries per minute", "Daily limit: 1000 queries", "查询次数限制：每天100次",
			"조회 횟수 초과 시 접속이 제한될 수 있습니다", "조회 횟수를 초과하면 접속이 제한됩니다", "短時間に大量の検索を行うとアクセスが制限されることがあります", "制限を超えた場合、アクセスが制限される場合があります。", "一定回数を超えると接続が拒否されることがあります。",
			"如果查询过于频繁，您的IP可能被限制访问", "请勿频繁查询", "若查询次数超过限制，将拒绝访问", "如查詢過於頻繁，將被拒絕", "หากค้นหาเกินกำหนด อาจถูกปฏิเสธ",
			"Zu viele Anfragen können zur Sperrung führen", "En cas de dépassement, trop de requêtes peuvent entraîner un blocage", "Если превышено число запросов, адрес может быть заблокирован",
			"Si se ha superado el límite de consultas, su IP será bloqueada", "Jeśli przekroczono limit zapytań, dostęp będzie zablokowany", "Pokud bude překročen limit dotazů, přístup bude zablokován", "Sorgu limiti aşılırsa erişim engellenebilir",
		},
		whoisx.Refused: {"If you have been blocked please contact hostmaster@example.com", "과도한 조회를 하는 경우 접속이 거부될 수 있습니다.", "При превышении доступ ограничен"},
		whoisx.Reserved: {
			"予約ドメイン名についてはこちらをご覧ください", "予約ドメイン名に関する情報は下記をご参照ください", "예약 도메인에 대한 안내는 홈페이지를 참조하십시오", "일부 도메인은 등록이 제한될 수 있습니다", "有关保留域名，请参见 https://example.cn", "保留域名列表请见官网",
			"For reserved names see https://example.com/reserved", "Reserved names: see https://example.com/reserved", "A list of reserved domain names is available at https://example.com/", "Some names are reserved by the registry and can not be registered.",
		},
		whoisx.Premium:     {"Premium domains are listed at https://example.com/premium", "Information about premium domains: https://example.com/premium"},
		whoisx.Unsupported: {"WHOIS is being replaced by RDAP, see https://rdap.example.", "This WHOIS server will be retired on 2027-01-28. Please use RDAP."},
		whoisx.Blocked:     {"For trademark protection see our website."},
		whoisx.Unreadable:  {"版权所有 保留一切权利", "版权所有，保留所有权利。", "版權所有 保留一切權利", "著作權所有 保留所有權利", "保留最终解释权"},
	} {
		for _, text := range texts {
			for answer, want := range map[string]whoisx.Outcome{"": alone, "Domain not found.\n\n": whoisx.NotRegistered, "该域名未注册\n": whoisx.NotRegistered, "Domain: lapse.example\nStatus: AVAILABLE\n\n": whoisx.NotRegistered, "lapse.example is reserved\n": whoisx.Reserved, record: whoisx.Registered, "Access denied\n": whoisx.Refused} {
				if a := Classify([]byte(answer+text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != want {
					t.Errorf("%q: read %s (%s), want %s", answer+text, a.Outcome, a.Why, want)
				}
			}
		}
	}
}

// TestPolicyIsShown holds that a policy that was passed over stands in the
// evidence, so that a person sees why it counts for nothing.
func TestPolicyIsShown(t *testing.T) {
	a := Classify([]byte("Domain not found.\n\nIf you exceed the limit, access is denied.\n"), "", "lapse.example", time.Time{})
	if n := len(a.Evidence); n != 2 || a.Evidence[1].Line != 3 || a.Evidence[1].Says != "told of other cases, not of this one" {
		t.Errorf("evidence %v", a.Evidence)
	}
}

// TestLasts reads how long a limit lasts where a policy tells of a longer one.
func TestLasts(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Query limit exceeded, try again in 10 minutes\n":                                                            10 * time.Minute,
		"Clients that exceed the limit will be blocked for 24 hours.\n\nQuery limit exceeded. Wait for 50 seconds\n": 50 * time.Second,
		"Clients over the limit will be blocked for 24 hours.\n\nQuery limit exceeded\n\nWait for 50 seconds\n":      50 * time.Second,
		"Too many queries will get you blocked for 24 hours.\n":                                                      0,
		"Too many requests\n": 0,
	} {
		a := Classify([]byte(text), "", "lapse.example", time.Time{})
		if a.Outcome != whoisx.RateLimited || time.Duration(a.RetryAfter) != want {
			t.Errorf("%q: %s (%s), asked again after %s, want %s", text, a.Outcome, a.Why, time.Duration(a.RetryAfter), want)
		}
	}
}

// TestStatements reads what servers state of this question in the words of
// policies, beside an answer that says that nothing was found: it is not free.
func TestStatements(t *testing.T) {
	for want, texts := range map[whoisx.Outcome][]string{
		whoisx.RateLimited: {
			"You have exceeded the limit. If you need more queries, contact us.", "Your IP has been temporarily blocked, access will be restored later.", "Query limit exceeded, you may try again in 10 minutes", "If you see this message, you have exceeded the limit",
			"You may query again in 10 minutes: query limit exceeded.", "Too many requests. Further requests will be denied.", "Your query will not be answered due to excessive querying", "You can not query now because your limit has been exceeded", "10 queries per minute exceeded", "Your request could not be performed. Lookup quota may be exceeded.", "Your query was refused due to query limit controls", "Excessive use",
			"查询过于频繁，如有疑问请联系管理员", "您的IP查询次数已超过限制，请稍后再试", "クエリ数が上限に達しました", "查询次数已达上限", "제한 시간 내 조회 횟수를 초과하여 접속이 제한되었습니다", "您今天的查询次数限制已用完，每天100次", "조회 횟수를 초과하였으니 잠시 후 다시 시도하시면 됩니다", "制限を超えたため、表示できない場合があります", "アクセスが制限されています",
		},
		whoisx.Gated:    {"This domain is only available for registration under certain conditions"},
		whoisx.Refused:  {"Your IP has been blocked for exceeding 30 queries a minute.", "Access to whois service at whois.example was **DENIED**", "Access denied. If you believe that this is an error, contact us."},
		whoisx.Reserved: {"lapse.example may not be registered", "This name is reserved. For reserved names see https://example.com/", "For this reserved name see https://example.com/", "该域名在保留域名列表中，请见官网", "このドメイン名は予約されています。詳しくは https://example.jp/ を参照してください。", "이 도메인은 예약되어 있습니다. 안내를 참조하십시오"},
		whoisx.Premium:  {"This name may be available at a premium price", "For sale as a premium domain"},
	} {
		for _, text := range texts {
			for _, answer := range []string{"", "Domain not found.\n\n", "No match for lapse.example\n", "Domain: lapse.example\nStatus: AVAILABLE\n\n"} {
				if a := Classify([]byte(answer+text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != want {
					t.Errorf("%q: read %s (%s), want %s", answer+text, a.Outcome, a.Why, want)
				}
			}
		}
	}
}
