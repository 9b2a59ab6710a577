package grants

import (
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// The furthest ahead that workers write times into an entry. What lies
// further ahead was written by a clock that was wrong, and must not block the
// grant until that time comes.
const (
	skew     = 2 * time.Second // how far the clocks of workers may differ
	maxLease = maxTimeout + LeaseSlack
	maxRetry = 5 * time.Minute // between two tries for one grant
)

// ahead reports whether t is yet to come, and by no more than it can be.
func ahead(t, now time.Time, most time.Duration) bool {
	return t.After(now) && !t.After(now.Add(most+skew))
}

// leased reports whether some worker may be refreshing. Its clock may be
// behind.
func (e *entry) leased(now time.Time) bool {
	return ahead(e.Lease.Until.Add(skew), now, maxLease+skew)
}

// inGrace reports whether a pair in doubt since then certainly works still.
func inGrace(doubt, now time.Time) bool {
	return !doubt.IsZero() && ahead(doubt.Add(kenar.TokenGrace), now, kenar.TokenGrace)
}

// waits reports whether it is too early for another try.
func (e *entry) waits(now time.Time) bool { return ahead(e.RetryAt, now, maxRetry) }

// rests reports whether a try to save the grant from its end is not a day
// ago.
func (e *entry) rests(now time.Time) bool {
	return !e.TriedAt.After(now.Add(skew)) && e.TriedAt.Add(reviveRest).After(now)
}
