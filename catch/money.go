package catch

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Money is an exact amount in one currency. Units are ten-thousandths of the
// currency's main unit, so that every price seen in the field (cents, mills,
// micro-units of GoDaddy rounded up by its connector) is exact and sums never
// drift. The zero Money is no money in no currency.
type Money struct {
	Units    int64  // 1/10000 of the main unit
	Currency string // ISO 4217, upper case
}

const moneyScale = 10000

// noCents are the currencies written without decimals (ISO 4217).
var noCents = map[string]bool{"JPY": true, "KRW": true, "VND": true, "CLP": true, "ISK": true}

// ErrCurrency says that two amounts in different currencies met.
var ErrCurrency = errors.New("different currencies")

// ParseMoney reads "60USD", "60 USD", "USD 60" or "24.99USD". An amount
// without a currency is an error that says so.
func ParseMoney(s string) (Money, error) {
	t := strings.ToUpper(strings.TrimSpace(s))
	if t == "" {
		return Money{}, fmt.Errorf("read amount: empty; write it like 60USD")
	}
	letters := func(r rune) bool { return r >= 'A' && r <= 'Z' }
	var num, cur string
	if i := strings.IndexFunc(t, letters); i > 0 {
		num, cur = strings.TrimSpace(t[:i]), t[i:]
	} else if i == 0 {
		j := strings.IndexFunc(t, func(r rune) bool { return !letters(r) })
		if j < 0 {
			return Money{}, fmt.Errorf("read amount %q: no number; write it like 60USD", s)
		}
		cur, num = t[:j], strings.TrimSpace(t[j:])
	} else {
		return Money{}, fmt.Errorf("read amount %q: it has no currency; write it like %sUSD", s, t)
	}
	if len(cur) != 3 || strings.IndexFunc(cur, func(r rune) bool { return !letters(r) }) >= 0 {
		return Money{}, fmt.Errorf("read amount %q: %q is no currency of three letters", s, cur)
	}
	return MoneyOf(num, cur)
}

// MoneyOf reads a plain decimal amount ("24.99") in a currency.
func MoneyOf(amount, currency string) (Money, error) {
	whole, frac, _ := strings.Cut(strings.TrimSpace(amount), ".")
	neg := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	if whole == "" && frac == "" {
		return Money{}, fmt.Errorf("read amount %q: no number", amount)
	}
	if t := strings.TrimRight(frac, "0"); len(t) <= 4 {
		frac = t
	} else {
		return Money{}, fmt.Errorf("read amount %q: more than four decimals", amount)
	}
	var n int64
	for _, c := range whole + frac + strings.Repeat("0", 4-len(frac)) {
		if c < '0' || c > '9' {
			return Money{}, fmt.Errorf("read amount %q: not a plain decimal number", amount)
		}
		if n > (math.MaxInt64-9)/10 {
			return Money{}, fmt.Errorf("read amount %q: too large", amount)
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return Money{Units: n, Currency: strings.ToUpper(strings.TrimSpace(currency))}, nil
}

// IsZero reports whether there is no amount (whatever the currency).
func (m Money) IsZero() bool { return m.Units == 0 }

// Cmp compares two amounts of one currency: -1, 0, 1. A zero Money without a
// currency compares with any.
func (m Money) Cmp(o Money) (int, error) {
	if m.Currency != o.Currency && m.Currency != "" && o.Currency != "" {
		return 0, fmt.Errorf("compare %s with %s: %w", m, o, ErrCurrency)
	}
	switch {
	case m.Units < o.Units:
		return -1, nil
	case m.Units > o.Units:
		return 1, nil
	}
	return 0, nil
}

// Add adds two amounts of one currency. A zero Money without a currency adds
// to any.
func (m Money) Add(o Money) (Money, error) {
	switch {
	case m.Currency == "" && m.Units == 0:
		return o, nil
	case o.Currency == "" && o.Units == 0:
		return m, nil
	case m.Currency != o.Currency:
		return Money{}, fmt.Errorf("add %s to %s: %w", o, m, ErrCurrency)
	}
	s := m.Units + o.Units
	if (o.Units > 0 && s < m.Units) || (o.Units < 0 && s > m.Units) {
		return Money{}, fmt.Errorf("add %s to %s: too large", o, m)
	}
	return Money{Units: s, Currency: m.Currency}, nil
}

// Times multiplies an amount, as for a price a year.
func (m Money) Times(n int) (Money, error) {
	if p := m.Units * int64(n); n == 0 || p/int64(n) == m.Units {
		return Money{Units: p, Currency: m.Currency}, nil
	}
	return Money{}, fmt.Errorf("multiply %s by %d: too large", m, n)
}

// Neg returns the amount with its sign turned.
func (m Money) Neg() Money { return Money{Units: -m.Units, Currency: m.Currency} }

// Amount writes the number alone: two decimals, more where they are needed,
// none for currencies without cents.
func (m Money) Amount() string {
	n, sign := m.Units, ""
	if n < 0 {
		sign = "-"
		n = -n
	}
	whole, frac := n/moneyScale, n%moneyScale
	if frac == 0 && noCents[m.Currency] {
		return fmt.Sprintf("%s%d", sign, whole)
	}
	f := fmt.Sprintf("%04d", frac)
	for len(f) > 2 && f[len(f)-1] == '0' {
		f = f[:len(f)-1]
	}
	return fmt.Sprintf("%s%d.%s", sign, whole, f)
}

// String writes "24.99 USD"; the zero Money is "-".
func (m Money) String() string {
	if m.Currency == "" {
		if m.Units == 0 {
			return "-"
		}
		return m.Amount()
	}
	return m.Amount() + " " + m.Currency
}

type moneyJSON struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// MarshalJSON writes {"amount":"24.99","currency":"USD"}; the zero Money is
// null.
func (m Money) MarshalJSON() ([]byte, error) {
	if m == (Money{}) {
		return []byte("null"), nil
	}
	return json.Marshal(moneyJSON{m.Amount(), m.Currency})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Money) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*m = Money{}
		return nil
	}
	var j moneyJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("read money: %w", err)
	}
	v, err := MoneyOf(j.Amount, j.Currency)
	if err != nil {
		return fmt.Errorf("read money: %w", err)
	}
	*m = v
	return nil
}
