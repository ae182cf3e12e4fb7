package whoisx

import (
	"encoding/json"
	"strings"
	"testing"
)

// Brackets stand as they are where the writer wants it so, and are escaped
// where it does not: evidence is read by people.
func TestAnswerJSON(t *testing.T) {
	a := Answer{Source: WHOIS, Outcome: Registered, Evidence: []Evidence{{Text: ">>> as of <<<"}}}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, ">>> as of <<<") || !strings.Contains(s, `"nameservers":[]`) {
		t.Error(s)
	}
	raw, err := json.Marshal(a)
	if err != nil || strings.Contains(string(raw), "<<<") {
		t.Errorf("%s %v", raw, err)
	}
	var back Answer
	if err := json.Unmarshal(raw, &back); err != nil || back.Evidence[0].Text != a.Evidence[0].Text {
		t.Errorf("%+v %v", back, err)
	}
}
