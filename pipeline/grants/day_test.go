package grants

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// A day has eight workers that are killed at every step of a refresh, answers
// that are lost on either side, users who change their mind, and access tokens
// that Kenar refuses for no reason.
type day struct {
	t      *testing.T
	bucket *memory
	issuer *issuer
	keys   Keys
	length time.Duration

	mu       sync.Mutex
	rand     *rand.Rand
	troubles map[string]int // by user, since a refresh went well: never more than the grace has room for
	losses   map[string]int // by user: each may cost a refresh
	kills    map[string]int // by step
	accesses int
	over     bool
}

const (
	dayUsers   = 200
	dayWorkers = 8
)

func TestDay(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	length := 24 * time.Hour
	if testing.Short() {
		length = 6 * time.Hour
	}
	synctest.Test(t, func(t *testing.T) {
		_, keys := newKeys(t, 1)
		d := &day{
			t: t, length: length, bucket: newMemory(), issuer: newIssuer(time.Now), keys: keys, rand: rand.New(rand.NewPCG(seed, 1)),
			troubles: make(map[string]int), losses: make(map[string]int), kills: make(map[string]int),
		}
		d.bucket.fault = func(string) (lose, fail bool) { return d.chance(50), false }
		store := newStore(d.bucket, keys, nil)
		for i := range dayUsers {
			_, err := store.Put(t.Context(), d.issuer.consent(user(i)))
			must(t, err)
		}
		var all sync.WaitGroup
		for range dayWorkers {
			all.Go(d.worker)
		}
		all.Go(d.users)
		all.Wait()
		d.check(store)
	})
}

func user(i int) string { return fmt.Sprintf("user-%d", i) }

// chance is true once in n.
func (d *day) chance(n int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.over && d.rand.IntN(n) == 0
}

func (d *day) between(least, most time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return least + time.Duration(d.rand.Int64N(int64(most-least)))
}

// mostTroubles in a row are what the grace has room for: it is over before a
// third lease is.
const mostTroubles = 2

// trouble reports whether this refresh goes wrong, once in n.
func (d *day) trouble(who string, n int) bool {
	if !d.chance(n) {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.troubles[who] == mostTroubles {
		return false
	}
	d.troubles[who]++
	d.losses[who]++
	return true
}

// dies reports whether a process is killed at a step of who's refresh, once in
// n. So are the other refreshes under way in it.
func (d *day) dies(p *process, flying map[string]bool, step string, n int) bool {
	if !d.chance(n) {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for who := range flying {
		if d.troubles[who] == mostTroubles {
			return false
		}
	}
	for who := range flying {
		d.troubles[who]++
		d.losses[who]++
	}
	d.kills[step]++
	p.kill()
	return true
}

// worker is one process after the other, each until it is killed.
func (d *day) worker() {
	end := time.Now().Add(d.length)
	for time.Now().Before(end) {
		d.process(end)
		time.Sleep(d.between(time.Second, 10*time.Second))
	}
}

func (d *day) process(end time.Time) {
	var p *process
	flying := make(map[string]bool) // users whose refresh is under way here; guarded by d.mu
	die := func(step string, n int) {
		if p.dead.Load() || d.dies(p, flying, step, n) {
			runtime.Goexit()
		}
	}
	refresh := func(ctx context.Context, refresh, access string) (kenar.Tokens, error) {
		d.issuer.mu.Lock()
		who := d.issuer.pairs[refresh].user
		d.issuer.mu.Unlock()
		if d.trouble(who, 40) {
			return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", NeverSent: true}
		}
		time.Sleep(d.between(50*time.Millisecond, 2*time.Second))
		tokens, err := d.issuer.refresh(ctx, refresh, access)
		die("asked", 40)
		if d.trouble(who, 20) {
			<-ctx.Done()
			return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", Err: ctx.Err()}
		}
		if d.trouble(who, 40) {
			return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", Status: 502}
		}
		return tokens, err
	}
	p = newProcess(d.t, d.bucket, d.keys, refresh, nil)
	p.cfg.Wait = defaultWait
	p.step = func(step, who string) {
		d.mu.Lock()
		flying[who] = true
		d.mu.Unlock()
		n := 60
		if step == "missed" {
			n = 10 // it is rare itself
		}
		die(step, n)
		d.mu.Lock()
		defer d.mu.Unlock()
		switch step {
		case "stored":
			d.troubles[who] = 0
			delete(flying, who)
		case "missed", "ended":
			delete(flying, who)
		}
	}
	var tasks sync.WaitGroup
	tasks.Go(func() { p.KeepAlive(p.ctx) })
	for range 2 {
		tasks.Go(func() {
			for p.ctx.Err() == nil && time.Now().Before(end) {
				d.event(p)
				select {
				case <-time.After(d.between(time.Second, 10*time.Minute)):
				case <-p.ctx.Done():
				}
			}
			p.end()
		})
	}
	tasks.Wait()
	if !p.dead.Load() {
		if err := p.Close(context.Background()); err != nil {
			d.t.Errorf("close: %v", err)
		}
	}
}

// event is what a worker does with a grant: get the token, call Kenar, and
// after a 401 once more.
func (d *day) event(p *process) {
	d.mu.Lock()
	who := user(d.rand.IntN(dayUsers))
	d.accesses++
	d.mu.Unlock()
	for range 2 {
		token, err := p.Access(p.ctx, who, Need{Scopes: []string{"USER_ADDON_CREATE"}, Good: good})
		d.issuer.mu.Lock()
		gone := d.issuer.revoked[who]
		d.issuer.mu.Unlock()
		switch {
		case errors.Is(err, ErrRevoked) && !gone:
			d.t.Errorf("grant of %s was lost: %v", who, err)
			return
		case Permanent(err), err != nil:
			return
		}
		works := d.issuer.works(token.Secret())
		if !works && !gone {
			d.t.Errorf("%s: a dead access token was returned", who)
		}
		if works && !d.chance(200) {
			return
		}
		if works {
			d.mu.Lock()
			d.losses[who]++ // forced
			d.mu.Unlock()
		}
		if _, err := p.Refused(p.ctx, who, token.Secret()); err != nil {
			return
		}
	}
}

// users take their consent back now and then.
func (d *day) users() {
	for i := 0; i < dayUsers; i += 20 {
		time.Sleep(d.length / (dayUsers/20 + 1))
		d.issuer.revoke(user(i))
	}
}

func (d *day) check(store *Store) {
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
	p := newProcess(d.t, d.bucket, d.keys, d.issuer.refresh, nil)
	total, lost := 0, 0
	for i := range dayUsers {
		who := user(i)
		calls := d.issuer.count(who)
		total, lost = total+calls, lost+d.losses[who]
		// One an hour, of which the margin takes a little, and one for each loss.
		if most := int(d.length/(time.Hour-time.Minute)) + 1 + d.losses[who]; calls > most {
			d.t.Errorf("%s: %d refreshes, want at most %d: %d were lost", who, calls, most, d.losses[who])
		}
		_, err := p.Access(p.ctx, who, Need{Good: good})
		info, e := store.Get(d.t.Context(), who)
		must(d.t, e)
		if revoked := d.issuer.revoked[who]; !revoked && (err != nil || info.Revoked != nil) {
			d.t.Errorf("%s: the grant is lost: %v", who, err)
		} else if revoked && info.Revoked == nil && info.AccessExpiry.Before(time.Now()) {
			d.t.Errorf("%s: revoked, but used after its access token ended", who)
		}
	}
	d.t.Logf("%d accesses, %d refreshes, %d lost; killed %v", d.accesses, total, lost, d.kills)
	for _, step := range []string{"leased", "asked", "answered", "stored", "missed"} {
		if d.kills[step] == 0 {
			d.t.Errorf("nobody was killed at step %q: the day shows too little", step)
		}
	}
	if hours := int(d.length.Hours()); d.accesses < 100*hours || total < hours*dayUsers/3 {
		d.t.Errorf("%d accesses and %d refreshes show too little", d.accesses, total)
	}
}
