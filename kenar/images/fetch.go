package images

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	maxRedirects     = 3
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	idleTimeout      = 30 * time.Second
	maxHeader        = 64 << 10 // of an answer, in bytes
)

// newDialer returns a dialer that connects to no address of which check
// returns an error.
func newDialer(check func(netip.Addr) error) *net.Dialer {
	return &net.Dialer{
		Timeout: dialTimeout,
		// Control is called for each address that a name was resolved to,
		// between the resolution and the connection. What it sees is what is
		// connected to, so a name cannot have meant something else before.
		Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return &addressError{what: "unreadable"}
			}
			return check(to.Addr())
		},
	}
}

// newTransport returns a transport that goes straight to the hosts, speaks
// HTTP/1.1, and hands on bodies as they come: nothing is inflated on the way.
func newTransport(dialer *net.Dialer) *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  nil, // one of the environment would connect where it likes
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeTimeout,
		Protocols:              http1,
		MaxIdleConnsPerHost:    2,
		MaxIdleConns:           16,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
}

// fetch returns the bytes at a URL that the list of hosts allows, and the host
// they came from in the end. It follows redirects to where the list allows,
// too.
func (f *Fetcher) fetch(ctx context.Context, u *url.URL, m medium) (data []byte, host string, err error) {
	for redirects := 0; ; redirects++ {
		resp, err := f.get(ctx, u, m)
		if err != nil {
			return nil, "", f.unreachable(ctx, u, err)
		}
		if !isRedirect(resp.StatusCode) {
			data, err := f.read(ctx, u, resp, m)
			_ = resp.Body.Close() // all that is wanted has been read
			return data, shown(u.Host), err
		}
		_ = resp.Body.Close() // whatever it says
		from := shown(u.Host)
		if redirects == maxRedirects {
			return nil, "", refuse(from, "more than %d redirects: give the URL they end at", maxRedirects)
		}
		// Location's error quotes the URL.
		if u, err = resp.Location(); err != nil {
			return nil, "", refuse(from, "it redirects (%d) to nowhere, or to what is no URL", resp.StatusCode)
		}
		if err := f.cfg.Hosts.allowURL(u); err != nil {
			err.Reason = fmt.Sprintf("%s redirects there: %s", from, err.Reason)
			return nil, "", err
		}
	}
}

// get makes one request. RoundTrip instead of an http.Client: no redirects
// but those that fetch follows, no cookies, no Referer, and no errors that
// quote the URL.
func (f *Fetcher) get(ctx context.Context, u *url.URL, m medium) (*http.Response, error) {
	req := (&http.Request{
		Method: http.MethodGet,
		URL:    u,
		Host:   u.Host,
		Header: http.Header{
			"Accept": {m.accept},
			// Neither images nor videos get smaller by it, and a bomb is easily
			// packed.
			"Accept-Encoding": {"identity"},
			"User-Agent":      {f.cfg.UserAgent},
		},
	}).WithContext(ctx)
	return f.transport.RoundTrip(req)
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// read returns the body of an answer that is not a redirect.
func (f *Fetcher) read(ctx context.Context, u *url.URL, resp *http.Response, m medium) ([]byte, error) {
	host := shown(u.Host)
	if resp.StatusCode != http.StatusOK {
		return nil, m.statusError(host, resp.StatusCode)
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, refuse(host, "the answer is packed (Content-Encoding %s), which was not asked for: serve %ss as they are", shown(coding), m.name)
	}
	if resp.ContentLength > m.most {
		return nil, refuse(host, "it has %s, at most %s are fetched", sized(resp.ContentLength), sized(m.most))
	}
	// A length is only what was announced, and need not have been.
	data, err := io.ReadAll(io.LimitReader(resp.Body, m.most+1))
	if int64(len(data)) > m.most {
		return nil, refuse(host, "it is larger than the %s that are fetched at most", sized(m.most))
	}
	if ctx.Err() != nil {
		// Also without an error: a server that sees the connection closing
		// may finish its answer properly, and early.
		e := f.late(ctx, fmt.Sprintf("the %s to arrive: %d bytes have", m.name, len(data)))
		e.Host = host
		return nil, e
	}
	if err != nil {
		return nil, &Error{Host: host, Reason: fmt.Sprintf("the answer broke off after %d bytes", len(data)), Temporary: true, Err: err}
	}
	return data, nil
}

func (m medium) statusError(host string, status int) *Error {
	e := &Error{Host: host, Status: status, Reason: fmt.Sprintf("the host answered %d", status)}
	if text := http.StatusText(status); text != "" {
		e.Reason += " " + text
	}
	switch {
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		e.Temporary = true
		e.Reason += ": try again later"
	default:
		e.Reason += ": " + m.indefinite + " is wanted, with 200; check the URL, and whether it has expired"
	}
	return e
}

// unreachable says why there was no answer.
func (f *Fetcher) unreachable(ctx context.Context, u *url.URL, err error) *Error {
	host := shown(u.Host)
	if refused := (*addressError)(nil); errors.As(err, &refused) {
		return &Error{
			Host:   host,
			Reason: "the name leads to an address that nothing is fetched from",
			Err:    refused,
		}
	}
	if ctx.Err() != nil {
		e := f.late(ctx, "an answer")
		e.Host = host
		return e
	}
	return &Error{Host: host, Reason: "the host cannot be reached", Temporary: true, Err: err}
}
