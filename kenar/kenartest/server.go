package kenartest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Config says what kind of Kenar to be. The zero value allows everything to
// any non-empty API key, has no limits and attaches at once.
type Config struct {
	// Addr is what Start listens on; empty is a free port on 127.0.0.1.
	Addr string

	// Keys are the API keys; when there are none, any non-empty one does for
	// everything, as the app with the empty slug.
	Keys []Key
	// Apps are the apps that are restricted.
	Apps []App
	// UnknownKey412 answers an unknown API key with 412 "could not retrieve
	// app from db", the one answer to a bad key that is documented (for
	// payment tickets), instead of 401.
	UnknownKey412 bool
	// RequireGrant refuses calls without an access token where the operation
	// has a scope. See AddGrant.
	RequireGrant bool
	// Clients are the apps as the OAuth server knows them; when there are
	// none, any client id and secret will do.
	Clients []Client
	// RevokeReused makes the OAuth server end a grant altogether when one of
	// its refresh tokens comes back after the grace, or its authorization
	// code a second time, as Ory Hydra does. By default only that request is
	// refused.
	RevokeReused bool
	// Limits are the rate limits and quotas of every app.
	Limits []Limit
	// RetryAfter is the form of a 429's Retry-After header; by default there
	// is none.
	RetryAfter RetryAfter

	// AttachDelay is how long after its acceptance an add-on is attached.
	AttachDelay time.Duration
	// MissingIsNotFound makes the deletion of what is not there fail with
	// 404; by default it succeeds. Kenar's answer is not documented.
	MissingIsNotFound bool
	// AllowUnknownIcons accepts icon names that are not in the list of August
	// 2026. The real list grows.
	AllowUnknownIcons bool

	// ImageIDs says which ids of images a widget may have; by default any.
	ImageIDs ImageIDs
	// ImageLifetime is how long an image that no add-on has can be used after
	// its upload; 0 is forever. It has no effect with AnyImageID. Kenar's is
	// not documented.
	ImageLifetime time.Duration
	// MaxImageBytes is the largest image that can be uploaded; 0 is 10 MiB.
	// Kenar's limit is not documented.
	MaxImageBytes int64

	// Posts are the rules of posts and payments.
	Posts PostRules

	// Latency is how long every answer takes, in real time.
	Latency time.Duration
	// NoValidation accepts any add-on and any upload unread, for benchmarks
	// of clients.
	NoValidation bool
	// NoRecord keeps no Calls, for benchmarks of clients. Count, WaitCalls
	// and Max still count.
	NoRecord bool

	// Observe, when not nil, is told every call before it is answered, one
	// at a time and in the order of Seq but for near ties. It must not block.
	Observe func(Call)
	// Now is the clock of limits, attachment and expiry; nil is time.Now. It
	// is called by many goroutines, and must not call the server.
	Now func() time.Time
}

// A Server is a simulated Kenar. It is an http.Handler that works behind any
// listener; one that came from Start also has a listener of its own. All
// methods may be called at any time by many goroutines.
type Server struct {
	cfg     Config
	faults  script
	record  record
	done    chan struct{} // closed by Close
	serving sync.WaitGroup

	observing sync.Mutex

	// listening guards the server's own listener.
	listening sync.Mutex
	addr      string // fixed by the first listen, so that Accept finds the port again
	http      *http.Server
	stopped   chan struct{} // closed when http has stopped serving

	// mu guards what Kenar knows.
	mu          sync.Mutex
	closed      bool
	anyKey      bool
	checkGrants bool
	keys        map[string]Key
	apps        map[string]App
	grants      map[string]Grant // by access token
	oauth       oauthServer
	users       map[string]User
	limits      limiter
	posts       map[string]*Post
	businesses  map[string]Business
	attached    map[slot]Addon  // by what the call named
	inherited   map[slot]Addon  // by the post that has it from its owner
	ids         map[slot]string // of business and user add-ons
	pending     []pending       // by due time
	nextExpiry  time.Time       // zero: nothing expires
	uploads     []*Image        // by the time of upload

	// Posts that are submitted, and the money for them.
	agenda       agenda
	schemas      map[string]*submitSchema // by category
	listings     map[string]*Listing      // by post token, also of deleted posts
	submitted    []string                 // post tokens
	review       func(Listing) string     // nil: none is refused
	barred       map[string]bool          // by user
	media        mediaStore
	buttons      map[string]Button // by target
	prices       map[market]Price
	accounts     map[string]*account     // by app
	transactions map[string]*Transaction // by id
	payments     []*Transaction          // in the order of their creation
	paymentCount int                     // also of failed ones that were tried again
	outcomes     []Outcome               // of the next payments
}

// New returns a server that does not listen; serve it as an http.Handler. It
// panics when a limit is not positive, a key has no value, or a client no id
// or secret: these are mistakes of the program.
func New(cfg Config) *Server {
	s := &Server{
		cfg:         cfg,
		record:      record{arrivals: make(map[string][]time.Time)},
		done:        make(chan struct{}),
		checkGrants: cfg.RequireGrant,
		apps:        make(map[string]App),
		grants:      make(map[string]Grant),
		oauth:       newOAuthServer(),
		users:       make(map[string]User),
		limits:      limiter{limits: cfg.Limits, recent: make(map[string][]ring)},
		posts:       make(map[string]*Post),
		businesses:  make(map[string]Business),
		attached:    make(map[slot]Addon),
		inherited:   make(map[slot]Addon),
		ids:         make(map[slot]string),

		schemas:      maps.Clone(defaultSubmitSchemas()),
		listings:     make(map[string]*Listing),
		barred:       make(map[string]bool),
		buttons:      make(map[string]Button),
		prices:       make(map[market]Price),
		accounts:     make(map[string]*account),
		transactions: make(map[string]*Transaction),
	}
	for _, l := range cfg.Limits {
		if l.Calls <= 0 || l.Window <= 0 || l.Permission == "" {
			panic(fmt.Sprintf("kenartest: limit %+v: want a permission, and calls and window above zero", l))
		}
	}
	s.SetClients(cfg.Clients...)
	s.SetKeys(cfg.Keys...)
	s.anyKey = len(cfg.Keys) == 0
	for _, a := range cfg.Apps {
		s.apps[a.Slug] = a
	}
	return s
}

// Start returns a server that listens on cfg.Addr.
func Start(cfg Config) (*Server, error) {
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	s := New(cfg)
	s.addr = cfg.Addr
	if err := s.Accept(); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is the server's base URL, without a slash at the end; empty when it was
// not started. It stays the same for the life of the server.
func (s *Server) URL() string {
	s.listening.Lock()
	defer s.listening.Unlock()
	if s.addr == "" {
		return ""
	}
	return "http://" + s.addr
}

// Refuse closes the listener and every connection, so that connections are
// refused until Accept. Calls in progress lose their answers.
func (s *Server) Refuse() {
	s.listening.Lock()
	defer s.listening.Unlock()
	s.refuse()
}

func (s *Server) refuse() {
	if s.http == nil {
		return
	}
	// The only error is that of closing the listener, which is closed
	// whether or not it says so.
	_ = s.http.Close()
	<-s.stopped
	s.http = nil
}

// Accept listens again, on the same port, after Refuse. It fails when some
// other program has taken the port meanwhile.
func (s *Server) Accept() error {
	s.listening.Lock()
	defer s.listening.Unlock()
	switch {
	case s.addr == "":
		return errors.New("accepting connections: the server was made by New and has no listener; use Start")
	case s.isClosed():
		return errors.New("accepting connections: the server is closed")
	case s.http != nil:
		return nil
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", s.addr, err)
	}
	s.addr = l.Addr().String()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	s.stopped = make(chan struct{})
	go func(srv *http.Server, stopped chan struct{}) {
		defer close(stopped)
		// Serve ends by http.Close and with nothing to report.
		_ = srv.Serve(l)
	}(s.http, s.stopped)
	return nil
}

// Close stops listening, ends what hangs or waits, and returns when no call
// is in progress. What the server knows can still be asked.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.Refuse()
	s.serving.Wait()
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Server) now() time.Time {
	if s.cfg.Now != nil {
		return s.cfg.Now()
	}
	return time.Now()
}
