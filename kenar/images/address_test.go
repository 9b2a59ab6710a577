package images

import (
	"net/netip"
	"testing"
)

// What is public, and what everything else is.
func TestCheckAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"8.8.8.8": "", "93.184.215.14": "", "185.143.233.1": "", "172.15.255.255": "", "172.32.0.0": "",
		"100.63.255.255": "", "100.128.0.0": "", "169.253.255.255": "", "223.255.255.255": "",
		"2606:4700::6810:85e5": "", "2001:4860:4860::8888": "", "2a01:4f8::1": "",
		"::ffff:8.8.8.8": "", "64:ff9b::8.8.8.8": "",

		"0.0.0.0": "this network", "0.1.2.3": "this network",
		"127.0.0.1": "loopback", "127.255.255.254": "loopback", "::1": "loopback",
		"10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private",
		"100.64.0.1": "shared (carrier-grade NAT)", "100.100.100.200": "shared (carrier-grade NAT)", "100.127.255.255": "shared (carrier-grade NAT)",
		"169.254.169.254": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local",
		"192.0.0.192": "for protocols", "192.0.2.1": "for documentation", "198.51.100.1": "for documentation", "203.0.113.1": "for documentation",
		"192.88.99.1": "a 6to4 relay", "198.18.0.1": "for benchmarks", "198.19.255.255": "for benchmarks",
		"224.0.0.1": "multicast", "239.255.255.250": "multicast", "ff02::1": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "reserved",
		"168.63.129.16": "the cloud's own",
		"::":            "unspecified", "fd00:ec2::254": "unique local", "fc00::1": "unique local", "fec0::1": "not global unicast",
		"100::1": "not global unicast", "5f00::1": "not global unicast", "4000::1": "not global unicast",
		"2001:db8::1": "for documentation", "3fff::1": "for documentation", "2001::7f00:1": "for protocols", "2001:2::1": "for protocols",
		// IPv4 in disguise.
		"::ffff:127.0.0.1": "loopback", "::ffff:169.254.169.254": "link-local", "::ffff:10.0.0.1": "private",
		"::127.0.0.1": "not global unicast", "::10.0.0.1": "not global unicast", "::8.8.8.8": "not global unicast",
		"64:ff9b::127.0.0.1": "loopback", "64:ff9b::169.254.169.254": "link-local", "64:ff9b::10.1.2.3": "private",
		"64:ff9b:1::8.8.8.8": "not global unicast",
		"2002:7f00:1::":      "6to4", "2002:a9fe:a9fe::1": "6to4", "2002:808:808::1": "6to4",
		"2001:0:4136:e378:8000:63bf:3fff:fdd2": "for protocols", // Teredo
	} {
		err := checkAddress(netip.MustParseAddr(addr))
		if want == "" {
			if err != nil {
				t.Errorf("%s is refused: %v", addr, err)
			}
			continue
		}
		if want = netip.MustParseAddr(addr).String() + " is " + want; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", addr, err, want)
		}
	}
	if checkAddress(netip.Addr{}) == nil {
		t.Error("no address at all is taken for a public one")
	}
}
