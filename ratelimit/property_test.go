package ratelimit

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

var seeds = flag.Int("seeds", 12, "random worlds for the property test")

// mutant is a way to be wrong that the property test must notice.
type mutant string

const (
	faithful        mutant = ""
	noSource        mutant = "after a loss the bucket is full"
	noSpend         mutant = "calls are made on a hold alone"
	stampAtGrant    mutant = "tokens return a window after they were reserved"
	continuousFlow  mutant = "the bucket is refilled continuously"
	ignoreHoldsLife mutant = "a refused Spend is ignored"
)

// world is a simulation in virtual time: workers that reserve, spend, call, commit,
// refund, dawdle and crash; clocks that are wrong; a Redis that forgets. Its oracle is the
// list of arrivals at the server, which knows nothing of all that.
type world struct {
	t      *testing.T
	mutant mutant
	rng    *rand.Rand
	mini   *miniredis.Miniredis
	client *redis.Client

	now       time.Time
	redisSkew time.Duration
	limits    Limits
	hold      time.Duration
	call      time.Duration
	workers   []*simWorker
	source    *journal
	arrivals  map[string][]time.Time // per permission, and all under AppKey
	flow      map[string]*flow

	crashes, losses, refused int
}

type simWorker struct {
	w          *world
	l          *Limiter
	skew       time.Duration
	at         time.Time // of its next step
	step       func()
	permission string
	holds      []Hold
	reserved   time.Time
	spent      time.Time
}

// newWorld draws the limits and the clocks. In every world either the workers' clocks are
// wrong, or that of Redis is, or both by less than half the guard.
func newWorld(t *testing.T, seed uint64, m mutant) *world {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := newMini(t)
	w := &world{
		t: t, mutant: m, rng: rng, mini: s.mini, now: time.Unix(1_770_000_000, 0),
		source: &journal{}, arrivals: map[string][]time.Time{}, flow: map[string]*flow{},
		hold: 10 * time.Second, call: time.Duration(1+rng.IntN(60)) * time.Second,
	}
	long := []time.Duration{20 * time.Minute, time.Hour, 24 * time.Hour, 168 * time.Hour}
	slow := rng.IntN(2) == 0 // only long windows: many weeks go by
	if slow {
		long = []time.Duration{24 * time.Hour, 72 * time.Hour, 168 * time.Hour, 168 * time.Hour}
	}
	w.limits = Limits{"P": {{Limit: 2 + rng.IntN(12), Every: long[rng.IntN(4)]}}}
	w.limits["P"][0].Reserve = rng.IntN(2)
	if slow || rng.IntN(2) == 0 {
		w.limits["Q"] = []Window{{Limit: 1 + rng.IntN(30), Every: long[rng.IntN(3)]}}
	}
	if rng.IntN(3) > 0 {
		w.limits[AppKey] = []Window{{Limit: 2 + rng.IntN(20), Every: long[rng.IntN(2)]}}
		if seed%3 != 2 { // the guard of a minute is too short for two wrong clocks
			w.limits[AppKey] = append(w.limits[AppKey], Window{Limit: 1 + rng.IntN(8), Every: time.Minute})
		}
	}
	w.client = redis.NewClient(&redis.Options{Addr: s.mini.Addr(), MaxRetries: -1})
	t.Cleanup(func() { _ = w.client.Close() })
	for range 6 {
		sw := &simWorker{w: w, at: w.now, permission: []string{"P", "P", "Q"}[rng.IntN(3)]}
		switch seed % 3 {
		case 0:
			sw.skew = w.jitter(1900 * time.Millisecond)
		case 2:
			sw.skew = w.jitter(maxGuard / 2)
		}
		sw.restart()
		w.workers = append(w.workers, sw)
	}
	w.setRedisClock(seed)
	return w
}

func (w *world) jitter(d time.Duration) time.Duration {
	return time.Duration(w.rng.Int64N(int64(2*d))) - d
}

func (w *world) setRedisClock(seed uint64) {
	switch seed % 3 {
	case 1:
		w.redisSkew = w.jitter(1900 * time.Millisecond)
	case 2:
		w.redisSkew = w.jitter(maxGuard / 2)
	}
}

// run takes a number of steps, whoever is next.
func (w *world) run(seed uint64, steps int) {
	for range steps {
		next := slices.MinFunc(w.workers, func(a, b *simWorker) int { return a.at.Compare(b.at) })
		if next.at.After(w.now) {
			w.now = next.at
		}
		if w.rng.IntN(60) == 0 {
			w.lose(seed)
		}
		w.mini.SetTime(w.now.Add(w.redisSkew))
		next.step()
	}
}

// lose takes something away from Redis, after which its clock may differ, too.
func (w *world) lose(seed uint64) {
	w.losses++
	l := w.workers[0].l
	switch w.rng.IntN(4) {
	case 0:
		w.mini.Del(l.keys.meta())
	case 1:
		if a := l.agreed.Load(); a != nil {
			w.mini.Del(a.windows[w.rng.IntN(len(a.windows))].key)
		}
	case 2:
		w.mini.HSet(l.keys.meta(), "run", fmt.Sprintf("%032x", w.rng.Uint64()))
	default:
		w.mini.FlushAll()
	}
	w.setRedisClock(seed)
}

// restart is a new process: it knows nothing of what the old one had queued.
func (s *simWorker) restart() {
	l, err := New(Config{
		Redis: s.w.client, App: "sim", Limits: s.w.limits, Hold: s.w.hold, Call: s.w.call,
		Now: func() time.Time { return s.w.now.Add(s.skew) },
	})
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.l, s.holds, s.step = l, nil, s.reserve
}

// crash happens now and then, after any step.
func (s *simWorker) crash() {
	if s.w.rng.IntN(25) != 0 {
		return
	}
	s.w.crashes++
	s.at = s.w.now.Add(time.Duration(s.w.rng.IntN(60_000)) * time.Millisecond)
	s.restart()
}

// then schedules the next step, soon as a rule.
func (s *simWorker) then(step func(), soon time.Duration) {
	if s.w.rng.IntN(12) == 0 {
		soon = 2 * (s.w.hold + s.w.call) // it dawdles, past all deadlines perhaps
	}
	s.step, s.at = step, s.w.now.Add(time.Duration(s.w.rng.Int64N(int64(soon)))+time.Millisecond)
}

func (s *simWorker) reserve() {
	w, b := s.w, s.l.Bucket(s.permission)
	n := 1
	if w.rng.IntN(4) == 0 {
		n = 1 + w.rng.IntN(15)
	}
	if w.mutant == continuousFlow {
		s.holds = w.take(s.permission, n)
		s.reserved = w.now
		if s.then(s.record, time.Second); len(s.holds) == 0 {
			s.then(s.reserve, 10*time.Minute)
		}
		return
	}
	holds, wait, err := b.Reserve(w.t.Context(), n, w.rng.IntN(2) == 0)
	if err != nil {
		w.t.Fatal(err)
	}
	s.holds, s.reserved = holds, w.now
	switch {
	case wait.Reason == WaitRebuild:
		var source Source = w.source
		if w.mutant == noSource {
			source = nothingSpent{}
		}
		if err := s.l.rebuild(w.t.Context(), source); err != nil {
			w.t.Fatal(err)
		}
		s.then(s.reserve, time.Second)
	case len(holds) == 0:
		s.step = s.reserve
		s.at = wait.Until.Add(-s.skew + time.Duration(w.rng.IntN(20))*time.Millisecond)
	default:
		s.then(s.record, 2*time.Second)
		s.crash()
	}
}

// record writes the intent down, or finds that there is nothing to be sent.
func (s *simWorker) record() {
	if s.w.rng.IntN(10) == 0 {
		s.refund()
		return
	}
	s.w.source.record(s.permission, s.w.now.Add(s.skew), s.holds...)
	s.then(s.spend, time.Second)
	s.crash()
}

func (s *simWorker) spend() {
	w := s.w
	if w.mutant != noSpend && w.mutant != continuousFlow {
		ok, err := s.l.Bucket(s.permission).Spend(w.t.Context(), s.holds...)
		if err != nil {
			w.t.Fatal(err)
		}
		var live []Hold
		for i, h := range s.holds {
			if ok[i] || w.mutant == ignoreHoldsLife {
				live = append(live, h)
			} else {
				w.refused++
				w.source.void(h)
			}
		}
		if s.holds = live; len(live) == 0 {
			s.deliver()
			s.then(s.reserve, time.Second)
			return
		}
	}
	s.spent = w.now
	s.then(s.send, w.call)
	s.crash()
}

// send makes the calls, if the deadline allows; the server counts each when it
// arrives, up to the end of the deadline.
func (s *simWorker) send() {
	w := s.w
	left := w.call - w.now.Sub(s.spent)
	if left <= 0 && w.mutant != noSpend {
		s.refund() // provably not sent
		return
	}
	last := w.now
	for range s.holds {
		arrival := w.now.Add(time.Duration(w.rng.Int64N(max(1, int64(left)))))
		w.arrivals[s.permission] = append(w.arrivals[s.permission], arrival)
		w.arrivals[AppKey] = append(w.arrivals[AppKey], arrival)
		if arrival.After(last) {
			last = arrival
		}
	}
	s.step, s.at = s.commit, last.Add(time.Millisecond)
	s.crash()
}

func (s *simWorker) commit() {
	at := s.w.now.Add(s.skew)
	if s.w.mutant == stampAtGrant {
		at = s.reserved.Add(s.skew)
	}
	for _, h := range s.holds {
		s.l.Bucket(s.permission).Commit(h, at)
	}
	s.deliver()
	s.then(s.reserve, time.Second)
}

func (s *simWorker) refund() {
	for _, h := range s.holds {
		s.w.source.void(h)
	}
	s.l.Bucket(s.permission).Refund(s.holds...)
	s.deliver()
	s.then(s.reserve, time.Second)
}

// deliver is what Run would do; while the state is lost it fails and is repeated later.
func (s *simWorker) deliver() {
	if s.w.mutant != continuousFlow {
		_ = s.l.flush(s.w.t.Context())
	}
}

func (j *journal) void(h Hold) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.spends = slices.DeleteFunc(j.spends, func(s Spend) bool { return s.ID == h.ID })
}

// flow is the ordinary token bucket, for comparison.
type flow struct {
	tokens float64
	at     time.Time
}

// take draws on ordinary token buckets; n is cut to what all of them have.
func (w *world) take(permission string, n int) []Hold {
	var buckets []*flow
	for _, p := range []string{permission, AppKey} {
		for _, win := range w.limits[p] {
			name := fmt.Sprint(p, win.Every)
			f := w.flow[name]
			if f == nil {
				f = &flow{tokens: float64(win.Limit), at: w.now}
				w.flow[name] = f
			}
			f.tokens = min(float64(win.Limit), f.tokens+w.now.Sub(f.at).Seconds()*float64(win.Limit)/win.Every.Seconds())
			f.at = w.now
			n = min(n, int(f.tokens))
			buckets = append(buckets, f)
		}
	}
	for _, f := range buckets {
		f.tokens -= float64(n)
	}
	holds := make([]Hold, n)
	for i, id := range newIDs(n) {
		holds[i].ID = id
	}
	return holds
}

// worst returns the largest number of calls in any window of a length, wherever
// it starts.
func worst(arrivals []time.Time, every time.Duration) int {
	sorted := slices.SortedFunc(slices.Values(arrivals), time.Time.Compare)
	most, first := 0, 0
	for i, at := range sorted {
		for at.Sub(sorted[first]) >= every {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// violations returns what the oracle has against the arrivals.
func (w *world) violations() []string {
	var found []string
	for permission, windows := range w.limits {
		for _, win := range windows {
			if n := worst(w.arrivals[permission], win.Every); n > win.Limit {
				found = append(found, fmt.Sprintf("%s: %d calls within %s, limit %d", permission, n, win.Every, win.Limit))
			}
		}
	}
	return found
}

func TestNeverOverTheLimit(t *testing.T) {
	var calls, crashes, losses, refused int
	var simulated time.Duration
	for seed := range uint64(*seeds) {
		w := newWorld(t, seed, faithful)
		began := w.now
		w.run(seed, 1200)
		for _, v := range w.violations() {
			t.Errorf("seed %d: %s", seed, v)
		}
		calls += len(w.arrivals[AppKey])
		crashes, losses, refused = crashes+w.crashes, losses+w.losses, refused+w.refused
		simulated += w.now.Sub(began)
	}
	t.Logf("%.0f weeks, %d calls, %d crashes, %d losses, %d refused at Spend", simulated.Hours()/168, calls, crashes, losses, refused)
	if calls == 0 || crashes == 0 || losses == 0 || refused == 0 {
		t.Error("the worlds were too quiet to prove anything")
	}
}

func TestMutantsAreNoticed(t *testing.T) {
	for _, m := range []mutant{noSource, noSpend, stampAtGrant, continuousFlow, ignoreHoldsLife} {
		t.Run(string(m), func(t *testing.T) {
			for seed := range uint64(40) {
				w := newWorld(t, seed, m)
				w.run(seed, 600)
				if v := w.violations(); len(v) > 0 {
					t.Logf("seed %d: %s", seed, v[0])
					return
				}
			}
			t.Error("40 worlds did not notice")
		})
	}
}

// TestNoTokenIdle compares a run without faults with the optimum: call k may leave one
// window (and its guard) after the end of call k-limit, and not before.
func TestNoTokenIdle(t *testing.T) {
	for _, text := range []string{"P=7/168h", "P=7/168h; app=3/1m,5/24h", "P=1/1h", "P=100/168h; app=60/1m"} {
		t.Run(text, func(t *testing.T) {
			s := newMini(t)
			now := time.Unix(1_770_000_000, 0)
			s.mini.SetTime(now)
			l := s.limiter(text, func(c *Config) { c.Now = func() time.Time { return now } })
			b := l.Bucket("P")
			var ended []time.Time
			const took = 300 * time.Millisecond
			for len(ended) < 250 {
				holds, wait, err := b.Reserve(t.Context(), 1000, false)
				if err != nil {
					t.Fatal(err)
				}
				if len(holds) == 0 {
					now = wait.Until
					s.mini.SetTime(now)
					continue
				}
				earliest := time.Time{}
				for _, windows := range []string{"P", AppKey} {
					for _, w := range l.cfg.Limits[windows] {
						if k := len(ended) - w.Limit; k >= 0 {
							if back := ended[k].Add(w.Every + w.guard()); back.After(earliest) {
								earliest = back
							}
						}
					}
				}
				if d := now.Sub(earliest); len(ended) > 0 && !earliest.IsZero() && (d < 0 || d > took+time.Millisecond) {
					t.Fatalf("call %d left %s after it could have", len(ended), d)
				}
				if ok, err := b.Spend(t.Context(), holds...); err != nil || slices.Contains(ok, false) {
					t.Fatal(ok, err)
				}
				now = now.Add(took)
				s.mini.SetTime(now)
				for _, h := range holds {
					b.Commit(h, now)
					ended = append(ended, now)
				}
				delivered(t, l)
			}
		})
	}
}
