// Package provision makes JetStream streams and consumers what a program needs
// them to be: it creates those that are missing, changes settings that differ,
// and says what it did.
//
// Only the settings that the program gives are changed, and they are minimums
// where more does no harm: nothing is kept for a shorter time, no subject is
// taken away, and what a newer version or an administrator has made larger stays
// so. What an administrator has added, such as a placement, a size limit or
// compression, stays too; whether the program can live with it is for the
// program to say. To repeat it is harmless, and costs one look at each while
// nothing differs.
package provision

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Result says what was done.
type Result string

// The results.
const (
	Created Result = "created"
	Updated Result = "updated"
	Found   Result = "found" // as needed already
)

// A Change is what became of one stream or consumer.
type Change struct {
	Result   Result    `json:"result"`
	Kind     string    `json:"kind"` // stream or consumer
	Stream   string    `json:"stream"`
	Consumer string    `json:"consumer,omitempty"`
	Settings []Setting `json:"settings,omitempty"` // what was updated
}

// Name is the stream, or the stream and its consumer.
func (c Change) Name() string {
	if c.Consumer == "" {
		return c.Stream
	}
	return c.Stream + "/" + c.Consumer
}

// A Setting is one that differs from what is needed, in the words of the server.
type Setting struct {
	Name string `json:"name"`
	Have string `json:"have"`
	Want string `json:"want"`
}

// String is the setting as in "max_age 720h0m0s → 1440h0m0s".
func (s Setting) String() string { return s.Name + " " + s.Have + " → " + s.Want }

func join(settings []Setting) string {
	var all []string
	for _, s := range settings {
		all = append(all, s.String())
	}
	return strings.Join(all, ", ")
}

// A RefusedError says that the server will not have a stream or consumer as it
// is needed, and that asking again is of no use.
type RefusedError struct {
	Doing    string    // such as "update stream KENAR_EVENTS"
	Settings []Setting // that were to be changed; may be none
	Err      error     // why; nil: the server said nothing, and left the settings as they were
}

// Error tells what to do too.
func (e *RefusedError) Error() string {
	switch {
	case len(e.Settings) == 0:
		return fmt.Sprintf("%s: %v", e.Doing, e.Err)
	case e.Err == nil:
		return fmt.Sprintf("%s: the server leaves %s as it was: it may be too old to know this setting", e.Doing, join(e.Settings))
	}
	return fmt.Sprintf("%s, %s: %v; what cannot be changed needs a new one: let the workers finish what waits there, or back it up, then remove it and set up again",
		e.Doing, join(e.Settings), e.Err)
}

// Unwrap returns what the server said.
func (e *RefusedError) Unwrap() error { return e.Err }

// Codes of a cluster that is not complete yet, which may take later what it
// refuses now.
const (
	codeIncomplete  jetstream.ErrorCode = 10004
	codeNoPeers     jetstream.ErrorCode = 10005
	codeUnavailable jetstream.ErrorCode = 10008
	codeNotLeader   jetstream.ErrorCode = 10009
	codeNotCreated  jetstream.ErrorCode = 10049 // whatever the cause, such as one that is still being removed
)

// answer is the error of a request: a RefusedError when the server has judged,
// else one of the way there.
func answer(doing string, settings []Setting, err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode {
		case codeIncomplete, codeNoPeers, codeUnavailable, codeNotLeader, codeNotCreated:
		default:
			return &RefusedError{Doing: doing, Settings: settings, Err: err}
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}
