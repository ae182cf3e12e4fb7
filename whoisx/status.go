package whoisx

import "strings"

// statuses are the EPP words (RFC 5731 §2.3, RFC 3915 §3.1), keyed by their
// letters in lower case, so that any spelling finds them: "client hold",
// "CLIENT-HOLD", "clientHold https://icann.org/epp#clientHold".
var statuses = func() map[string]string {
	m := map[string]string{}
	for _, w := range []string{
		"ok", "inactive", "clientHold", "serverHold",
		"clientDeleteProhibited", "clientRenewProhibited", "clientTransferProhibited", "clientUpdateProhibited",
		"serverDeleteProhibited", "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited",
		"pendingCreate", "pendingDelete", "pendingRenew", "pendingRestore", "pendingTransfer", "pendingUpdate",
		"addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod",
	} {
		m[strings.ToLower(w)] = w
	}
	m["active"] = "ok" // RFC 8056 §2
	m["autorenewgraceperiod"] = "autoRenewPeriod"
	m["addgraceperiod"] = "addPeriod"
	m["renewgraceperiod"] = "renewPeriod"
	m["transfergraceperiod"] = "transferPeriod"
	m["autorenewgrace"] = "autoRenewPeriod" // CIRA
	m["clientxferprohibited"] = "clientTransferProhibited"
	m["serverxferprohibited"] = "serverTransferProhibited"
	m["redemption"] = "redemptionPeriod"
	m["redemptiongraceperiod"] = "redemptionPeriod"
	m["pendingdeleterestorable"] = "redemptionPeriod"
	return m
}()

// Status normalises one status in any spelling to its EPP word. The second
// result is false when it is no EPP word; then the first is "".
func Status(said string) (string, bool) {
	if i := strings.Index(said, "http"); i > 0 {
		said = said[:i]
	}
	var b strings.Builder
	for _, r := range said {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		}
	}
	w, ok := statuses[b.String()]
	return w, ok
}
