package pipeline

import (
	"fmt"
	"strings"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// Kind is what a target is: the second token of every subject.
type Kind string

// The kinds of target.
const (
	KindPost     Kind = "post"
	KindBusiness Kind = "business"
	KindUser     Kind = "user"
	KindListing  Kind = "listing"
)

// A Target is the one thing on Divar that an event is about: a post, a
// business, a user, or a listing that is still to be created. It is the unit
// of ordering: of several events for one target the newest wins.
type Target struct {
	Kind Kind   `json:"kind"`
	Key  string `json:"key"` // post token, business token, Divar user id, or the producer's key
}

// String is the target as in a CloudEvents subject: "post/AZir15UU".
func (t Target) String() string { return string(t.Kind) + "/" + t.Key }

// subject is the target as the last two tokens of a NATS subject. Only
// validated targets have one: see ParseTarget.
func (t Target) subject() string { return string(t.Kind) + "." + t.Key }

// place is where the ledger keeps the state of the target's add-on, or of the
// listing.
func (t Target) place() Place { return Place(t.subject()) }

// ParseTarget reads "kind/key", the form of a CloudEvents subject, and
// validates the key by the rules of its kind, so that a target can stand in a
// NATS subject and in a URL path without changing the meaning of either.
func ParseTarget(s string) (Target, error) {
	kind, key, ok := strings.Cut(s, "/")
	if !ok {
		return Target{}, fmt.Errorf("%s is not of the form kind/key, such as post/AZir15UU", quote(s))
	}
	return newTarget(kind, key)
}

func newTarget(kind, key string) (Target, error) {
	t := Target{Kind: Kind(kind), Key: key}
	var err error
	switch t.Kind {
	case KindPost:
		err = kenar.ValidPostToken(key)
	case KindBusiness:
		err = kenar.ValidBusinessToken(key)
	case KindUser:
		err = kenar.ValidUserID(key)
	case KindListing:
		if !idPattern.MatchString(key) {
			err = fmt.Errorf("listing key %s is not 1 to 64 of A-Z a-z 0-9 _ -", quote(key))
		}
	default:
		err = fmt.Errorf("%s is no kind of target; use post, business, user or listing", quote(kind))
	}
	return t, err
}

// targetFromSubject reads the target out of the subject an event came on.
func targetFromSubject(subject string) (Target, error) {
	rest, ok := strings.CutPrefix(subject, EventSubjectPrefix)
	kind, key, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return Target{}, fmt.Errorf("NATS subject %s is not %s<kind>.<key>", quote(subject), EventSubjectPrefix)
	}
	t, err := newTarget(kind, key)
	if err != nil {
		return t, fmt.Errorf("NATS subject: %w", err)
	}
	return t, nil
}

// quote shows untrusted text in a message: escaped, and cut when it is long.
func quote(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%q… (%d characters)", string(r[:most]), len(r))
	}
	return fmt.Sprintf("%q", s)
}
