package lifecycle

// Houses knows which registrars auction their customers' lapsed names before
// they can drop, and which registrars are the shells of catch services.
type Houses struct{}

// DefaultHouses returns those that come with the program.
func DefaultHouses() *Houses { return &Houses{} }
