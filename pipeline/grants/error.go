package grants

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Why a grant cannot be used, now or later: found with [errors.Is] in the
// errors of a [Source] and a [Store].
var (
	ErrMissing = errors.New("there is no such grant")
	ErrRevoked = errors.New("the grant has ended")
	ErrScope   = errors.New("the grant does not cover this")
)

// Permanent reports whether only the user can mend err, by a new consent.
// Any other error of a [Source] is a matter of time or of the configuration.
func Permanent(err error) bool {
	return errors.Is(err, ErrMissing) || errors.Is(err, ErrRevoked) || errors.Is(err, ErrScope)
}

// A MissingError says that there is no grant of that id. It is an ErrMissing.
type MissingError struct{ Grant string }

func (e *MissingError) Error() string {
	return "grant " + quote(e.Grant) + " is not known; put the user's consent under this id, or correct grantid"
}

// Unwrap returns ErrMissing.
func (e *MissingError) Unwrap() error { return ErrMissing }

// A DamagedError says that the entry of a grant, or what is sealed in it, is
// not what a [Store] wrote. Nothing but a new consent mends that: it is an
// ErrMissing. Other grants are not concerned.
type DamagedError struct {
	Grant string
	Err   error // what is wrong with it
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("grant %s cannot be read: delete it and ask the user for consent again (%v)", e.Grant, e.Err)
}

// Is reports that a damaged grant is a missing one.
func (e *DamagedError) Is(target error) bool { return target == ErrMissing }

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// A RevokedError says that a grant ended, and why. It is an ErrRevoked.
type RevokedError struct {
	Grant string
	Revocation
}

func (e *RevokedError) Error() string {
	return fmt.Sprintf("grant %s ended at %s: %s; ask the user for consent again", e.Grant, e.At.UTC().Format(time.RFC3339), e.Message)
}

// Unwrap returns ErrRevoked.
func (e *RevokedError) Unwrap() error { return ErrRevoked }

// A ScopeError says what a user must be asked for. It is an ErrScope.
type ScopeError struct {
	Grant   string
	Granted []string
	AnyOf   []string // the scopes of which one is enough
}

func (e *ScopeError) Error() string {
	granted := strings.Join(e.Granted, ", ")
	if granted == "" {
		granted = "nothing"
	}
	return fmt.Sprintf("grant %s covers %s; ask the user for consent to %s", e.Grant, granted, strings.Join(e.AnyOf, " or "))
}

// Unwrap returns ErrScope.
func (e *ScopeError) Unwrap() error { return ErrScope }

// An UnavailableError says that the access token of a grant cannot be had
// now. The grant is none the worse for it.
type UnavailableError struct {
	Grant   string
	Doing   string    // what failed, as in "refresh"
	RetryAt time.Time // zero: not known; try again soon
	Err     error     // nil: the last try failed, and it is too early for the next
}

func (e *UnavailableError) Error() string {
	s := e.Doing + " grant " + e.Grant
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if !e.RetryAt.IsZero() {
		s += "; the next try is at " + e.RetryAt.UTC().Format(time.RFC3339)
	}
	return s
}

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// redacted takes the place of a token.
const redacted = "[redacted]"

// scrub returns err unless its text holds one of the tokens: a server may
// echo what it was sent. Then only its text, cleaned, and what errors.Is
// finds in it are kept.
func scrub(err error, tokens ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, t := range tokens {
		if t != "" {
			text = strings.ReplaceAll(text, t, redacted)
		}
	}
	if text == err.Error() {
		return err
	}
	return &scrubbedError{text, err}
}

type scrubbedError struct {
	text string
	err  error
}

func (e *scrubbedError) Error() string { return e.text }

// Is keeps causes recognizable. There is no Unwrap, which would hand out the
// text with the token in it.
func (e *scrubbedError) Is(target error) bool { return errors.Is(e.err, target) }
