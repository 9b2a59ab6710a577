package ratelimit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// limitedUser has the rights of ACL and no more, once addLimitedUser has made it.
const limitedUser, limitedPassword = "limiter", "s3cret"

// tlsServer is a redis-server that also listens with TLS and asks its clients for a
// certificate, as Redis does unless told otherwise.
type tlsServer struct {
	*realServer
	tlsAddr string
	pair    tls.Certificate // signed by itself; of the server and of its clients
	roots   *x509.CertPool
}

func runTLS(t *testing.T) *tlsServer {
	t.Helper()
	s := &tlsServer{realServer: runRedis(t), tlsAddr: freeAddr(t)}
	admin := s.client()
	if known, err := admin.ConfigGet(t.Context(), "tls-port").Result(); err != nil {
		t.Fatal(err)
	} else if len(known) == 0 {
		t.Skip("this redis-server was built without TLS")
	}
	certFile, keyFile := s.certify()
	_, port, _ := net.SplitHostPort(s.tlsAddr)
	for _, setting := range [][2]string{
		{"tls-cert-file", certFile},
		{"tls-key-file", keyFile},
		{"tls-ca-cert-file", certFile},
		{"tls-auth-clients", "yes"},
		{"tls-port", port}, // the last: it is what loads the files
	} {
		if err := admin.ConfigSet(t.Context(), setting[0], setting[1]).Err(); err != nil {
			t.Fatalf("set %s: %v", setting[0], err)
		}
	}
	return s
}

// certify makes a certificate for 127.0.0.1 and writes it and its key to files.
func (s *tlsServer) certify() (certFile, keyFile string) {
	s.t.Helper()
	fatal := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatalf("make a certificate: %v", err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal(err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	fatal(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	fatal(err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	s.pair, err = tls.X509KeyPair(certPEM, keyPEM)
	fatal(err)
	s.roots = x509.NewCertPool()
	s.roots.AppendCertsFromPEM(certPEM)

	certFile, keyFile = filepath.Join(s.dir, "cert.pem"), filepath.Join(s.dir, "key.pem")
	fatal(os.WriteFile(certFile, certPEM, 0o600))
	fatal(os.WriteFile(keyFile, keyPEM, 0o600))
	return certFile, keyFile
}

// dial returns a client of a rediss:// URL with credentials ("name:password@", or "");
// change may spoil its options.
func (s *tlsServer) dial(credentials string, change func(*redis.Options)) *redis.Client {
	s.t.Helper()
	o, err := redis.ParseURL("rediss://" + credentials + s.tlsAddr + "/0")
	if err != nil {
		s.t.Fatal(err)
	}
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
	o.TLSConfig.RootCAs, o.TLSConfig.Certificates = s.roots, []tls.Certificate{s.pair}
	if change != nil {
		change(o)
	}
	c := redis.NewClient(o)
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// limiterOn returns a limiter that reaches Redis through a client.
func (s *tlsServer) limiterOn(client *redis.Client, limits string, source Source) *Limiter {
	s.t.Helper()
	return s.limiter(limits, source, func(c *Config) { c.Redis, c.Call = client, time.Minute })
}

// TestTLS goes through the life of a token over TLS, with a second process to hear
// hints from.
func TestTLS(t *testing.T) {
	for user, credentials := range map[string]string{
		"default user":               "",
		"user with the least rights": limitedUser + ":" + limitedPassword + "@",
	} {
		t.Run(user, func(t *testing.T) {
			s, source := runTLS(t), &journal{}
			addLimitedUser(t, s.dial("", nil))
			here := s.limiterOn(s.dial(credentials, nil), "P=3/168h; app=50/24h", source)
			there := s.limiterOn(s.dial(credentials, nil), "P=3/168h; app=50/24h", source)
			start(t, here)
			start(t, there)

			holds, err := here.Bucket("P").Acquire(t.Context(), 3, false)
			if err != nil || len(holds) != 3 {
				t.Fatalf("Acquire(3) = %d holds, %v", len(holds), err)
			}
			counts(t, here, "P", 0, 3, 0)
			source.record("P", time.Now(), holds...)
			spend(t, here.Bucket("P"), "111", holds...)
			counts(t, there, "P", 3, 0, 0)

			booked := status(t, there, "P").Returns[0]
			for _, h := range holds[:2] {
				here.Bucket("P").Commit(h, time.Now())
			}
			eventually(t, "the exact return date replaces the worst case", func() bool {
				return status(t, there, "P").NextReturn.Before(booked)
			})
			refused(t, there.Bucket("P"), WaitQuota)
			granted := waiting(t, there.Bucket("P"), false)
			here.Bucket("P").Refund(holds[2])
			expect(t, granted, "the hint of a refund in another process")
			counts(t, here, "P", 2, 1, 0)
		})
	}
}

// TestTLSUserIsLimited shows that the least rights are what the user has over TLS, too.
func TestTLSUserIsLimited(t *testing.T) {
	s := runTLS(t)
	addLimitedUser(t, s.dial("", nil))
	c := s.dial(limitedUser+":"+limitedPassword+"@", nil)
	own, other := keys{prefix: defaultPrefix, app: "test"}, keys{prefix: defaultPrefix, app: "other"}
	for what, err := range map[string]error{
		"write a key of another application": c.Set(t.Context(), other.meta(), 1, 0).Err(),
		"publish hints of another":           c.Publish(t.Context(), other.hints(), "wake app 0").Err(),
		"list the keys":                      c.Keys(t.Context(), "*").Err(),
		"read the configuration":             c.ConfigGet(t.Context(), "*").Err(),
		"make users":                         c.ACLSetUser(t.Context(), "x", "on").Err(),
		"delete everything":                  c.FlushAll(t.Context()).Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("%s: %v; want NOPERM", what, err)
		}
	}
	if err := c.Set(t.Context(), own.key("x"), 1, 0).Err(); err != nil {
		t.Errorf("write a key of the own application: %v", err)
	}
}

// TestTLSRefused shows that the limiter stays closed where no trusted connection comes about.
func TestTLSRefused(t *testing.T) {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var reported redis.Error
	for name, test := range map[string]struct {
		credentials string
		change      func(*redis.Options)
		want        any // target of errors.As; nil: any error, Redis just hangs up
	}{
		"server not trusted":    {change: func(o *redis.Options) { o.TLSConfig.RootCAs = x509.NewCertPool() }, want: &unknown},
		"another server's name": {change: func(o *redis.Options) { o.TLSConfig.ServerName = "redis.example" }, want: &hostname},
		"no client certificate": {change: func(o *redis.Options) { o.TLSConfig.Certificates = nil }},
		"no TLS":                {change: func(o *redis.Options) { o.TLSConfig = nil }},
		"unknown user":          {credentials: "nobody:" + limitedPassword + "@", want: &reported},
	} {
		t.Run(name, func(t *testing.T) {
			s := runTLS(t)
			l := s.limiterOn(s.dial(test.credentials, test.change), "P=3/168h", &journal{})
			holds, _, err := l.Bucket("P").Reserve(t.Context(), 1, true)
			if err == nil || len(holds) != 0 {
				t.Fatalf("Reserve = %d holds, %v; want an error", len(holds), err)
			}
			if test.want != nil && !errors.As(err, test.want) {
				t.Errorf("Reserve: %v; want %T", err, test.want)
			}
			if strings.Contains(err.Error(), limitedPassword) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// addLimitedUser makes the user with the least rights on one server.
func addLimitedUser(t *testing.T, admin *redis.Client) {
	t.Helper()
	rules := append([]string{"on", ">" + limitedPassword}, strings.Fields(ACL("test"))...)
	if err := admin.ACLSetUser(t.Context(), limitedUser, rules...).Err(); err != nil {
		t.Fatalf("make a user: %v", err)
	}
}

// freeAddr returns an address of the loopback that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
