package catch

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseMoney(t *testing.T) {
	for in, want := range map[string]string{
		"60USD": "60.00 USD", "60 USD": "60.00 USD", "usd 24.99": "24.99 USD", "0.0001EUR": "0.0001 EUR", "11.0800 GBP": "11.08 GBP",
		"1200JPY": "1200 JPY", ".5USD": "0.50 USD", "-3USD": "-3.00 USD",
	} {
		m, err := ParseMoney(in)
		if err != nil || m.String() != want {
			t.Errorf("%q is %s, %v; want %s", in, m, err, want)
		}
	}
	for in, says := range map[string]string{
		"": "empty", "60": "no currency", "USD": "no number", "60 DOLLARS": "three letters", "6,0USD": "plain decimal",
		"1.00001USD": "four decimals", "99999999999999999999USD": "too large", "1e9USD": "three letters", "--1USD": "plain decimal",
	} {
		if _, err := ParseMoney(in); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want it to say %q", in, err, says)
		}
	}
}

func TestMoneyNeverMixesCurrencies(t *testing.T) {
	usd, eur := Money{10000, "USD"}, Money{10000, "EUR"}
	if _, err := usd.Cmp(eur); !errors.Is(err, ErrCurrency) {
		t.Errorf("compared: %v", err)
	}
	if _, err := usd.Add(eur); !errors.Is(err, ErrCurrency) {
		t.Errorf("added: %v", err)
	}
	if _, err := (Money{1<<63 - 1, "USD"}).Add(usd); err == nil {
		t.Error("overflowed")
	}
	if m, err := (Money{1<<62 + 25, "USD"}).Times(4); err == nil {
		t.Errorf("multiplied to %s", m)
	}
	if m, err := usd.Times(3); err != nil || m != (Money{30000, "USD"}) {
		t.Errorf("three years: %v, %v", m, err)
	}
	if m, err := (Money{}).Add(usd); err != nil || m != usd {
		t.Errorf("nothing plus one: %v, %v", m, err)
	}
}

func TestMoneyRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Money{rapid.Int64Range(-1<<50, 1<<50).Draw(t, "units"), rapid.SampledFrom([]string{"USD", "EUR", "JPY"}).Draw(t, "currency")}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Money
		if err := json.Unmarshal(b, &back); err != nil || back != m {
			t.Fatalf("%s came back as %v, %v", b, back, err)
		}
	})
}

// TestMoves walks orders at random: an ended order stays ended, but for a win
// that is reversed, and nothing comes back to life to be sent again.
func TestMoves(t *testing.T) {
	all := []State{
		Planned, Requested, Active, Processing, InDoubt, AuctionLeading, AuctionOutbid, PaymentDue,
		WonProvisional, Won, Lost, Failed, RefusedOrder, Cancelled, Reversed, RefundDue,
	}
	rapid.Check(t, func(t *rapid.T) {
		o := Order{ID: 1, Name: "tinplate.com", State: Planned}
		for range 30 {
			from := o.State
			to := rapid.SampledFrom(all).Draw(t, "to")
			err := o.Move(to, "test")
			if (err == nil) != CanMove(from, to) {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			if err != nil && o.State != from {
				t.Fatalf("a refused move changed the state to %s", o.State)
			}
			if from.Ended() && from != Won && o.State != from {
				t.Fatalf("%s went on to %s", from, o.State)
			}
			if from == Won && o.State != Won && o.State != Reversed {
				t.Fatalf("won went on to %s", o.State)
			}
		}
	})
	for _, s := range all {
		if s.Ended() == s.Holds() {
			t.Errorf("%s: ended %t and holds %t", s, s.Ended(), s.Holds())
		}
	}
}

func TestSecretHides(t *testing.T) {
	s := NewSecret("hunter2")
	type holder struct {
		S      Secret
		hidden Secret
	}
	j, _ := json.Marshal(holder{s, s})
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s)
	for _, out := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", holder{s, s}, holder{s, s}, holder{s, s}, s), string(j), log.String()} {
		if strings.Contains(out, "hunter2") {
			t.Errorf("it shows in %q", out)
		}
	}
	if s.Reveal() != "hunter2" {
		t.Error("it is lost")
	}
}

func TestWords(t *testing.T) {
	if got := Words("a\x1b]0;x\a\r\n\u202e b\xff"); got != "a]0;x b" {
		t.Errorf("%q", got)
	}
	if got := []rune(Words(strings.Repeat("ü", 500))); len(got) != 300 {
		t.Errorf("%d characters", len(got))
	}
}

func TestErrorSaysAll(t *testing.T) {
	err := fmt.Errorf("order: %w", &Error{Kind: RateLimited, Service: "Dynadot", Op: "place backorder", Words: "slow down", Hint: "it is asked again later"})
	if KindOf(err) != RateLimited || err.Error() != "order: place backorder at Dynadot: rate_limited (slow down); it is asked again later" {
		t.Errorf("%v", err)
	}
	if OutcomeUnknown.Definite() || !Taken.Definite() {
		t.Error("definite is wrong")
	}
}
