package grants

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// ExpiringWithin is how much of a refresh token's life is left when the grant
// counts as expiring.
const ExpiringWithin = 7 * 24 * time.Hour

// State is where a grant stands.
type State string

// The states of a grant.
const (
	StateActive   State = "active"
	StateExpiring State = "expiring" // its refresh token dies within ExpiringWithin
	StateRevoked  State = "revoked"  // the user must consent again
)

// An entry is what the bucket holds of one grant. Everything but Sealed can
// be read without an identity.
type entry struct {
	ID         string    `json:"id"`
	UserID     string    `json:"user_id,omitempty"`
	Scopes     []string  `json:"scopes"`
	Businesses []string  `json:"businesses,omitempty"` // tokens of the user's businesses
	Generation uint64    `json:"generation"`           // of the consent; grows with each one put under this id
	CreatedAt  time.Time `json:"created_at"`           // of the consent

	State   State       `json:"state"` // as of the last write
	Revoked *Revocation `json:"revoked,omitempty"`

	// NeededUntil: work of the grant may wait until then.
	NeededUntil time.Time `json:"needed_until,omitzero"`

	// The current pair. Pair is the number of the attempt that won it, 0 for
	// the consent's own.
	Pair          uint64    `json:"pair,omitempty"`
	RefreshedAt   time.Time `json:"refreshed_at,omitzero"`
	AccessExpiry  time.Time `json:"access_expiry"`
	RefreshExpiry time.Time `json:"refresh_expiry,omitzero"` // zero: there is no refresh token

	// RefusedAt: Kenar refused the current access token then. Forced: the
	// current pair was fetched because the one before was refused.
	RefusedAt time.Time `json:"refused_at,omitzero"`
	Forced    bool      `json:"forced,omitempty"`

	// Attempt is the number of the last refresh that began, successful or
	// not. Doubt is when the first one began whose result is not known: from
	// then on the current pair may have been replaced at the grant server.
	Attempt uint64    `json:"attempt,omitempty"`
	Lease   lease     `json:"lease,omitzero"`
	Doubt   time.Time `json:"doubt,omitzero"`
	TriedAt time.Time `json:"tried_at,omitzero"`
	Fails   int       `json:"fails,omitempty"`   // attempts in a row that brought nothing
	RetryAt time.Time `json:"retry_at,omitzero"` // no attempt before

	// Kept is set while the tokens of an ended grant are.
	Kept *kept `json:"kept,omitempty"`

	// The secret part and the recipients that can open it.
	SealedTo []string `json:"sealed_to,omitempty"`
	Sealed   []byte   `json:"sealed,omitempty"`

	// Write is unlike that of any other write, so that a writer knows its own.
	Write string `json:"write"`

	rev uint64 // the revision that was read
}

// A lease is the right of one worker to refresh.
type lease struct {
	Owner string    `json:"owner"`
	Until time.Time `json:"until"`
}

// state is where the grant stands at a time.
func (e *entry) state(now time.Time) State {
	switch {
	case e.Revoked != nil:
		return StateRevoked
	case e.end().Before(now.Add(ExpiringWithin)):
		return StateExpiring
	}
	return StateActive
}

// end is when the grant dies unless it is refreshed before.
func (e *entry) end() time.Time {
	if e.RefreshExpiry.IsZero() {
		return e.AccessExpiry
	}
	return e.RefreshExpiry
}

// goodUntil is how long the access token works for certain. A pair in doubt
// may have been replaced.
func (e *entry) goodUntil() time.Time {
	if grace := e.Doubt.Add(kenar.TokenGrace); !e.Doubt.IsZero() && grace.Before(e.AccessExpiry) {
		return grace
	}
	return e.AccessExpiry
}

// An Info is what may be shown of a grant: everything but its tokens.
type Info struct {
	ID            string      `json:"id"`
	UserID        string      `json:"user_id,omitempty"`
	Scopes        []string    `json:"scopes"`
	Businesses    []string    `json:"businesses,omitempty"`
	State         State       `json:"state"`
	Revoked       *Revocation `json:"revoked,omitempty"`
	Generation    uint64      `json:"generation"`
	CreatedAt     time.Time   `json:"created_at"`
	RefreshedAt   time.Time   `json:"refreshed_at,omitzero"` // zero: never
	AccessExpiry  time.Time   `json:"access_expiry"`
	RefreshExpiry time.Time   `json:"refresh_expiry,omitzero"` // zero: there is no refresh token
	NeededUntil   time.Time   `json:"needed_until,omitzero"`   // kept alive until then, since work may wait for it
	InDoubt       time.Time   `json:"in_doubt,omitzero"`       // a refresh began then whose result is not known
	RetryAt       time.Time   `json:"retry_at,omitzero"`       // the last refresh failed; the next one is tried then
	Fails         int         `json:"fails,omitempty"`         // refreshes in a row that failed
	SealedTo      []string    `json:"sealed_to,omitempty"`     // age recipients
	Revision      uint64      `json:"revision"`
}

func (e *entry) info(now time.Time) Info {
	return Info{
		ID: e.ID, UserID: e.UserID, Scopes: e.Scopes, Businesses: e.Businesses,
		State: e.state(now), Revoked: e.Revoked, Generation: e.Generation,
		CreatedAt: e.CreatedAt, RefreshedAt: e.RefreshedAt, AccessExpiry: e.AccessExpiry, RefreshExpiry: e.RefreshExpiry,
		NeededUntil: e.NeededUntil, InDoubt: e.Doubt, RetryAt: e.RetryAt, Fails: e.Fails, SealedTo: e.SealedTo, Revision: e.rev,
	}
}

// End is when the grant dies unless it is refreshed before.
func (i Info) End() time.Time {
	if i.RefreshExpiry.IsZero() {
		return i.AccessExpiry
	}
	return i.RefreshExpiry
}

// A Consent is what a user has given, as it is put into the store. Printing
// it shows no token.
type Consent struct {
	ID         string   // names the grant in events: 1 to 64 of A-Z a-z 0-9 _ -
	UserID     string   // Divar's id of the user, "" when it is not known
	Businesses []string // tokens of the user's businesses, if they are known

	// Tokens are the answer of kenar.OAuth.Exchange. Their Scope is what
	// events are checked against; where the answer did not say, it is what
	// the user was asked for.
	Tokens kenar.Tokens
	At     time.Time // when the tokens were got; zero: now
}

// idPattern is that of the attribute grantid of an event.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Limits of what a client of NATS may put.
const (
	maxScopes = 200
	maxScope  = 256  // bytes
	maxToken  = 8192 // bytes
)

func (c Consent) validate() error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !idPattern.MatchString(c.ID) {
		add("id %s is not 1 to 64 of A-Z a-z 0-9 _ -", quote(c.ID))
	}
	if len(c.UserID) > maxScope {
		add("user id has %d bytes, at most %d are allowed", len(c.UserID), maxScope)
	}
	for name, list := range map[string][]string{"scopes": c.Tokens.Scope, "businesses": c.Businesses} {
		if len(list) > maxScopes {
			add("%s has %d elements, at most %d are allowed", name, len(list), maxScopes)
		}
		for i, s := range list {
			if s == "" || len(s) > maxScope || strings.ContainsAny(s, " \t\r\n") {
				add("%s[%d] %s is not 1 to %d bytes without white space", name, i, quote(s), maxScope)
			}
		}
	}
	if n := len(c.Tokens.Access); n == 0 || n > maxToken {
		add("access token has %d bytes, 1 to %d are needed", n, maxToken)
	}
	if n := len(c.Tokens.Refresh); n > maxToken {
		add("refresh token has %d bytes, at most %d are allowed", n, maxToken)
	}
	if c.Tokens.ExpiresIn <= 0 {
		add("expires in %s: the access token is dead already; ask for a new one", c.Tokens.ExpiresIn)
	}
	if len(faults) > 0 {
		return fmt.Errorf("put grant %s: %w", quote(c.ID), errors.Join(faults...))
	}
	return nil
}

// quote shows at most 64 characters of what a client sent.
func quote(s string) string {
	if r := []rune(s); len(r) > 64 {
		return fmt.Sprintf("%q… (%d characters)", string(r[:64]), len(r))
	}
	return fmt.Sprintf("%q", s)
}

func (e *entry) encode(now time.Time) ([]byte, error) {
	e.State, e.Write = e.state(now), rand.Text()
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write grant %s: %w", e.ID, err)
	}
	return data, nil
}

func decodeEntry(id string, r record) (*entry, error) {
	e := new(entry)
	if err := json.Unmarshal(r.value, e); err != nil {
		return nil, &DamagedError{Grant: id, Err: err}
	}
	if e.ID != id {
		return nil, &DamagedError{Grant: id, Err: fmt.Errorf("the entry is that of grant %s", quote(e.ID))}
	}
	e.rev = r.revision
	return e, nil
}

// clone is a copy to change.
func (e *entry) clone() *entry {
	c := *e
	c.Scopes, c.Businesses = slices.Clone(e.Scopes), slices.Clone(e.Businesses)
	return &c
}
