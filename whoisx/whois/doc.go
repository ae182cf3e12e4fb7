// Package whois asks WHOIS servers (RFC 3912) about domain names and reads
// what they answer.
//
// WHOIS has no format: every registry writes prose of its own, most of it
// legal. The room is therefore in three parts. Client carries one question to
// one registry's server, over a connection that cannot grow, hang or be led
// to a private address. Classify turns the bytes that came back into a
// whoisx.Answer. Table says which host serves which suffix and how it wants to
// be asked; it is dated data (servers.toml), which a file of the same shape
// can override, and IANA's own server is asked for suffixes that it lacks.
//
// Classify reads in a fixed order, because the dangerous mistake is to call a
// name free when it is not. First comes evidence: a line that names the domain
// that was asked, and dates, name servers, a registrar or a status about it.
// Only then come sayings, most harmful first: asked too often, refused,
// blocked, premium, gated, reserved, and last of all not registered. Sayings
// count where a server speaks, at the start of a short line; the legal text
// around them never does. Neither does what it tells of other cases ("if you exceed
// the limit, ..."), unless it says nothing else. What fits nothing is unreadable, and
// changes nothing.
package whois
