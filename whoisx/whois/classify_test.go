package whois

// sample is a short answer in a server's manner, and what it says.
type sample struct {
	what, server, name, text string
}

var samples = []sample{
	{"free", "whois.example", "lapse.example", "No match for domain \"LAPSE.EXAMPLE\".\n"},
}
