package images

import (
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// errWouldConnect ends a connection that nothing was found wrong with.
var errWouldConnect = errors.New("the test ends here")

// A guarded is a Fetcher with its true dialer, over a name server of the
// test. Nothing is connected to: what would have been is noted.
type guarded struct {
	*Fetcher
	mu        sync.Mutex
	connected []string
}

func newGuarded(t *testing.T, answers func(name string) []string) *guarded {
	t.Helper()
	g := &guarded{Fetcher: newFetcher(t, nil, Config{Hosts: mustHosts(t, "*.example.com")})}
	dialer := newDialer(func(addr netip.Addr) error {
		if err := checkAddress(addr); err != nil {
			return err
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.connected = append(g.connected, addr.String())
		return errWouldConnect
	})
	dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerNames(server, answers)
		return client, nil
	}}
	g.transport = newTransport(dialer)
	t.Cleanup(g.CloseIdleConnections)
	return g
}

// answerNames is a name server for one connection (RFC 1035, 4.1 and 4.2.2).
func answerNames(conn net.Conn, answers func(name string) []string) {
	defer conn.Close()
	for {
		var length uint16
		if binary.Read(conn, binary.BigEndian, &length) != nil {
			return
		}
		query := make([]byte, length)
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		var labels []string
		end := 12
		for query[end] != 0 {
			n := int(query[end])
			labels = append(labels, string(query[end+1:end+1+n]))
			end += 1 + n
		}
		question := query[12 : end+5]
		wanted := binary.BigEndian.Uint16(query[end+1:]) // 1 is A, 28 AAAA

		var records []byte
		count := uint16(0)
		for _, text := range answers(strings.Join(labels, ".")) {
			addr := netip.MustParseAddr(text)
			if (wanted == 1) != addr.Is4() || wanted != 1 && wanted != 28 {
				continue
			}
			records = append(records, 0xc0, 12) // the name asked for
			records = binary.BigEndian.AppendUint16(records, wanted)
			records = append(records, 0, 1, 0, 0, 0, 0) // IN, TTL 0
			records = binary.BigEndian.AppendUint16(records, uint16(addr.BitLen()/8))
			records = append(records, addr.AsSlice()...)
			count++
		}
		reply := append([]byte{}, query[:2]...)
		reply = append(reply, 0x81, 0x80, 0, 1, byte(count>>8), byte(count), 0, 0, 0, 0)
		reply = append(append(reply, question...), records...)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// TestAddressesOfNames: a listed name does not help an address that is not
// public, and what is public would be connected to.
func TestAddressesOfNames(t *testing.T) {
	v6 := false
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		v6 = true
		_ = l.Close()
	}
	for addr, public := range map[string]bool{
		"93.184.215.14": true, "2606:4700::6810:85e5": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.20.0.1": false, "192.168.0.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "168.63.129.16": false,
		"::1": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "64:ff9b::7f00:1": false,
		"2002:7f00:1::": false, "fe80::1": false, "fd00:ec2::254": false, "::": false, "ff02::1": false, "2001:db8::1": false,
	} {
		if netip.MustParseAddr(addr).Is6() && !v6 {
			continue // no such socket can be had here; see TestCheckAddress
		}
		t.Run(addr, func(t *testing.T) {
			g := newGuarded(t, func(string) []string { return []string{addr} })
			_, err := g.JPEG(t.Context(), "https://cdn.example.com/1.jpg?s3cret")
			if public {
				wantError(t, err, true, "the host cannot be reached")
				if !errors.Is(err, errWouldConnect) || !cmp.Equal(g.connected, []string{addr}) {
					t.Errorf("connected to %v: %v", g.connected, err)
				}
				return
			}
			wantError(t, err, false, "the name leads to an address that nothing is fetched from")
			if len(g.connected) > 0 || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("connected to %v: %v", g.connected, err)
			}
		})
	}
}

// TestRebinding: a name that is public when asked first and private when asked
// again gains nothing, nor does one that is both at once.
func TestRebinding(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	g := newGuarded(t, func(name string) []string {
		mu.Lock()
		defer mu.Unlock()
		if name == "both.example.com" {
			return []string{"93.184.215.14", "127.0.0.1", "::1"}
		}
		if asked++; asked <= 2 { // A and AAAA
			return []string{"93.184.215.14"}
		}
		return []string{"127.0.0.1"}
	})
	const source = "https://cdn.example.com/1.jpg"
	_, err := g.JPEG(t.Context(), source)
	wantError(t, err, true, "the host cannot be reached")
	if err := g.Check(source); err != nil {
		t.Fatal(err)
	}
	_, err = g.JPEG(t.Context(), source)
	wantError(t, err, false, "127.0.0.1 is loopback")
	if _, err = g.JPEG(t.Context(), "https://both.example.com/1.jpg"); err == nil {
		t.Error("fetched from loopback")
	}
	if diff := cmp.Diff([]string{"93.184.215.14", "93.184.215.14"}, g.connected); diff != "" {
		t.Errorf("connected to (-want +got):\n%s", diff)
	}
}

// TestRedirectToPrivateName: the first host is as it should be, the second is
// listed and leads inside.
func TestRedirectToPrivateName(t *testing.T) {
	g := newGuarded(t, func(string) []string { return []string{"10.0.0.7"} })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://inside.example.com/", http.StatusFound)
	})
	dial := g.transport.DialContext
	g.transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == "www.example.com:443" {
			return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		}
		return dial(ctx, network, addr)
	}
	trust(g.Fetcher, s)
	_, err := g.JPEG(t.Context(), "https://www.example.com/")
	if e := wantError(t, err, false, "10.0.0.7 is private"); e.Host != "inside.example.com" {
		t.Errorf("the error is about %q", e.Host)
	}
}

// TestTransport: what a Fetcher of the product has, which the others here
// bend.
func TestTransport(t *testing.T) {
	f := newFetcher(t, nil, Config{Hosts: mustHosts(t, "example.com")})
	if f.transport.Proxy != nil || !f.transport.DisableCompression || f.transport.TLSClientConfig.RootCAs != nil || f.transport.TLSClientConfig.InsecureSkipVerify {
		t.Errorf("transport %+v", f.transport)
	}
	s := serveBytes(t, encodeJPEG(t, image.NewGray(image.Rect(0, 0, 8, 8))))
	addr := s.Listener.Addr().String()
	if conn, err := f.transport.DialContext(t.Context(), "tcp", addr); err == nil {
		_ = conn.Close()
		t.Errorf("connected to %s", addr)
	} else if refused := (*addressError)(nil); !errors.As(err, &refused) {
		t.Errorf("dialling %s: %v, want it refused", addr, err)
	}
	untrusting := newFetcher(t, s, Config{Hosts: mustHosts(t, "example.com")})
	untrusting.transport.TLSClientConfig.RootCAs = nil
	_, err := untrusting.JPEG(t.Context(), "https://example.com/")
	wantError(t, err, true, "the host cannot be reached")
}
