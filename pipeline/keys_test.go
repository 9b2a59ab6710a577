package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// testKeys are API keys of which one is current until it is refused.
type testKeys struct {
	mu       sync.Mutex
	all      []string
	current  int
	switched int
}

func (k *testKeys) Current() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all[k.current]
}

func (k *testKeys) Refused(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key != k.all[k.current] {
		return true
	}
	if k.current == len(k.all)-1 {
		return false
	}
	k.current++
	k.switched++
	return true
}

// pausedBecause is why the lane of posts is paused, "" when it is not.
func pausedBecause(t *testing.T, w *Worker) string {
	t.Helper()
	all, err := w.cfg.Limiter.Status(t.Context())
	must(t, err)
	for _, s := range all {
		if s.PausedUntil.After(time.Now()) {
			return s.PauseReason
		}
	}
	return ""
}

// A key that Kenar refuses gives way to the next one: no attempt is used, and
// the lane does not stop. Calls that were out with it together switch once.
func TestRefusedKeyGivesWay(t *testing.T) {
	t.Parallel()
	for _, unknown412 := range []bool{false, true} {
		t.Run(fmt.Sprintf("refused with 412: %t", unknown412), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{
				Keys: []kenartest.Key{{Value: "key-new"}}, UnknownKey412: unknown412, Latency: 100 * time.Millisecond,
			})
			keys := &testKeys{all: []string{"key-withdrawn", "key-new"}}
			const n = 8
			w, _ := l.worker(func(s *settings) {
				s.cfg.Keys, s.cfg.Concurrency, s.limits = keys, n, "ADD_ON_CREATE=1000/168h"
			})
			for i := range n {
				l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
			}
			for i := range n {
				if got := l.final(fmt.Sprintf("e%d", i)); got.Result != ResultAccepted || got.Attempts != 1 {
					t.Errorf("e%d ended %+v", i, got)
				}
			}
			if keys.switched != 1 {
				t.Errorf("switched %d times, want once", keys.switched)
			}
			if why := pausedBecause(t, w); why != "" {
				t.Errorf("the lane is paused: %s", why)
			}
		})
	}
}

// The cheap check of the post finds a bad key out before a scarce call is spent
// on it, and does not wait for ever with it.
func TestRefusedKeyGivesWayInTheCheckOfAPost(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{Keys: []kenartest.Key{{Value: "key-new"}}})
	l.kenar.AddPost(kenartest.Post{Token: "P1"})
	keys := &testKeys{all: []string{"key-withdrawn", "key-new"}}
	l.worker(func(s *settings) { s.cfg.Keys, s.cfg.Preflight = keys, PreflightWarn })
	l.publish(attach("e", "post/P1", "one"))
	if got := l.final("e"); got.Result != ResultAccepted {
		t.Errorf("ended %+v", got)
	}
	refused := 0
	for _, c := range l.kenar.Calls() {
		if c.Status != 200 && c.Op == kenartest.CreatePostAddon {
			refused++
		}
	}
	if refused != 0 {
		t.Errorf("%d scarce calls were spent on the bad key", refused)
	}
}

// Without another key the lane waits, as with one.
func TestAllKeysRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{Keys: []kenartest.Key{{Value: "key-of-nobody-here"}}})
	keys := &testKeys{all: []string{"key-withdrawn", "key-older"}}
	w, _ := l.worker(func(s *settings) { s.cfg.Keys, s.limits = keys, "ADD_ON_CREATE=1000/168h" })
	l.publish(attach("e", "post/P1", "one"))
	l.eventually("the lane is paused", func() bool { return strings.Contains(pausedBecause(t, w), "KENAR_API_KEY") })
	if why := pausedBecause(t, w); strings.Contains(why, "key-withdrawn") || strings.Contains(why, "key-older") {
		t.Errorf("the reason of the pause tells a key: %s", why)
	}
	if n := l.kenar.Count(); n != 2 {
		t.Errorf("%d calls before the pause, want one with each key", n)
	}
}
