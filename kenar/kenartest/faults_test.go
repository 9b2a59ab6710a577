package kenartest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A reply is what a client made of an answer.
type reply struct {
	status int
	body   string
	header http.Header
	err    error // of the call or of reading its body
}

// call makes a call over the network, on a connection of its own.
func call(ctx context.Context, s *kenartest.Server, method, path, body string) reply {
	r, err := http.NewRequestWithContext(ctx, method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		return reply{err: err}
	}
	r.Header.Set("X-API-Key", "k")
	r.Close = true
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, string(b), resp.Header, err}
}

func post(ctx context.Context, s *kenartest.Server, token string) reply {
	return call(ctx, s, "POST", postV2+token, title)
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name    string
		fault   kenartest.Fault
		check   func(reply) bool
		verdict kenartest.Verdict
		status  int
		applied bool
		lost    bool
	}{
		{"status", kenartest.Fault{Status: 500},
			func(r reply) bool { return r.status == 500 && r.body == "" && r.err == nil },
			kenartest.Faulted, 500, false, false},
		{"page", kenartest.Fault{Status: 502, Body: "<html>", ContentType: "text/html"},
			func(r reply) bool {
				return r.status == 502 && r.body == "<html>" && r.header.Get("Content-Type") == "text/html"
			},
			kenartest.Faulted, 502, false, false},
		{"body alone", kenartest.Fault{Body: "not JSON"},
			func(r reply) bool { return r.status == 200 && r.body == "not JSON" },
			kenartest.Faulted, 200, false, false},
		{"status with headers", kenartest.Fault{Status: 429, Header: http.Header{"retry-after": {"7"}}},
			func(r reply) bool { return r.status == 429 && r.header.Get("Retry-After") == "7" },
			kenartest.Faulted, 429, false, false},
		{"redirect", kenartest.Fault{Status: 307, Header: http.Header{"Location": {"https://elsewhere.example"}}},
			func(r reply) bool { return r.status == 307 },
			kenartest.Faulted, 307, false, false},
		{"headers alone", kenartest.Fault{Header: http.Header{"X-Edge": {"a"}}},
			func(r reply) bool { return r.status == 200 && r.header.Get("X-Edge") == "a" },
			kenartest.Accepted, 200, true, false},
		{"reset", kenartest.Fault{Reset: true},
			func(r reply) bool { return errors.Is(r.err, syscall.ECONNRESET) },
			kenartest.Faulted, 0, false, false},
		{"closed early", kenartest.Fault{CloseEarly: true},
			func(r reply) bool { return errors.Is(r.err, io.EOF) },
			kenartest.Faulted, 0, false, false},
		{"truncated", kenartest.Fault{Truncate: true},
			func(r reply) bool { return r.status == 200 && r.body == "{" && errors.Is(r.err, io.ErrUnexpectedEOF) },
			kenartest.Accepted, 200, true, true},
		{"page, truncated", kenartest.Fault{Status: 504, Body: "<html>", Truncate: true},
			func(r reply) bool {
				return r.status == 504 && r.body == "<ht" && errors.Is(r.err, io.ErrUnexpectedEOF)
			},
			kenartest.Faulted, 504, false, false},
		{"lost answer", kenartest.Fault{LoseAnswer: true},
			func(r reply) bool { return errors.Is(r.err, io.EOF) },
			kenartest.Accepted, 200, true, true},
		{"lost answer, reset", kenartest.Fault{LoseAnswer: true, Reset: true},
			func(r reply) bool { return errors.Is(r.err, syscall.ECONNRESET) },
			kenartest.Accepted, 200, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, kenartest.Config{})
			s.AddPost(kenartest.Post{Token: "p"})
			s.Script(tt.fault)
			if r := post(t.Context(), s, "p"); !tt.check(r) {
				t.Errorf("the client got %+v", r)
			}
			calls, err := s.WaitCalls(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			c := calls[0]
			if c.Verdict != tt.verdict || c.Status != tt.status || c.Applied != tt.applied || c.Lost != tt.lost {
				t.Errorf("recorded %s, %d, applied %v, lost %v; want %s, %d, %v, %v",
					c.Verdict, c.Status, c.Applied, c.Lost, tt.verdict, tt.status, tt.applied, tt.lost)
			}
			if _, attached := s.Attached("post/p"); attached != tt.applied {
				t.Errorf("attached %v, want %v", attached, tt.applied)
			}
			// One fault is for one call.
			if r := post(t.Context(), s, "p"); r.status != 200 || r.body != "{}" {
				t.Errorf("the next call got %+v, want success", r)
			}
		})
	}
}

func TestHang(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   kenartest.Fault
		applied bool
	}{
		{"instead", kenartest.Fault{Hang: true}, false},
		{"late", kenartest.Fault{Delay: time.Hour}, true},
		{"after the fact", kenartest.Fault{LoseAnswer: true, Hang: true}, true},
	} {
		t.Run(tt.name+", until the client gives up", func(t *testing.T) {
			s := start(t, kenartest.Config{})
			s.Script(tt.fault)
			ctx, giveUp := context.WithCancel(t.Context())
			replies := make(chan reply)
			go func() { replies <- post(ctx, s, "p") }()
			calls, err := s.WaitCalls(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			giveUp()
			if r := <-replies; !errors.Is(r.err, context.Canceled) {
				t.Errorf("the client got %+v", r)
			}
			if calls[0].Applied != tt.applied {
				t.Errorf("applied %v, want %v", calls[0].Applied, tt.applied)
			}
		})
		t.Run(tt.name+", until the server closes", func(t *testing.T) {
			s := start(t, kenartest.Config{})
			s.Script(tt.fault)
			replies := make(chan reply)
			go func() { replies <- post(t.Context(), s, "p") }()
			if _, err := s.WaitCalls(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			s.Close()
			if r := <-replies; r.err == nil {
				t.Errorf("the client got %+v, want an error", r)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	s := start(t, kenartest.Config{Latency: 2 * time.Millisecond})
	const delay = 30 * time.Millisecond
	s.Script(kenartest.Fault{Delay: delay})
	begin := time.Now()
	r := post(t.Context(), s, "p")
	if took := time.Since(begin); r.status != 200 || took < delay {
		t.Errorf("got %+v after %v, want success after %v at least", r, took, delay)
	}
}

// Faults wait for the calls they are meant for, in the order of the script.
func TestFaultMatching(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.Script(
		kenartest.Fault{Target: "post/b", Status: 501},
		kenartest.Fault{Op: kenartest.GetPost, Status: 502},
		kenartest.Fault{Method: "DELETE", Status: 503, Times: 2},
		kenartest.Fault{Path: postV1 + "a", Status: 504},
		kenartest.Fault{Status: 505},
		kenartest.Fault{Status: 506, Times: -1},
	)
	calls := []struct {
		method, path string
		want         int
	}{
		{"DELETE", postV1 + "b", 501},
		{"DELETE", postV1 + "b", 503},
		{"GET", finder + "b", 502},
		{"POST", postV1 + "a", 504},
		{"POST", postV1 + "a", 505},
		{"DELETE", postV1 + "c", 503},
		{"DELETE", postV1 + "c", 506},
		{"POST", postV2 + "b", 506},
		{"POST", "/nowhere", 506},
	}
	for i, c := range calls {
		if w := do(t, s, c.method, c.path, title); w.Code != c.want {
			t.Errorf("call %d, %s %s: got %d, want %d", i, c.method, c.path, w.Code, c.want)
		}
	}
	if left := s.PendingFaults(); len(left) != 1 || left[0].Status != 506 {
		t.Errorf("left are %+v, want the one without end", left)
	}
	s.ClearFaults()
	wantOK(t, do(t, s, "POST", postV2+"b", title))
	if left := s.PendingFaults(); len(left) != 0 {
		t.Errorf("left are %+v, want none", left)
	}
}

// A call that suffers a fault has arrived all the same.
func TestFaultsCount(t *testing.T) {
	s := kenartest.New(kenartest.Config{Limits: []kenartest.Limit{{Permission: "ADD_ON_CREATE", Calls: 1, Window: time.Hour}}})
	s.Script(kenartest.Fault{Status: 500})
	do(t, s, "POST", postV2+"p", title)
	wantError(t, do(t, s, "POST", postV2+"p", title), 429, 8, "rate limit exceeded")
	if got := s.Max("ADD_ON_CREATE", time.Hour); got != 2 {
		t.Errorf("Max is %d, want 2", got)
	}
}

func TestFaultFunc(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
		s.Count() // the function may use the server
		return kenartest.Fault{Status: 500, Body: string(c.Op)}, c.Target == "post/bad" && len(c.Widgets) == 1
	})
	s.Script(kenartest.Fault{Status: 502})
	got := []string{}
	for _, token := range []string{"bad", "bad", "good"} {
		w := do(t, s, "POST", postV2+token, title)
		got = append(got, fmt.Sprint(w.Code, " ", w.Body))
	}
	want := []string{"502 ", "500 post_addon_v2.create", "200 {}"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("answers (-want +got):\n%s", d)
	}
	s.SetFaultFunc(nil)
	wantOK(t, do(t, s, "POST", postV2+"bad", title))
}

func TestSetDown(t *testing.T) {
	s := start(t, kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "p"})
	s.Script(kenartest.Fault{Status: 500})

	s.SetDown(true)
	for range 2 {
		r := post(t.Context(), s, "p")
		if r.status != 503 || r.header.Get("Content-Type") != "text/html" || !strings.HasPrefix(r.body, "<html>") {
			t.Errorf("during the outage the client got %+v, want 503 HTML", r)
		}
	}
	s.SetDown(false)
	if r := post(t.Context(), s, "p"); r.status != 500 {
		t.Errorf("after the outage the client got %+v, want the scripted fault", r)
	}
	if r := post(t.Context(), s, "p"); r.status != 200 {
		t.Errorf("after the outage and the fault the client got %+v, want success", r)
	}
	var verdicts []kenartest.Verdict
	for _, c := range s.Calls() {
		verdicts = append(verdicts, c.Verdict)
	}
	want := []kenartest.Verdict{kenartest.Down, kenartest.Down, kenartest.Faulted, kenartest.Accepted}
	if d := cmp.Diff(want, verdicts); d != "" {
		t.Errorf("verdicts (-want +got):\n%s", d)
	}
}

func TestRefuse(t *testing.T) {
	s := start(t, kenartest.Config{})
	url := s.URL()
	if r := post(t.Context(), s, "p"); r.status != 200 {
		t.Fatalf("the client got %+v", r)
	}

	s.Refuse()
	s.Refuse() // once is enough, twice does no harm
	if r := post(t.Context(), s, "p"); !errors.Is(r.err, syscall.ECONNREFUSED) {
		t.Errorf("the client got %+v, want connection refused", r)
	}

	for range 2 { // here too
		if err := s.Accept(); err != nil {
			t.Fatal(err)
		}
	}
	if s.URL() != url {
		t.Errorf("URL is now %s, was %s", s.URL(), url)
	}
	if r := post(t.Context(), s, "p"); r.status != 200 {
		t.Errorf("the client got %+v, want success", r)
	}
	if n := s.Count(); n != 2 {
		t.Errorf("%d calls recorded, want 2", n)
	}
}

// A connection kept alive is cut too, and a call on it loses its answer.
func TestRefuseCutsConnections(t *testing.T) {
	s := start(t, kenartest.Config{})
	s.Script(kenartest.Fault{Hang: true})
	replies := make(chan reply)
	go func() { replies <- post(t.Context(), s, "p") }()
	if _, err := s.WaitCalls(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.Refuse()
	if r := <-replies; r.err == nil {
		t.Errorf("the client got %+v, want an error", r)
	}
}

func TestAcceptFails(t *testing.T) {
	bare := kenartest.New(kenartest.Config{})
	if err := bare.Accept(); err == nil || !strings.Contains(err.Error(), "use Start") {
		t.Errorf("without a listener: %v", err)
	}
	closed := start(t, kenartest.Config{})
	closed.Close()
	if err := closed.Accept(); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after Close: %v", err)
	}
	first := start(t, kenartest.Config{})
	addr := strings.TrimPrefix(first.URL(), "http://")
	if s, err := kenartest.Start(kenartest.Config{Addr: addr}); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("on a port in use: %v, %v; want an error that names it", s, err)
	}
}

// A body that never ends still is an arrival.
func TestAbortedBody(t *testing.T) {
	s := start(t, kenartest.Config{Limits: []kenartest.Limit{{Permission: "app", Calls: 1, Window: time.Hour}}})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST %sp HTTP/1.1\r\nHost: kenar\r\nX-API-Key: k\r\nContent-Length: 1000\r\n\r\n{", postV2); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	calls, err := s.WaitCalls(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if c := calls[0]; c.Verdict != kenartest.Aborted || c.Status != 0 || c.Applied || c.Key != "any" {
		t.Errorf("recorded %+v", c)
	}
	if r := post(t.Context(), s, "p"); r.status != 429 {
		t.Errorf("the next call got %+v, want 429", r)
	}
}

func TestBodyTooLarge(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	w := do(t, s, "POST", postV2+"p", string(bytes.Repeat([]byte(" "), 5<<20)))
	wantError(t, w, http.StatusRequestEntityTooLarge, 3, "the body is larger than 4194304 bytes")
	if c := s.Calls()[0]; c.Verdict != kenartest.Invalid || len(c.Body) > 4<<20 {
		t.Errorf("recorded %s with %d bytes", c.Verdict, len(c.Body))
	}
}

// Without a connection to cut, the handler aborts as net/http's own do.
func TestCutWithoutConnection(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.Script(kenartest.Fault{Reset: true})
	defer func() {
		if r := recover(); r != http.ErrAbortHandler { //nolint:errorlint // a panic is not wrapped
			t.Errorf("recovered %v, want http.ErrAbortHandler", r)
		}
		s.Close() // returns: the call is over
	}()
	do(t, s, "POST", postV2+"p", title)
}
