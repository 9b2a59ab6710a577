package pipeline

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// A Class says what a call, or the decision not to call, means for its event.
type Class string

// The classes of calls. The client states facts; the policy is here and in
// the processor's settle table.
const (
	ClassAccepted    Class = "accepted"     // 2xx
	ClassRetryable   Class = "retryable"    // network, timeout, 408, 5xx: this event again later
	ClassOutage      Class = "outage"       // the same from several targets in a row: the lane waits, no attempt used
	ClassRateLimited Class = "rate_limited" // 429: the lane waits, no attempt used
	ClassAuth        Class = "auth"         // 401, or a key that Kenar does not know: the lane waits, no attempt used
	ClassForbidden   Class = "forbidden"    // 403: dead letter; several in a row: the lane waits
	ClassPermanent   Class = "permanent"    // any other refusal: dead letter
)

// The classes of events that end, or wait, without a call.
const (
	ClassUnchanged  Class = "unchanged"
	ClassSuperseded Class = "superseded"
	ClassRefused    Class = "refused" // dead letter before any call
	ClassBusy       Class = "busy"    // another worker is at this target
	ClassCapped     Class = "capped"  // the day's money is spent: the lane waits
	ClassHeld       Class = "held"    // the token was refused at the last moment, or the worker stops
	ClassParked     Class = "parked"  // its retry is not due yet
	ClassRepeated   Class = "repeated"
)

// keyUnknown is what Kenar says of an API key it does not know, with status
// 412 (Kenar docs, payment tickets); other endpoints may answer so too.
const keyUnknown = "could not retrieve app"

// classify maps the answer to one call. It does not know of other calls: what
// it says is retryable may turn out to be an outage.
func classify(err error) Class {
	if err == nil {
		return ClassAccepted
	}
	var k *kenar.Error
	if !errors.As(err, &k) {
		return ClassRetryable
	}
	switch s := k.Status; {
	case errors.Is(err, kenar.ErrInvalid):
		return ClassPermanent
	case s == 0, s == 408, s >= 500:
		return ClassRetryable
	case s >= 300 && s < 400, s == 407:
		return ClassOutage // something else than Kenar answered
	case s >= 200 && s < 300:
		return ClassAccepted // taken, but the answer lacks something
	case s == 429:
		return ClassRateLimited
	case s == 401, s == 412 && strings.Contains(k.Message, keyUnknown):
		return ClassAuth
	case s == 403:
		return ClassForbidden
	}
	return ClassPermanent
}

// mayBeApplied reports whether Kenar may have carried out a call that ended with
// err. A refusal is proof that it did not; silence and failures are not.
func mayBeApplied(err error) bool {
	var k *kenar.Error
	if errors.As(err, &k) && k.NeverSent {
		return false
	}
	c := classify(err)
	return c == ClassAccepted || c == ClassRetryable
}

// mayBeApplied is the same for a call for work. To a payment Kenar answers
// with a refusal, too, when its id was paid with before.
func (w *Work) mayBeApplied(err error) bool {
	if w.Op.pays() {
		return err == nil || !provesUnpaid(err)
	}
	return mayBeApplied(err)
}

// neverSent reports whether the call provably never left, so that its token
// can go back.
func neverSent(err error) bool {
	var k *kenar.Error
	return errors.As(err, &k) && k.NeverSent
}

// isNotFound reports whether Kenar says that there is no such thing.
func isNotFound(err error) bool {
	k, ok := errors.AsType[*kenar.Error](err)
	return ok && k.Status == http.StatusNotFound
}

// attempt is the record of a call for the history of its event.
func (a Attempt) of(err error) Attempt {
	var k *kenar.Error
	switch {
	case err == nil:
	case errors.As(err, &k):
		a.HTTPStatus, a.BodyExcerpt = k.Status, k.Body
		a.Error = excerpt(k.Error(), 500)
	case errors.Is(err, context.Canceled):
		a.Error = "the worker stopped during the call"
	default:
		a.Error = excerpt(err.Error(), 500)
	}
	return a
}
