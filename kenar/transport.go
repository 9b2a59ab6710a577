package kenar

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second

	// idleTimeout is below the 60 and 75 seconds after which common edge
	// servers close an idle connection. The side that closes first decides,
	// and a request written while the server is closing is a call of which
	// nobody can say whether it counted.
	idleTimeout = 45 * time.Second

	// maxHeader bounds the headers of an answer, in bytes.
	maxHeader = 64 << 10
)

// newTransport returns a transport which never writes a request twice, given
// the shape that requests have here (see newRequest).
//
// HTTP/2 stays off for that reason: its transport repeats requests that a
// server refused while shutting down, whatever their method, and a hundred
// calls a week gain nothing from it.
func newTransport(maxConns int) *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:                  nil, // an inherited HTTPS_PROXY must not receive API keys
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeTimeout,
		Protocols:              http1,
		MaxConnsPerHost:        maxConns,
		MaxIdleConnsPerHost:    maxConns,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		// Answers are a few hundred bytes. Not asking for compression leaves
		// nothing to inflate.
		DisableCompression: true,
	}
}
