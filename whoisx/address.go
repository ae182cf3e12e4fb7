package whoisx

import "net/netip"

// special lists address blocks that are no place for a registry's server: the
// entries of the IANA special-purpose address registries (RFC 6890) that are
// not globally reachable and that net/netip has no predicate for.
var special = func() []netip.Prefix {
	var ps []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}()

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// PublicAddr reports whether an address may be dialled when it was learned
// from the network (a referral, a redirect, a link, a name that a table only
// gives as a host name). Loopback, private, link-local, multicast and the
// other special-purpose blocks of RFC 6890 may not; neither may 6to4 and
// Teredo, which can hide a private IPv4 address. A NAT64 address (RFC 6052
// §2.1) counts as the IPv4 address that it stands for, so that hosts without
// IPv4 still reach registries.
func PublicAddr(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	if nat64.Contains(a) {
		b := a.As16()
		return PublicAddr(netip.AddrFrom4([4]byte(b[12:])))
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
