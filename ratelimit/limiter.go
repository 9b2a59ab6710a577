package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	defaultPrefix = "kenar"
	defaultHold   = 10 * time.Second

	// maxSkew is how far the clocks of Redis and of this process may be apart.
	maxSkew = 2 * time.Second
	// flushTime bounds what Run still tries to deliver after its context ended.
	flushTime = 2 * time.Second
	// commandTime bounds a background command, so that a hanging server is noticed.
	commandTime = 5 * time.Second
)

// Config describes a limiter. Redis, App and Call are required.
type Config struct {
	// Redis holds the state. Set ContextTimeoutEnabled on it, or a hanging server
	// is noticed only after ReadTimeout whatever the context says; and MaxRetries
	// -1, because the limiter retries by itself where that is harmless. It must not
	// read from replicas (ReadOnly, RouteByLatency): they lag behind.
	Redis redis.UniversalClient

	// App names the application; limiters with the same App share the quota.
	App string

	// Prefix begins every key: <prefix>:{<app>}:… The default is "kenar".
	Prefix string

	// Limits of this limiter; see the package comment on limiters that differ.
	Limits Limits

	// Hold is the time after which a token that was only reserved returns by
	// itself. The default is 10 s.
	Hold time.Duration

	// Call is the longest time from Spend until the last moment at which the
	// request can reach the server: the timeout of the call and some margin for
	// sending late. Spend books a token for that long plus the window, so a value that
	// is too small breaks the promise, and one that is too large delays the return of
	// the tokens of crashed callers.
	Call time.Duration

	// Source tells what was spent when Redis does not know. With nil the limiter stays
	// closed whenever state is missing, on the very first start too, until
	// someone who knows that nothing was spent calls Limiter.Fill.
	Source Source

	// Now is the clock of this process; the default is time.Now.
	Now func() time.Time

	// Notify is told of changes worth a log line. It must not block; it may be called
	// from several goroutines at once. It may be nil.
	Notify func(Event)
}

// Limiter shares the quota of one application with all the limiters of the same
// App on the same Redis. It is safe for concurrent use.
type Limiter struct {
	cfg  Config
	id   string // of this replica, in the register of limits
	keys keys

	agreed atomic.Pointer[agreement] // nil until the first answer of Redis
	joinMu sync.Mutex                // one join at a time

	mu      sync.Mutex
	buckets map[string]*Bucket
	memory  map[string]pauseRecord // pauses seen, to be restored after a loss
	birth   string                 // of the state in Redis, as last seen; guarded by joinMu

	outbox  outbox
	health  health
	rejoin  chan struct{} // capacity 1: the register may have changed
	lost    chan struct{} // capacity 1: state is missing
	running atomic.Bool
}

// New checks the configuration and returns a limiter. It does no I/O. Run must be
// running for the limiter to rebuild lost state and to deliver refunds and commits.
func New(cfg Config) (*Limiter, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = defaultPrefix
	}
	if cfg.Hold == 0 {
		cfg.Hold = defaultHold
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("ratelimit: configuration: %w", err)
	}
	return &Limiter{
		cfg:     cfg,
		id:      uuid.NewString(),
		keys:    keys{prefix: cfg.Prefix, app: cfg.App},
		buckets: map[string]*Bucket{},
		memory:  map[string]pauseRecord{},
		outbox:  outbox{ready: make(chan struct{}, 1)},
		rejoin:  make(chan struct{}, 1),
		lost:    make(chan struct{}, 1),
	}, nil
}

func (c Config) validate() error {
	var errs []error
	if c.Redis == nil {
		errs = append(errs, errors.New("field Redis is nil; pass a go-redis client"))
	}
	if !validName(c.App) {
		errs = append(errs, fmt.Errorf("field App %q: use 1 to 64 of A-Z a-z 0-9 _ . -", c.App))
	}
	if !validName(c.Prefix) {
		errs = append(errs, fmt.Errorf("field Prefix %q: use 1 to 64 of A-Z a-z 0-9 _ . -", c.Prefix))
	}
	if c.Hold < time.Millisecond || c.Hold > time.Hour {
		errs = append(errs, fmt.Errorf("field Hold %s is not within 1ms and 1h", c.Hold))
	}
	if c.Call < time.Millisecond || c.Call > time.Hour {
		errs = append(errs, fmt.Errorf("field Call %s is not within 1ms and 1h; it is the timeout of a call and a margin", c.Call))
	}
	if err := c.Limits.validate(); err != nil {
		errs = append(errs, fmt.Errorf("field Limits: %w", err))
	}
	return errors.Join(errs...)
}

// Run does the background work: it delivers queued refunds and commits, listens for
// hints, keeps this limiter in the register of limits and rebuilds lost state.
// It returns nil once ctx has ended, after a short attempt to deliver what is still
// queued; a Commit or Refund made later than that is not delivered.
func (l *Limiter) Run(ctx context.Context) error {
	if !l.running.CompareAndSwap(false, true) {
		return errors.New("ratelimit: Run is already running on this limiter; call it once")
	}
	defer l.running.Store(false)

	var wg sync.WaitGroup
	wg.Go(func() { l.listen(ctx) })
	wg.Go(func() { l.keepAgreement(ctx) })
	wg.Go(func() { l.keepState(ctx) })
	wg.Go(func() { l.deliver(ctx) })
	wg.Wait()

	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	var retry backoff
	for l.flush(last) != nil { // what is not delivered was booked at its worst case
		if !sleep(last, retry.next(), nil) {
			break
		}
	}
	_ = l.leave(last) // else the entry expires by itself
	return nil
}

// Bucket returns the bucket of a permission: the same one at every call. A
// permission without windows of its own still draws on the "app" windows; with
// neither it is unlimited. Bucket(AppKey) draws on the "app" windows alone. Names are
// those of Limits: 1 to 64 of A-Z a-z 0-9 _ . -
func (l *Limiter) Bucket(permission string) *Bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, found := l.buckets[permission]
	if !found {
		b = newBucket(l, permission)
		l.buckets[permission] = b
	}
	return b
}

// each calls f with every bucket that was asked for so far.
func (l *Limiter) each(f func(*Bucket)) {
	l.mu.Lock()
	buckets := make([]*Bucket, 0, len(l.buckets))
	for _, b := range l.buckets {
		buckets = append(buckets, b)
	}
	l.mu.Unlock()
	for _, b := range buckets {
		f(b)
	}
}

func (l *Limiter) notify(e Event) {
	if l.cfg.Notify != nil {
		l.cfg.Notify(e)
	}
}

// signal puts a token into a channel of capacity 1 unless one is there.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
