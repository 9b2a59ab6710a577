package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// get goes to an address as a browser that keeps nothing, and returns the
// status and the page.
func get(t *testing.T, method, address string) (int, string) {
	t.Helper()
	browser := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	req, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(page)
}

// A loginScene is one run of publisher grant login.
type loginScene struct {
	out  *bufio.Reader // standard output, as it comes
	code chan int      // the exit code

	mu  sync.Mutex
	all strings.Builder // what was written to both outputs
}

// Write collects what is written.
func (s *loginScene) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *loginScene) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

func startLogin(t *testing.T, environ []string, args ...string) *loginScene {
	r, w := io.Pipe()
	s := &loginScene{out: bufio.NewReader(r), code: make(chan int, 1)}
	a := &app{in: strings.NewReader(""), out: io.MultiWriter(w, s), err: s, environ: environ, now: time.Now}
	root := newCommand(a)
	root.SetArgs(append([]string{"grant", "login", "--json"}, args...))
	go func() {
		code := cli.Run(t.Context(), root)
		_ = w.Close()
		s.code <- code
	}()
	return s
}

// question is the first line of the output.
func (s *loginScene) question(t *testing.T) question {
	t.Helper()
	line, err := s.out.ReadString('\n')
	if err != nil {
		t.Fatalf("no question: %v; %s", err, s.said())
	}
	var q question
	if err := json.Unmarshal([]byte(line), &q); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return q
}

// end returns the rest of the output and the exit code.
func (s *loginScene) end(t *testing.T) (rest string, code int) {
	t.Helper()
	b, err := io.ReadAll(s.out)
	if err != nil {
		t.Fatal(err)
	}
	code = <-s.code
	if found := secrets.FindString(s.said()); found != "" {
		t.Errorf("the output shows a secret: %s", found)
	}
	return string(b), code
}

func loginEnviron(t *testing.T, redirectURI string) []string {
	t.Helper()
	nc, stop, err := startJetStream(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	js, err := jetstream.New(nc)
	if err == nil {
		err = makeStreams(js)
	}
	if err != nil {
		t.Fatal(err)
	}
	kenar, err := kenartest.Start(kenartest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kenar.Close)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"NATS_URL=" + nc.ConnectedUrl(), "GRANT_RECIPIENT=" + id.Recipient().String(),
		"KENAR_OAUTH_URL=" + kenar.URL(), "KENAR_APP=" + sceneApp, "KENAR_CLIENT_SECRET=" + sceneSecret, "KENAR_REDIRECT_URI=" + redirectURI,
	}
}

func TestLogin(t *testing.T) {
	environ := loginEnviron(t, "http://127.0.0.1/back")
	s := startLogin(t, environ, "sara", "--post", "gZ206tip", "--user-id", "8f14e45f")
	q := s.question(t)

	// Whoever else comes by cannot end the login.
	if status, page := get(t, http.MethodGet, q.RedirectURI+"?state=guessed&code=ory_ac_forged"); status != http.StatusBadRequest {
		t.Errorf("a forged answer gets %d %s", status, page)
	}
	if status, _ := get(t, http.MethodGet, strings.Replace(q.RedirectURI, "/back", "/favicon.ico", 1)); status != http.StatusNotFound {
		t.Errorf("another page gets %d", status)
	}
	if status, _ := get(t, http.MethodPost, q.RedirectURI+"?state="+q.State); status != http.StatusMethodNotAllowed {
		t.Errorf("POST gets %d", status)
	}

	back, err := consent(q.URL, "sara", "approve")
	if err != nil {
		t.Fatal(err)
	}
	if status, page := get(t, http.MethodGet, back); status != http.StatusOK || !strings.Contains(page, "You can close this page.") {
		t.Errorf("the browser gets %d %s", status, page)
	}
	rest, code := s.end(t)
	if code != cli.OK {
		t.Fatalf("exit code %d: %s", code, s.said())
	}
	var got stored
	if err := json.Unmarshal([]byte(rest), &got); err != nil {
		t.Fatalf("%v: %s", err, rest)
	}
	if want := "POST_ADDON_CREATE.gZ206tip offline_access"; got.ID != "sara" || got.UserID != "8f14e45f" || strings.Join(got.Scopes, " ") != want {
		t.Errorf("stored is %+v", got)
	}
}

func TestLoginEndsWithoutConsent(t *testing.T) {
	environ := loginEnviron(t, "http://127.0.0.1/back")
	t.Run("refused", func(t *testing.T) {
		s := startLogin(t, environ, "sara", "--user-posts")
		back, err := consent(s.question(t).URL, "sara", "deny")
		if err != nil {
			t.Fatal(err)
		}
		if status, page := get(t, http.MethodGet, back); status != http.StatusOK || !strings.Contains(page, "There is no consent.") {
			t.Errorf("the browser gets %d %s", status, page)
		}
		if _, code := s.end(t); code != cli.Failed || !strings.Contains(s.said(), `there is no consent: the OAuth server answered "access_denied`) {
			t.Errorf("exit code %d: %s", code, s.said())
		}
	})
	t.Run("too late", func(t *testing.T) {
		s := startLogin(t, environ, "sara", "--user-posts", "--timeout", "10ms")
		if _, code := s.end(t); code != cli.Failed || !strings.Contains(s.said(), "within 10ms") {
			t.Errorf("exit code %d: %s", code, s.said())
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		q := question{RedirectURI: "http://127.0.0.1/back", State: "QWERTYUIOP"}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := awaitCode(ctx, listener, q, time.Minute); err != context.Canceled { //nolint:errorlint // as it is
			t.Errorf("error %v", err)
		}
	})
}

func TestListenFor(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, redirectURI, listen, err string
	}{
		{"a free port", "http://127.0.0.1/back", "", ""},
		{"by name", "http://localhost/back", "127.0.0.1:0", ""},
		{"taken", "http://127.0.0.1:" + port + "/back", "", "listen for the browser: "},
		{"another port", "http://127.0.0.1:8976/back", "0.0.0.0:8977", `--listen "0.0.0.0:8977": KENAR_REDIRECT_URI http://127.0.0.1:8976/back leads browsers to port 8976; want the same`},
		{"no address", "http://127.0.0.1/back", "8976", `--listen "8976": want host:port`},
		{"not here", "https://app.example/back", "", `KENAR_REDIRECT_URI "https://app.example/back": want http on a loopback address`},
		{"with TLS", "https://127.0.0.1/back", "", "want http on a loopback address"},
		{"none", "", "", "want http on a loopback address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			listener, uri, err := listenFor(c.redirectURI, c.listen)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			u, err := url.Parse(uri)
			if err != nil {
				t.Fatal(err)
			}
			if _, p, _ := net.SplitHostPort(listener.Addr().String()); u.Port() != p || u.Path != "/back" {
				t.Errorf("it listens at %s, and browsers are led to %s", listener.Addr(), uri)
			}
		})
	}
}

// The page is not kept and leads nobody on: its address has the code.
func TestCallbackPage(t *testing.T) {
	c, err := newCallback(question{RedirectURI: "http://127.0.0.1:8976", State: "QWERTYUIOP"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"Thank you.", "Thank you."} { // browsers ask twice at times
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?state=QWERTYUIOP&code=c"+string(rune('0'+i)), http.NoBody))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("answer %d: %d %s", i, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "c0") || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("the page gives the code away: %v %s", w.Header(), w.Body)
		}
	}
	if a := <-c.answer; a.code != "c0" {
		t.Errorf("the code is %q, want that of the first answer", a.code)
	}
}
