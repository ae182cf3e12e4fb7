package epp

import (
	"github.com/lapse-dev/lapse/catch"
)

// BalanceInfo asks for the account's balance, where the server offers a mapping
// for it (Services.Balance). No RFC has one.
type BalanceInfo struct{}

// Op names the command.
func (BalanceInfo) Op() string { return "read the account's balance" }

func (BalanceInfo) body(w *writer) {
	ns := w.svc.Balance()
	if ns == "" {
		w.fail("write frame: the server offers no mapping for the account's balance")
	}
	w.raw(`<info><balance:info xmlns:balance="` + ns + `"/></info>`)
}

// Balance is what an account has left, in plain decimals: some servers name the
// currency, others do not.
type Balance struct {
	Balance   string `json:"balance"`
	Limit     string `json:"credit_limit,omitempty"`
	Available string `json:"available,omitempty"` // balance and limit together
	Threshold string `json:"threshold,omitempty"` // where the server begins to warn
	Currency  string `json:"currency,omitempty"`
}

// Money returns what is left, in the currency that the server named or else in
// this one.
func (b Balance) Money(currency string) (catch.Money, error) {
	if b.Currency != "" {
		currency = b.Currency
	}
	return money(b.Balance, currency)
}

// ReadBalance reads the answer to BalanceInfo.
func ReadBalance(r *Response) (Balance, bool) {
	for _, n := range r.Data {
		if n.Local != "infData" || n.Space != NSBalance && n.Space != NSBalanceCH {
			continue
		}
		return Balance{
			Balance: n.Child("balance").Str(), Limit: n.Child("creditLimit").Str(), Available: n.Child("availableCredit").Str(),
			Threshold: flat(n.Child("creditThreshold")), Currency: n.Child("currency").Str(),
		}, true
	}
	return Balance{}, false
}
