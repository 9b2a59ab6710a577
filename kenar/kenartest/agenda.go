package kenartest

import (
	"slices"
	"time"
)

// An event is something that will happen to a post or a payment.
type event struct {
	due time.Time
	do  func(at time.Time)
}

// An agenda holds what is to happen, earliest first. As with attachments no
// timer is needed: it happens when somebody looks, as of the time it was due.
type agenda []event

// add puts an event after those that are due at the same time.
func (a *agenda) add(due time.Time, do func(at time.Time)) {
	i, _ := slices.BinarySearchFunc(*a, due, func(e event, due time.Time) int {
		if e.due.After(due) {
			return 1
		}
		return -1
	})
	*a = slices.Insert(*a, i, event{due, do})
}

// run lets everything happen that was due until now, and what that brings
// about, too. Events check for themselves whether they are still wanted.
func (a *agenda) run(now time.Time) {
	for len(*a) > 0 && !(*a)[0].due.After(now) {
		next := (*a)[0]
		*a = slices.Delete(*a, 0, 1)
		next.do(next.due)
	}
}
