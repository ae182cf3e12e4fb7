package sandbox

import "time"

// Faults are what goes wrong on purpose. "Every" counts answers per
// connection: 3 means every third.
type Faults struct {
	RefuseConnect bool          // close without a greeting, as for an address that is not allowed
	ConnectDelay  time.Duration // before the greeting
	LoginRefused  bool          // 2200, whatever the password
	LoginHangs    bool          // no answer to a login
	LoginFlaps    int           // every n-th login is answered 2400
	AnswerDelay   time.Duration // before every answer
	// OutOfOrder holds every answer back by a random time below it, each on
	// its own, so that pipelined answers overtake each other.
	OutOfOrder      time.Duration
	DisconnectAfter int     // commands on a connection
	LoseEvery       int     // the answer is never sent
	GarbageEvery    int     // bytes that are no XML instead of the answer
	BadLengthEvery  int     // a length field that promises gigabytes
	BrokenXMLEvery  int     // an answer that ends too early
	ForeignEvery    int     // an answer with a clTRID that nobody sent
	Loser2400       float64 // chance that a create within a second after the win is answered 2400
	CloseAtDrop     bool    // every session is cut when a name drops

	LookupDown    bool // RDAP answers 503, WHOIS hangs up
	LookupGarbage bool // both answer what nobody can read
	LookupForeign bool // both answer for another name

	// The registrar API.
	ServiceDown      bool    // 503
	ServiceTooMany   int     // every n-th call: 429 in the body
	ServiceLoseReply float64 // chance that a call is done and the connection then cut
	ServiceBusy      int     // every n-th call: system_busy
}

// SetFaults changes the faults from now on.
func (r *Registry) SetFaults(f Faults) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = f
}

func every(n, count int) bool { return n > 0 && count%n == 0 }
