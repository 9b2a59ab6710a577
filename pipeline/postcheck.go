package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// Preflight says how much the check of the post decides. Kenar takes an
// add-on for any post token and silently drops it when there is no such post,
// so a look before the call can save one.
type Preflight string

// The modes. A post that is known to be retired is refused in the last two.
const (
	PreflightOff     Preflight = "off"     // no check
	PreflightWarn    Preflight = "warn"    // an unknown post is warned of: it may not be published yet
	PreflightRequire Preflight = "require" // an unknown post is looked up again for three days, and no answer means waiting
)

// A postCheck looks posts up before a call, with the budget of GET_POST, and
// remembers what it saw for a while. It is safe for concurrent use.
type postCheck struct {
	mode   Preflight
	client *kenar.Client
	asker  *asker
	now    func() time.Time
	log    zerolog.Logger

	recheck  time.Duration // shortest time until an unknown post is looked up again
	patience time.Duration // with an unknown post

	mu       sync.Mutex
	seen     map[string]postSeen
	failures int  // of Kenar to answer, in a row
	broken   bool // the check fails and calls do not: only the check is down
}

// postSeen is what a look-up found.
type postSeen struct {
	at     time.Time
	reason *Reason // why a call would be wasted, nil when it would not
}

const (
	postMemory = 10 * time.Minute
	mostPosts  = 10_000

	// stateRetired is the state of a post that is gone for good (Kenar docs,
	// finder, get post).
	stateRetired = "RETIRED"
)

// check returns the reason why a call for a post would be wasted, nil when it
// is worth making; with patient, that it is not published yet is one whatever
// the mode. An error means that nothing is known; it never refuses an event.
func (c *postCheck) check(ctx context.Context, postToken, event string, patient bool) (*Reason, error) {
	if s, ok := c.remembered(postToken); ok {
		return c.judge(s, postToken, patient), nil
	}
	var post kenar.Post
	err := c.asker.ask(ctx, kenar.OpGetPost, event, false, func() (err error) {
		post, err = c.client.GetPost(ctx, postToken)
		return err
	})
	var k *kenar.Error
	s := postSeen{at: c.now()}
	switch {
	case err == nil && post.State == stateRetired:
		s.reason = &Reason{Code: PostRetired, Field: "subject", Message: fmt.Sprintf("post %s is retired", postToken)}
	case err == nil:
	case errors.As(err, &k) && k.Status == 404:
		s.reason = &Reason{Code: PostNotFound, Field: "subject", Message: fmt.Sprintf("Kenar knows no published post %s", postToken)}
	default:
		c.log.Debug().Err(err).Str("event", event).Msg("post not checked")
		return nil, err
	}
	c.remember(postToken, s)
	return c.judge(s, postToken, patient), nil
}

// trustAfter checks in a row that Kenar did not answer, the check itself is
// the suspect, and one call is made without it.
const trustAfter = 4

// away reports whether a failed check means that Kenar is down, so that a call
// would be wasted: it did not answer, or with a failure of its own.
func (c *postCheck) away(err error) bool {
	var k *kenar.Error
	if !errors.As(err, &k) || classify(err) != ClassRetryable {
		return false // the budget, or Redis: says nothing of Kenar
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures++
	return !c.broken && (c.mode == PreflightRequire || c.failures%trustAfter != 0)
}

// accepted says that a call was accepted. If the check failed before, it alone
// is down.
func (c *postCheck) accepted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = c.broken || c.failures > 0
}

// judge applies the mode.
func (c *postCheck) judge(s postSeen, postToken string, patient bool) *Reason {
	if s.reason != nil && s.reason.Code == PostNotFound && c.mode == PreflightWarn && !patient {
		c.log.Warn().Str("post", postToken).Msg("no published post with this token; the add-on is sent all the same")
		return nil
	}
	return s.reason
}

func (c *postCheck) remembered(postToken string) (postSeen, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.seen[postToken]
	fresh := postMemory
	if s.reason != nil && s.reason.Code == PostNotFound {
		fresh = min(fresh, c.recheck) // it may be published any time
	}
	return s, ok && c.now().Sub(s.at) < fresh
}

func (c *postCheck) remember(postToken string, s postSeen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures, c.broken = 0, false
	if c.seen == nil {
		c.seen = make(map[string]postSeen)
	}
	if len(c.seen) >= mostPosts {
		for k, v := range c.seen {
			if c.now().Sub(v.at) >= postMemory || len(c.seen) >= mostPosts {
				delete(c.seen, k)
			}
		}
	}
	c.seen[postToken] = s
}
