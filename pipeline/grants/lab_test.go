package grants

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/kenar-addons/kenar-addons/internal/cli/clitest"
	"github.com/kenar-addons/kenar-addons/kenar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, clitest.ServerLeaks()...) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newKeys makes n identities, newest first, and the keys of a worker.
func newKeys(t testing.TB, n int) (Identities, Keys) {
	t.Helper()
	var text string
	for range n {
		k, err := age.GenerateX25519Identity()
		must(t, err)
		text += k.String() + "\n"
	}
	ids, err := ParseIdentities(text)
	must(t, err)
	return ids, keysOf(ids)
}

func keysOf(ids Identities) Keys {
	return Keys{Identities: func() (Identities, error) { return ids, nil }}
}

// memory is a bucket in memory, with which tests run in a bubble of time.
type memory struct {
	mu       sync.Mutex
	revision uint64
	records  map[string]record
	watches  map[*memoryWatch]struct{}
	puts     int
	fault    func(key string) (lose, fail bool) // of a put: its answer is lost; it is not stored
}

type memoryWatch struct {
	key   string
	queue []change
	wake  chan struct{}
}

func newMemory() *memory {
	return &memory{records: make(map[string]record), watches: make(map[*memoryWatch]struct{})}
}

var errAway = errors.New("NATS is away")

func (m *memory) get(ctx context.Context, key string) (record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records[key], ctx.Err()
}

func (m *memory) put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lose, fail bool
	if m.fault != nil {
		lose, fail = m.fault(key)
	}
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case fail:
		return 0, errAway
	case m.records[key].revision != revision:
		return 0, errConflict
	}
	m.puts++
	m.set(key, value)
	if lose {
		return 0, errAway
	}
	return m.revision, nil
}

func (m *memory) remove(ctx context.Context, key string, revision uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records[key].revision != revision {
		return errConflict
	}
	m.set(key, nil)
	return ctx.Err()
}

func (m *memory) set(key string, value []byte) {
	m.revision++
	m.records[key] = record{value, m.revision}
	for w := range m.watches {
		if w.key == "" || w.key == key {
			w.add(change{key: key, record: m.records[key]})
		}
	}
}

func (w *memoryWatch) add(c change) {
	w.queue = append(w.queue, c)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (m *memory) watch(ctx context.Context, key string) (<-chan change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &memoryWatch{key: key, wake: make(chan struct{}, 1)}
	for k, r := range m.records {
		if key == "" || k == key {
			w.add(change{key: k, record: r})
		}
	}
	w.add(change{present: true})
	m.watches[w] = struct{}{}
	out := make(chan change)
	go func() {
		defer close(out)
		defer func() { m.mu.Lock(); delete(m.watches, w); m.mu.Unlock() }()
		for {
			m.mu.Lock()
			queue := w.queue
			w.queue = nil
			m.mu.Unlock()
			for _, c := range queue {
				select {
				case out <- c:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-w.wake:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// startBucket runs a JetStream with the bucket.
func startBucket(t testing.TB) jetstream.JetStream {
	t.Helper()
	js := startJetStream(t)
	must(t, Topology{}.Create(t.Context(), js))
	return js
}

func startJetStream(t testing.TB) jetstream.JetStream {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
	})
	must(t, err)
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	nc, err := nats.Connect(s.ClientURL())
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	return js
}

// bothBuckets runs a test against the bucket in memory and the real one.
func bothBuckets(t *testing.T, test func(t *testing.T, b kv)) {
	t.Run("memory", func(t *testing.T) { test(t, newMemory()) })
	t.Run("JetStream", func(t *testing.T) {
		b, err := openBucket(t.Context(), startBucket(t))
		must(t, err)
		test(t, b)
	})
}

// An issuer is a grant server of the strictest kind: one pair of a user is
// the current one, whatever was issued before lives on for the grace only,
// and every refresh with a pair that lives makes a new current one.
type issuer struct {
	mu      sync.Mutex
	now     func() time.Time
	n       int
	pairs   map[string]*issued // by refresh token
	byToken map[string]*issued // by access token
	revoked map[string]bool    // users
	calls   map[string]int     // requests that reached it, by user
}

type issued struct {
	user            string
	access, refresh string
	expiry, until   time.Time // of the access token; of both, zero while they are current
}

const tokenMark = "hush7391" // in every token: finds them where they must not be

func newIssuer(now func() time.Time) *issuer {
	return &issuer{now: now, pairs: make(map[string]*issued), byToken: make(map[string]*issued),
		revoked: make(map[string]bool), calls: make(map[string]int)}
}

func (i *issuer) issue(user string) kenar.Tokens {
	now := i.now()
	for _, p := range i.pairs {
		if p.user == user && p.until.IsZero() {
			p.until = now.Add(kenar.TokenGrace)
		}
	}
	i.n++
	p := &issued{user: user, access: fmt.Sprintf("ory_at_%s%d", tokenMark, i.n), refresh: fmt.Sprintf("ory_rt_%s%d", tokenMark, i.n), expiry: now.Add(time.Hour)}
	i.pairs[p.refresh], i.byToken[p.access] = p, p
	return kenar.Tokens{Access: p.access, Refresh: p.refresh, Scope: []string{"USER_ADDON_CREATE", kenar.ScopeOfflineAccess}, ExpiresIn: time.Hour}
}

// consent is what a user gives.
func (i *issuer) consent(user string) Consent {
	i.mu.Lock()
	defer i.mu.Unlock()
	return Consent{ID: user, UserID: "divar-" + user, Tokens: i.issue(user), At: i.now()}
}

func (i *issuer) revoke(user string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[user] = true
}

func (i *issuer) refresh(ctx context.Context, refresh, _ string) (kenar.Tokens, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if ctx.Err() != nil {
		return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", NeverSent: true, Err: ctx.Err()}
	}
	p := i.pairs[refresh]
	if p != nil {
		i.calls[p.user]++
	}
	if p == nil || i.revoked[p.user] || (!p.until.IsZero() && i.now().After(p.until)) {
		return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", Status: 400, OAuthError: "invalid_grant"}
	}
	return i.issue(p.user), nil
}

// works reports whether Kenar would take the access token.
func (i *issuer) works(access string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	p, now := i.byToken[access], i.now()
	return p != nil && !i.revoked[p.user] && now.Before(p.expiry) && (p.until.IsZero() || now.Before(p.until))
}

func (i *issuer) count(user string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls[user]
}

// A process is a Source that can be killed: from then on it does nothing
// more, and neither do its callers.
type process struct {
	*Source
	bucket kv
	dead   atomic.Bool
	ctx    context.Context
	end    context.CancelFunc
}

// newProcess starts a worker process whose callers are patient. step may call
// kill; it runs within the refresh.
func newProcess(t testing.TB, b kv, keys Keys, refresh func(context.Context, string, string) (kenar.Tokens, error), step func(*process, string)) *process {
	t.Helper()
	p := &process{bucket: b}
	p.ctx, p.end = context.WithCancel(context.Background())
	s, err := NewSource(Config{Store: newStore(p, keys, nil), Refresh: refresh, Wait: time.Hour})
	must(t, err)
	if step != nil {
		s.step = func(name, _ string) { step(p, name) }
	}
	p.Source = s
	t.Cleanup(p.end)
	return p
}

func (p *process) kill() {
	p.dead.Store(true)
	p.end()
}

func (p *process) get(ctx context.Context, key string) (record, error) {
	if p.dead.Load() {
		return record{}, errAway
	}
	return p.bucket.get(ctx, key)
}

func (p *process) put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if p.dead.Load() {
		return 0, errAway
	}
	return p.bucket.put(ctx, key, value, revision)
}

func (p *process) remove(ctx context.Context, key string, revision uint64) error {
	return p.bucket.remove(ctx, key, revision)
}

func (p *process) watch(ctx context.Context, key string) (<-chan change, error) {
	return p.bucket.watch(ctx, key)
}
