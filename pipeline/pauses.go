package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// pauseRecord is the last pause of a lane. The limiter has it too; the ledger
// keeps it for the day when Redis loses its data, which in embedded mode is
// every restart.
type pauseRecord struct {
	Until  time.Time `json:"until,omitzero"` // zero: ended
	Reason string    `json:"reason,omitempty"`
	App    bool      `json:"app,omitempty"`
	Probe  bool      `json:"probe,omitempty"`
}

// keepPause stores the pause of a lane; the zero pause stores that it ended.
func (l *Ledger) keepPause(ctx context.Context, lane Lane, p ratelimit.Pause) error {
	data, err := encode(pauseRecord(p))
	if err == nil {
		_, err = l.js.Publish(ctx, pauseSubjectPrefix+string(lane), data)
	}
	return wrap(err, "keep the pause of "+string(lane))
}

// lastPause returns the pause that the ledger has of a lane, and when it was
// recorded; zero when there is none or it ended.
func (l *Ledger) lastPause(ctx context.Context, lane Lane) (r pauseRecord, at time.Time, err error) {
	m, err := l.stream.GetLastMsgForSubject(ctx, pauseSubjectPrefix+string(lane))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return r, at, nil
	}
	if err == nil {
		at, err = m.Time, json.Unmarshal(m.Data, &r)
	}
	return r, at, wrap(err, "read the pause of "+string(lane))
}

// restorePause pauses a lane as the ledger has it. A pause that has passed
// counts only where a probe must show that it is over.
func (l *Ledger) restorePause(ctx context.Context, lane Lane, b *ratelimit.Bucket) error {
	r, _, err := l.lastPause(ctx, lane)
	if err != nil {
		return err
	}
	if r.Until.IsZero() || !r.Probe && time.Now().After(r.Until) {
		return nil
	}
	return wrap(b.Pause(ctx, ratelimit.Pause(r)), "pause "+string(lane)+" as before")
}
