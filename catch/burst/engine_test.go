package burst

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch/epp"
)

// TestCreatesBehindAClosingAnswerAreCounted ends a session by an answer while a
// second create of it is under way: that one must not be waited for.
func TestCreatesBehindAClosingAnswerAreCounted(t *testing.T) {
	p, _ := DefaultPolicies().ByID("sandbox")
	e := newEngine(Options{Policy: p}, []Target{{Name: "a.test"}})
	l := &lane{prefix: []byte("p-"), first: 1, shots: make([]shot, 2), n: 2, inflight: 2}
	for i := range l.shots {
		l.shots[i] = shot{num: uint64(i + 1)}
	}
	e.lanes = []*lane{l}
	e.targets[0].quota, e.targets[0].sent, e.targets[0].inflight = 2, 2, 2
	if !e.answer(l, epp.Answer{Code: epp.FailedClosing, ClTRID: []byte("p-1"), At: time.Now().Add(time.Millisecond)}) {
		t.Fatal("the answer was not taken")
	}
	e.bury(l)
	e.bury(l) // once is enough
	if tg := e.targets[0]; tg.inflight != 0 || tg.unheard != 1 {
		t.Errorf("%d under way, %d unheard", tg.inflight, tg.unheard)
	}
}
