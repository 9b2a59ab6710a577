package grants

import "time"

// A Code says in one word why a grant ended.
type Code string

// Why grants end.
const (
	CodeRevoked   Code = "revoked"    // someone said so: Revoke was called
	CodeRefused   Code = "refused"    // the grant server knows the refresh token no more: the user took the consent back, or it expired
	CodeLost      Code = "lost"       // as refused, but the answer of an earlier refresh was lost and not repeated within the grace
	CodeNoRefresh Code = "no_refresh" // the access token ended and there is no refresh token
)

// A Revocation is why and when a grant ended. It holds no secret.
type Revocation struct {
	Code    Code      `json:"code"`
	Message string    `json:"message"`
	At      time.Time `json:"at"`
}

// keptFor is how long the tokens of a grant that the server refused outlive
// it: so long the refusal can be found to have been the server's fault.
const keptFor = 7 * 24 * time.Hour

// kept is what a grant needs besides its tokens to live again.
type kept struct {
	Until     time.Time `json:"until"`
	Doubt     time.Time `json:"doubt,omitzero"`
	RefusedAt time.Time `json:"refused_at,omitzero"`
}

// over reports whether the tokens have been kept for long enough.
func (k kept) over(now time.Time) bool { return !now.Before(k.Until) }

// revoke ends the grant. Its tokens are dead: they are not kept.
func (e *entry) revoke(code Code, message string, at time.Time) {
	e.Revoked = &Revocation{Code: code, Message: message, At: at.UTC()}
	e.Sealed, e.SealedTo, e.Lease, e.Kept = nil, nil, lease{}, nil
	e.Doubt, e.RetryAt, e.RefusedAt = time.Time{}, time.Time{}, time.Time{}
}

// refuse ends the grant because the server said so. Its tokens are kept for a
// while, should the server be found to be wrong.
func (e *entry) refuse(code Code, message string, at time.Time) {
	box, to := e.Sealed, e.SealedTo
	k := &kept{Until: at.Add(keptFor).UTC(), Doubt: e.Doubt, RefusedAt: e.RefusedAt}
	e.revoke(code, message, at)
	e.Sealed, e.SealedTo, e.Kept = box, to, k
}

// restore makes a grant that ended by refuse live again. It returns false if
// there is nothing to live on.
func (e *entry) restore() bool {
	if e.Kept == nil {
		return false
	}
	e.Revoked, e.Doubt, e.RefusedAt, e.Kept = nil, e.Kept.Doubt, e.Kept.RefusedAt, nil
	return true
}

// drop forgets the kept tokens. It returns false if there are none.
func (e *entry) drop() bool {
	if e.Kept == nil {
		return false
	}
	e.Sealed, e.SealedTo, e.Kept = nil, nil, nil
	return true
}
