package main

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A ledgerSource tells the limiter which calls were made. It opens the ledger
// when it is asked, because the limiter starts before the streams exist, and
// stays closed until they do.
type ledgerSource struct {
	js      jetstream.JetStream
	longest time.Duration // window of the limits
}

// Spent implements [ratelimit.Source].
func (s ledgerSource) Spent(ctx context.Context, since time.Time, yield func(ratelimit.Spend) error) error {
	l, err := pipeline.NewLedger(ctx, s.js, s.longest)
	if err != nil {
		return err
	}
	return l.Spent(ctx, since, yield)
}
