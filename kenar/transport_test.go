package kenar

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTransport(t *testing.T) {
	if newTransport(1).Proxy != nil {
		t.Error("a proxy of the environment would see API keys")
	}
	trusting := func(s *httptest.Server) *http.Transport {
		transport := newTransport(1)
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		transport.TLSClientConfig.RootCAs.AddCert(s.Certificate())
		return transport
	}
	t.Run("HTTP/1.1 even where HTTP/2 is offered", func(t *testing.T) {
		s := startTLS(t, nil)
		c := newTestClient(t, s.URL, Config{Transport: trusting(s)})
		receipt, err := createPostAddon(t.Context(), c)
		if err != nil || receipt.ID != "1" {
			t.Errorf("spoke HTTP/%s, error %v", receipt.ID, err)
		}
	})
	t.Run("TLS 1.1 is refused", func(t *testing.T) {
		s := startTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		c := newTestClient(t, s.URL, Config{Transport: trusting(s)})
		_, err := createPostAddon(t.Context(), c)
		if e := wantError(t, err); !e.NeverSent {
			t.Errorf("NeverSent is false after a failed handshake: %v", err)
		}
	})
}

// startTLS starts a server that offers HTTP/2 and answers with the version
// spoken as the id.
func startTLS(t *testing.T, cfg *tls.Config) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"id":%d}`, r.ProtoMajor)
	}))
	s.EnableHTTP2 = true
	s.TLS = cfg
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}
