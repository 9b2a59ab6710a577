package kenartest

import "time"

// PostRules are the rules of posts and payments on which Kenar's documents are
// silent or vague. The zero value is the friendliest reading.
type PostRules struct {
	// ReviewDelay is how long after its payment a post is reviewed; 0 is at
	// once.
	ReviewDelay time.Duration
	// Lifetime is how long a post is published, and how long again after its
	// renewal; 0 is 30 days. A post of AddPost has an expiry of its own.
	Lifetime time.Duration
	// RenewWindow is how long before its expiry a post can be renewed; 0 is 7
	// days.
	RenewWindow time.Duration
	// ReorderPause is how long after its submission or the last reorder a
	// post cannot be reordered; 0 is 24 hours.
	ReorderPause time.Duration
	// UserPostsOnly refuses to publish what was submitted as a provider. The
	// documents disagree: OpenAPI has publish for posts of users, the guide
	// uses it after the submission of a provider.
	UserPostsOnly bool
	// FailedIDsAreSpent refuses the id of a failed transaction for another
	// try. Only the reuse of one that was successful or half successful is
	// documented to fail (Kenar docs, payment/renew).
	FailedIDsAreSpent bool
}

func (r PostRules) lifetime() time.Duration {
	return orDefault(r.Lifetime, 30*24*time.Hour)
}

func (r PostRules) renewWindow() time.Duration {
	return orDefault(r.RenewWindow, 7*24*time.Hour)
}

func (r PostRules) reorderPause() time.Duration {
	return orDefault(r.ReorderPause, 24*time.Hour)
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
