package grants

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// How long the steps of a refresh may take.
const (
	// LeaseSlack is how much longer than the call a lease is. Half of it may
	// pass before the call begins.
	LeaseSlack = 10 * time.Second

	defaultTimeout = 15 * time.Second
	maxTimeout     = kenar.TokenGrace/2 - LeaseSlack - sendBy
	defaultWait    = 2 * time.Second
	comeBack       = 2 * time.Second // at least, when a caller's wait was too short; at most the double
	sendBy         = LeaseSlack / 2  // from the lease until the request must be on its way
	flightLimit    = 2 * time.Minute // of one round of refreshing, with its waits
	storeFor       = 30 * time.Second
	freshFor       = 15 * time.Minute // a token fetched because Kenar refused another counts as fresh so long
	maxOpened      = 4096             // pairs in memory
)

// Config is what a [Source] needs.
type Config struct {
	Store *Store

	// Refresh asks the grant server for a new pair: it is the method of
	// *kenar.OAuth, whose errors tell whether the pair may have been
	// replaced. Any error of another type is taken to mean that it may.
	Refresh func(ctx context.Context, refresh, access string) (kenar.Tokens, error)

	// Timeout of Refresh; 0 means 15 s, more than 45 s is refused: several
	// tries must fit into the grace.
	Timeout time.Duration

	// Wait is how long Access waits for a refresh under way at most; 0 means
	// 2 s. The refresh goes on without its caller.
	Wait time.Duration

	// Report is told what went wrong in the background, where nobody waits
	// for the error. nil: nobody is.
	Report func(error)

	// Now is the clock; nil means the store's.
	Now func() time.Time
}

// A Source gives access tokens that work, refreshing them just in time. It is
// safe for concurrent use, and any number of Sources may share a bucket.
// [Source.Close] must be called at the end.
type Source struct {
	cfg    Config
	store  *Store
	now    func() time.Time
	owner  string                // names this Source in leases
	step   func(step, id string) // tests stop a Source here
	flight singleflight.Group

	breaker  *breaker
	refusals *refusals

	closing chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	opened  map[string]*openedPair // by grant; pointers, which fmt does not follow
	unsaved map[string]*answer     // what NATS has not taken yet
	counts  Counts                 // as of the last look of KeepAlive
}

// openedPair is what was sealed in an entry of a revision.
type openedPair struct {
	revision uint64
	sealed   sealed
}

// String names the Source; its fields hold tokens.
func (s *Source) String() string { return "source of access tokens " + s.owner }

// Format prints String, whatever the verb.
func (s *Source) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// NewSource makes a Source.
func NewSource(cfg Config) (*Source, error) {
	if cfg.Store == nil || cfg.Refresh == nil {
		return nil, errors.New("make a source of access tokens: Store and Refresh are needed")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Timeout < 0 || cfg.Timeout > maxTimeout {
		return nil, fmt.Errorf("make a source of access tokens: Timeout is %s, it must be more than 0 and at most %s", cfg.Timeout, maxTimeout)
	}
	if cfg.Wait == 0 {
		cfg.Wait = defaultWait
	}
	if cfg.Wait < 0 {
		return nil, fmt.Errorf("make a source of access tokens: Wait is %s, it must be more than 0", cfg.Wait)
	}
	if cfg.Now == nil {
		cfg.Now = cfg.Store.now
	}
	closing := make(chan struct{})
	return &Source{
		cfg: cfg, store: cfg.Store, now: cfg.Now, owner: rand.Text(), step: func(string, string) {},
		breaker: newBreaker(cfg.Now, closing), refusals: newRefusals(),
		closing: closing, opened: make(map[string]*openedPair), unsaved: make(map[string]*answer),
	}, nil
}

// Access returns an access token that covers what is needed and works for as
// long. It refreshes the grant if it must, and waits for a refresh under way
// elsewhere; when ctx or Config.Wait ends meanwhile, the refresh goes on. Dozens
// of calls for one grant cause one refresh. While the grant server fails for
// everybody, tokens that need a refresh are not waited for at all.
func (s *Source) Access(ctx context.Context, id string, need Need) (Token, error) {
	const rounds = 3 // one is enough, unless the new pair is refused or replaced at once
	var patience <-chan time.Time
	for round := 0; ; round++ {
		e, err := s.load(ctx, id)
		if err != nil {
			return Token{}, err
		}
		if !kenar.Covered(e.Scopes, need.Scopes) {
			return Token{}, &ScopeError{Grant: id, Granted: e.Scopes, AnyOf: need.Scopes}
		}
		if s.usable(e, s.now(), need.Good) {
			tokens, err := s.open(e)
			if err != nil {
				return Token{}, err
			}
			return Token{Grant: id, Expires: e.goodUntil(), secret: &tokens.Current.Access}, nil
		}
		if round == rounds || s.tooShort(e, need.Good) {
			return Token{}, &UnavailableError{Grant: id, Doing: "use",
				Err: fmt.Errorf("an access token that works for %s is needed, and a fresh one works until %s only: give a shorter Need.Good", need.Good+skew, e.goodUntil().UTC().Format(time.RFC3339))}
		}
		if err := s.breaker.blocked(id); err != nil && !s.holds(id) {
			return Token{}, err
		}
		if patience == nil {
			patience = time.After(s.cfg.Wait)
		}
		err = s.renew(ctx, id, patience, func(e *entry, now time.Time) bool { return !s.usable(e, now, need.Good) })
		if err != nil {
			return Token{}, err
		}
	}
}

// usable reports whether the access token may be returned. While a refresh is
// under way it may, for the grace; one that was left unfinished comes first.
func (s *Source) usable(e *entry, now time.Time, good time.Duration) bool {
	switch {
	case !e.RefusedAt.IsZero():
		return false
	case !now.Add(good + skew).Before(e.goodUntil()):
		return false
	}
	return e.Doubt.IsZero() || e.leased(now) || e.waits(now)
}

// tooShort reports whether no refresh will do: the current pair is the fruit
// of one, still works, and was never good for long enough.
func (s *Source) tooShort(e *entry, good time.Duration) bool {
	return !e.RefreshedAt.IsZero() && e.RefusedAt.IsZero() && e.Doubt.IsZero() &&
		s.now().Before(e.AccessExpiry) && e.AccessExpiry.Sub(e.RefreshedAt) < good+skew
}

// Refused says that Kenar answered 401 to an access token. If it is still the
// current one, the next Access refreshes it, whoever calls it: once per token.
// fresh is true when the token was itself fetched only just, because Kenar had
// refused the one before: another would fare no better, nothing is refreshed,
// and the API key is the suspect.
func (s *Source) Refused(ctx context.Context, id, access string) (fresh bool, err error) {
	for range writesAtMost {
		e, err := s.load(ctx, id)
		if err != nil {
			return false, err
		}
		tokens, err := s.open(e)
		if err != nil {
			return false, err
		}
		current := subtle.ConstantTimeCompare([]byte(tokens.Current.Access), []byte(access)) == 1
		switch {
		case !current, !e.RefusedAt.IsZero():
			return false, nil
		case e.Forced && s.now().Before(e.RefreshedAt.Add(freshFor)):
			return true, nil
		}
		e.RefusedAt = s.now().UTC()
		switch err := s.store.write(ctx, e); {
		case err == nil:
			return false, nil
		case !errors.Is(err, errConflict):
			return false, &UnavailableError{Grant: id, Doing: "mark the refused access token of", Err: err}
		}
	}
	return false, &UnavailableError{Grant: id, Doing: "mark the refused access token of", Err: errBusy}
}

// load reads a grant that has not ended.
func (s *Source) load(ctx context.Context, id string) (*entry, error) {
	e, err := s.store.read(ctx, id)
	switch {
	case errors.Is(err, ErrMissing):
		s.forget(id)
		return nil, err
	case err != nil:
		return nil, &UnavailableError{Grant: id, Doing: "use", Err: err}
	case e.Revoked != nil:
		s.forget(id)
		return nil, &RevokedError{Grant: id, Revocation: *e.Revoked}
	}
	return e, nil
}

// open decrypts the tokens of an entry, once per revision. It fails with a
// *DamagedError or an *UnavailableError.
func (s *Source) open(e *entry) (sealed, error) {
	s.mu.Lock()
	o, ok := s.opened[e.ID]
	s.mu.Unlock()
	if ok && o.revision == e.rev {
		return o.sealed, nil
	}
	ids, err := s.store.keys.identities()
	var tokens sealed
	if err == nil {
		tokens, err = open(e, ids)
	}
	if errors.Is(err, ErrMissing) {
		return sealed{}, err
	} else if err != nil {
		return sealed{}, &UnavailableError{Grant: e.ID, Doing: "use", Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.opened {
		if len(s.opened) < maxOpened {
			break
		}
		delete(s.opened, id)
	}
	s.opened[e.ID] = &openedPair{e.rev, tokens}
	return tokens, nil
}

func (s *Source) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opened, id)
}

// Close waits for the refreshes under way and stores what they brought. After
// ctx has ended it gives up; the error then names the grants whose new pair
// could not be stored. They are not lost yet: another worker has the grace to
// repeat the refresh.
func (s *Source) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { defer close(done); s.running.Wait() }()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("close the source of access tokens: refreshes are under way: %w", ctx.Err())
	}
	if err := s.flushAll(ctx); err != nil {
		return fmt.Errorf("close the source of access tokens: %w", err)
	}
	return nil
}

// begin reports whether a refresh may start; s.running.Done ends it.
func (s *Source) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}
