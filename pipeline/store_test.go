package pipeline

import (
	"errors"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Trouble of the store in a worker's process is told to whoever asks for the
// status, and its end is.
func TestStatusTellsOfTheStore(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	trouble := errors.New("embedded JetStream: stream KENAR_EVENTS: no space left on device")
	reports := []error{trouble, nil} // the handler answers one request at a time
	l.worker(func(s *settings) {
		s.cfg.Store = func() error {
			report := reports[0]
			reports = reports[1:]
			return report
		}
	})
	for _, want := range []string{trouble.Error(), ""} {
		s, err := l.client.Status(t.Context())
		must(t, err)
		if len(s.Workers) != 1 || s.Workers[0].Store != want {
			t.Errorf("workers %+v, want one whose store says %q", s.Workers, want)
		}
	}
}
