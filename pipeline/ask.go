package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// An asker makes the cheap calls that are made before a scarce one: each has a
// permission with a bucket of its own, and nothing waits for it. It is safe
// for concurrent use.
type asker struct {
	limiter *ratelimit.Limiter
	keys    Keys // nil: one, which the client knows
	ledger  *Ledger
	records bool // see processor
	now     func() time.Time
	log     zerolog.Logger
}

// errOtherKey: Kenar refused the API key, and there is another one to try.
var errOtherKey = errors.New("the API key was refused, the next one is used")

// A budgetError says that a permission has no call left now.
type budgetError struct {
	permission string
	wait       ratelimit.Wait
}

func (e *budgetError) Error() string {
	return fmt.Sprintf("no call of %s is left now: %s", e.permission, e.wait)
}

// probeWait is longer than a hold that is given back takes to arrive.
const probeWait = time.Second

// permissionFree counts the calls for which Kenar asks no permission: only
// limits of the whole app hold for them.
const permissionFree = "NO_PERMISSION"

// sideOperations are all that is asked. Those with one permission are next to
// each other.
func sideOperations() []kenar.Operation {
	return []kenar.Operation{
		kenar.OpGetPost, kenar.OpGetUserPost, kenar.OpGetUserPosts, kenar.OpGetUserBusinesses, kenar.OpCanSubmitUserPost,
		kenar.OpGetSubmitSchema, kenar.OpGetPostUploadURLs, kenar.OpUploadPostImage, kenar.OpUploadPostVideo,
		kenar.OpGetPostPricing, kenar.OpGetBalance, kenar.OpGetTransaction,
	}
}

// permissionOf is what the calls of an operation are counted by.
func permissionOf(op kenar.Operation) string {
	if p := kenar.Permission(op); p != "" {
		return p
	}
	return permissionFree
}

// ask makes one call, if a token is free now. A 429 pauses the permission, or
// the app, for everybody, and an answer to a probe ends that pause. asUser says
// that an access token is sent, too: then a 401 need not be about the API key.
func (a *asker) ask(ctx context.Context, op kenar.Operation, event string, asUser bool, call func() error) error {
	permission := permissionOf(op)
	bucket := a.limiter.Bucket(permission)
	holds, wait, err := bucket.Reserve(ctx, 1, false)
	if err != nil {
		return err
	}
	if len(holds) == 0 && wait.Reason == ratelimit.WaitProbe {
		// Perhaps the lane's own probe, which it has just given back for this.
		soon, cancel := context.WithTimeout(ctx, probeWait)
		holds, _ = bucket.Acquire(soon, 1, false)
		cancel()
	}
	if len(holds) == 0 {
		return &budgetError{permission, wait}
	}
	hold, at := holds[0], a.now()
	if a.records {
		if err := a.ledger.RecordCall(ctx, permission, hold.ID, event, at.UTC()); err != nil {
			bucket.Refund(hold)
			return err
		}
	}
	if ok, err := bucket.Spend(ctx, hold); err != nil || !ok[0] {
		bucket.Refund(hold)
		return errors.Join(err, &budgetError{permission: permission})
	}
	key := ""
	if a.keys != nil {
		key = a.keys.Current()
	}
	err = call()
	if a.keys != nil && !asUser && classify(err) == ClassAuth && a.keys.Refused(key) {
		err = errors.Join(errOtherKey, err) // the next call uses another
	}
	switch {
	case neverSent(err):
		bucket.Refund(hold)
	case err == nil || classify(err) != ClassRetryable:
		bucket.Commit(hold, a.now())
	}
	switch classify(err) {
	case ClassRateLimited:
		var k *kenar.Error
		errors.As(err, &k)
		until := max(k.RetryAfter, minuteWindow)
		perr := bucket.Pause(ctx, ratelimit.Pause{Until: a.now().Add(until), App: k.Window != "", Reason: "429: " + excerpt(k.Message, 200)})
		err = errors.Join(err, perr)
	case ClassRetryable, ClassOutage:
	default:
		if hold.Probe && !neverSent(err) {
			a.resume(ctx, bucket)
		}
	}
	return err
}

// resume ends the pause that a call has found to be over. That of the app is
// kept in the ledger by the lane that met it.
func (a *asker) resume(ctx context.Context, bucket *ratelimit.Bucket) {
	err := bucket.Resume(ctx)
	for _, lane := range Lanes() {
		if err != nil {
			break
		}
		r, _, lerr := a.ledger.lastPause(ctx, lane)
		if err = lerr; err == nil && r.App && !r.Until.IsZero() {
			err = a.ledger.keepPause(ctx, lane, ratelimit.Pause{})
		}
	}
	if err != nil {
		a.log.Warn().Err(err).Msg("cannot end a pause that is over; the next probe does")
	}
}
