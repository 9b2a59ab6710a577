package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// Who trusts the file trusts the server, by its address.
func TestCertificate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.crt")
	certificate, err := newCertificate("127.0.0.1:443", file)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	srv.StartTLS()
	defer srv.Close()

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", file)
	}
	for name, tt := range map[string]struct {
		roots *x509.CertPool
		ok    bool
	}{
		"trusted":     {trusted, true},
		"not trusted": {x509.NewCertPool(), false},
	} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: tt.roots, MinVersion: tls.VersionTLS12}}}
			defer client.CloseIdleConnections()
			resp, err := client.Get(srv.URL)
			if err == nil {
				_ = resp.Body.Close()
			}
			if (err == nil) != tt.ok {
				t.Errorf("error %v, want one: %t", err, !tt.ok)
			}
		})
	}
}

func TestCertificateRefusesAddress(t *testing.T) {
	for _, addr := range []string{"", "10.0.0.1", "kenar.example:443"} {
		if _, err := newCertificate(addr, filepath.Join(t.TempDir(), "ca.crt")); err == nil {
			t.Errorf("%q: no error, want one", addr)
		}
	}
}
