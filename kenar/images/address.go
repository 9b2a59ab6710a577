package images

import (
	"fmt"
	"net/netip"
)

// notPublic4 are the IPv4 blocks that are not the public internet (IANA IPv4
// Special-Purpose Address Registry), and one address more.
var notPublic4 = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared (carrier-grade NAT)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"}, // cloud metadata: 169.254.169.254
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "for protocols"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a 6to4 relay"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	// Looks public, and is the host of the virtual machine (Azure docs, IP
	// address 168.63.129.16).
	{netip.MustParsePrefix("168.63.129.16/32"), "the cloud's own"},
}

// global6 is all that is public of IPv6: everything outside is loopback,
// unspecified, unique local, link-local, site-local, multicast, IPv4 in some
// disguise, or unassigned.
var global6 = netip.MustParsePrefix("2000::/3")

// notPublic6 are the parts of global6 that are not public after all (IANA IPv6
// Special-Purpose Address Registry).
var notPublic6 = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("2001::/23"), "for protocols"}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
}

// nat64 is where an IPv6-only network sees the IPv4 internet (RFC 6052): the
// last four bytes are the address meant.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// checkAddress returns nil if an address is on the public internet.
func checkAddress(addr netip.Addr) error {
	if what := notPublic(addr); what != "" {
		return &addressError{addr: addr, what: what}
	}
	return nil
}

// notPublic says what an address is instead of public, "" if it is public.
func notPublic(addr netip.Addr) string {
	if !addr.IsValid() {
		return "unreadable"
	}
	if addr.Zone() != "" {
		return "link-local"
	}
	addr = addr.Unmap() // ::ffff:127.0.0.1 connects to 127.0.0.1
	if addr.Is4() {
		for _, block := range notPublic4 {
			if block.prefix.Contains(addr) {
				return block.what
			}
		}
		return ""
	}
	if nat64.Contains(addr) {
		b := addr.As16()
		return notPublic(netip.AddrFrom4([4]byte(b[12:])))
	}
	switch {
	case addr.IsLoopback():
		return "loopback"
	case addr.IsUnspecified():
		return "unspecified"
	case addr.IsPrivate():
		return "unique local"
	case addr.IsLinkLocalUnicast():
		return "link-local"
	case addr.IsMulticast():
		return "multicast"
	case !global6.Contains(addr):
		return "not global unicast"
	}
	for _, block := range notPublic6 {
		if block.prefix.Contains(addr) {
			return block.what
		}
	}
	return ""
}

// An addressError says that a name leads to an address which nothing is
// fetched from.
type addressError struct {
	addr netip.Addr
	what string
}

func (e *addressError) Error() string {
	return fmt.Sprintf("%s is %s", e.addr, e.what)
}
