package ratelimit

import (
	"context"
	"time"
)

// Source yields the calls recorded in a durable log kept elsewhere. It is asked
// when Redis has lost state, and its answer must contain every call made, or about to
// be made, with a hold of this application since the given time: record the
// intent and have it acknowledged between Reserve and Spend, and read what was
// acknowledged. Calls of permissions without windows count too when there
// are "app" windows, and when they are to be given windows later.
//
// Intents that were provably not carried out (refunded) should be left out.
// The order does not matter, and the same ID may come more than once. An error stops the
// rebuild, which is then tried again from the start. An empty answer means that
// nothing was spent: the bucket is then full.
type Source interface {
	Spent(ctx context.Context, since time.Time, yield func(Spend) error) error
}

// Spend is one recorded call.
type Spend struct {
	ID         string    // Hold.ID
	Permission string    // of the bucket that granted the hold
	At         time.Time // when the intent was recorded, after Reserve and before Spend
}
