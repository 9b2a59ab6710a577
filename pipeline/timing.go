package pipeline

import "time"

// A timing is how long the steps of one call may take. Everything follows the
// timeout of the call.
type timing struct {
	timeout time.Duration // of the call itself
	slack   time.Duration // from the intent until the request is on its way
	skew    time.Duration // how far the clocks of workers may differ

	recheck  time.Duration // shortest time until a post that Kenar does not know is looked up again
	patience time.Duration // with such a post
	place    time.Duration // how long it is believed where to upload
	relook   time.Duration // until it is looked once more for a post that may have been submitted
}

// An ad in review cannot be read; how long a review takes is not documented.
const (
	postRecheck  = 15 * time.Minute
	postPatience = 72 * time.Hour

	// Short, since the place may change without notice (Kenar docs, media
	// upload).
	uploadPlaceFresh = time.Minute

	postRelook = 3 * time.Minute // how soon a new post is in the list is not documented
)

func defaultTiming(timeout time.Duration) timing {
	return timing{timeout: timeout, slack: 10 * time.Second, skew: 2 * time.Second, recheck: postRecheck, patience: postPatience, relook: postRelook, place: uploadPlaceFresh}
}

// lease is how long an intent locks its target.
func (t timing) lease() time.Duration { return t.timeout + t.slack }

// sendBy is the longest time from the intent to the request. A worker that
// was stopped for longer must not send: by the end of its call another one,
// whose clock is ahead, may have taken the target over.
func (t timing) sendBy() time.Duration { return t.slack - t.skew }

// ackWait is how long an event of a worker that died stays with it: longer
// than the lease, so that whoever gets it next may call.
func (t timing) ackWait() time.Duration { return t.lease() + t.slack/2 }

// AckWait is how long an event of a worker that died stays with it, for calls
// of a given timeout.
func AckWait(timeout time.Duration) time.Duration { return defaultTiming(timeout).ackWait() }

// CallTime is the longest time from the spending of a token until its request
// can reach Kenar, for ratelimit.Config.Call.
func CallTime(timeout time.Duration) time.Duration { return defaultTiming(timeout).lease() }
