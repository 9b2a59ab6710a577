package pipeline

import (
	"errors"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// ReasonCode says in one word why an event became a dead letter. It is a
// token of the dead letter's subject.
type ReasonCode string

// The reasons. The first group is found at admission, without any call.
const (
	InvalidEvent   ReasonCode = "invalid_event"   // the envelope or the data is not as the contract says
	InvalidWidgets ReasonCode = "invalid_widgets" // the widgets or the semantic data break a rule of Kenar
	UnknownType    ReasonCode = "unknown_type"    // no handler for this CloudEvents type
	GrantMissing   ReasonCode = "grant_missing"   // no grant, or one that does not exist

	Expired           ReasonCode = "expired"            // expiresat passed while it waited
	PostNotFound      ReasonCode = "post_not_found"     // the post check found no such post
	PostRetired       ReasonCode = "post_retired"       // the post is no longer published
	GrantRevoked      ReasonCode = "grant_revoked"      // the user took the grant back
	Forbidden         ReasonCode = "forbidden"          // 403
	Rejected          ReasonCode = "rejected"           // 400, 404, 409, 412, 422 and the like
	AttemptsExhausted ReasonCode = "attempts_exhausted" // retryable failures up to MAX_ATTEMPTS
	CrashLoop         ReasonCode = "crash_loop"         // the worker died each time it handled this event

	Ambiguous           ReasonCode = "ambiguous"            // it is not known whether a post was made
	PaymentFailed       ReasonCode = "payment_failed"       // no price, too high a price, refused or refunded
	InsufficientBalance ReasonCode = "insufficient_balance" // of the app
)

// ValidateOnly is why a good event ended without a call: its producer wanted
// no more than to know that it is good. No dead letter has it.
const ValidateOnly ReasonCode = "validate_only"

// ReasonCodes lists every reason a dead letter can have, for help texts and
// for the check of filters.
func ReasonCodes() []ReasonCode {
	return []ReasonCode{
		InvalidEvent, InvalidWidgets, UnknownType, Expired, PostNotFound, PostRetired, GrantMissing,
		GrantRevoked, Forbidden, Rejected, AttemptsExhausted, CrashLoop,
		Ambiguous, PaymentFailed, InsufficientBalance,
	}
}

// A Reason is why an event cannot succeed. It is an error; its text is the
// message, preceded by the field where there is one.
type Reason struct {
	Code    ReasonCode `json:"code"`
	Message string     `json:"message"`
	Field   string     `json:"field,omitempty"`
}

func (r *Reason) Error() string {
	if r.Field != "" {
		return string(r.Code) + ": " + r.Field + ": " + r.Message
	}
	return string(r.Code) + ": " + r.Message
}

// asReason turns the faults of a decoder into a reason. The field is the
// first fault's; the message tells all of them, so that a producer mends them
// in one go.
func asReason(code ReasonCode, err error) *Reason {
	if r, ok := errors.AsType[*Reason](err); ok {
		return r
	}
	var fs widgets.Faults
	if errors.As(err, &fs) && len(fs) > 0 {
		r := &Reason{Code: code, Field: fs[0].Path, Message: fs[0].Message}
		if len(fs) > 1 {
			r.Message = fs.Error()
		}
		r.Message = excerpt(r.Message, 2000)
		return r
	}
	return &Reason{Code: code, Message: excerpt(err.Error(), 2000)}
}

// excerpt cuts text to at most n bytes, at a character.
func excerpt(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := n
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
