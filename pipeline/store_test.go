package pipeline

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Trouble of the store in a worker's process is told to whoever asks for the
// status, and its end is.
func TestStatusTellsOfTheStore(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	trouble := errors.New("embedded JetStream: stream KENAR_EVENTS: no space left on device")
	var full atomic.Bool
	l.worker(func(s *settings) {
		s.cfg.Store = func() error {
			if full.Load() {
				return trouble
			}
			return nil
		}
	})
	for _, want := range []string{"", trouble.Error(), ""} {
		full.Store(want != "")
		l.eventually("the worker says of its store: "+want, func() bool {
			s, err := l.client.Status(t.Context())
			must(t, err)
			return len(s.Workers) == 1 && s.Workers[0].Store == want
		})
	}
}
