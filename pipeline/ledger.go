package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// State is where the last event of a target stands.
type State string

// The states of a target. An intent is the only one that locks it.
const (
	StateNone     State = ""         // nothing was ever attempted
	StateIntent   State = "intent"   // a worker is about to call, or died calling
	StateAccepted State = "accepted" // Kenar took the call
	StateRetry    State = "retry"    // the call failed and is scheduled again
	StateReleased State = "released" // the call did not count: outage, pause, never sent
	StateDead     State = "dead"     // given up
)

// An Entry is what the ledger knows of one target: state, lock and history.
// The last record of the target's subject is the truth; each record replaces
// the one before by compare-and-set, which is the fence between workers.
type Entry struct {
	State     State     `json:"state"`
	Event     string    `json:"event,omitempty"` // the event that State is about
	Call      string    `json:"call,omitempty"`  // id of the hold that paid its last attempt; unique, so no two workers write equal bytes
	Lane      Lane      `json:"lane,omitempty"`
	Version   Version   `json:"version"`
	Attempt   int       `json:"attempt,omitempty"` // attempts that count, of Event
	Attempts  []Attempt `json:"attempts,omitempty"`
	Lease     time.Time `json:"lease,omitzero"`      // intent: nobody else may call before
	NotBefore time.Time `json:"not_before,omitzero"` // retry: due then

	// Unauthorized: Kenar refused the access token of Event's last call; a
	// second refusal in a row makes the API key the suspect.
	Unauthorized bool `json:"unauthorized,omitempty"`

	// What keeps Event from its call: since when Kenar is known not to know
	// its post, or does not answer what must be asked before (Stuck), how often
	// it was put off, and how often for an image. Uploads are images of it that
	// Divar has.
	Unseen     time.Time       `json:"unseen,omitzero"`
	Stuck      kenar.Operation `json:"stuck,omitempty"`
	Waits      int             `json:"waits,omitempty"`
	ImageTries int             `json:"image_tries,omitempty"`
	Uploads    []Upload        `json:"uploads,omitempty"`

	// High is the newest that was ever attempted; an older event is stale.
	// Before is High without the current attempt: a call that was provably
	// not applied gives the mark back.
	High   Marks `json:"high"`
	Before Marks `json:"before"`

	// Accepted is the last call that Kenar took. InDoubt says that a later
	// one may have been applied too, so that Accepted is not known to be what
	// the target shows.
	Accepted   *Accepted `json:"accepted,omitempty"`
	InDoubt    bool      `json:"in_doubt,omitempty"`
	WasInDoubt bool      `json:"was_in_doubt,omitempty"` // before the current attempt

	// AddonID is the only handle for the removal of a user's add-on.
	AddonID string `json:"addon_id,omitempty"`

	// Of listings, payments and edits only. Fields are the newest edit of each
	// field that Kenar took, and Doubts edits that it may have taken. Turns are
	// those that wait while Event has its turn, the last one's at the end.
	Listing *Listing        `json:"listing,omitempty"`
	Payment *Payment        `json:"payment,omitempty"`
	Fields  map[string]Mark `json:"fields,omitempty"`
	Doubts  []Doubt         `json:"doubts,omitempty"`
	Turns   []Turn          `json:"turns,omitempty"`
	Earlier []Accepted      `json:"earlier,omitempty"` // edits accepted before Accepted, whose message may still be queued
	Steps   []Step          `json:"steps,omitempty"`
	Ready   time.Time       `json:"ready,omitzero"` // Event was prepared for its call then

	// Dead are events given up whose own message may still be queued.
	Dead []DeadMark `json:"dead,omitempty"`
}

// Accepted is a call that Kenar took.
type Accepted struct {
	Event    string    `json:"event"`
	Hash     string    `json:"hash"`
	At       time.Time `json:"at"`
	Status   int       `json:"status"`
	Attempts int       `json:"attempts,omitempty"` // that it took; 0: not kept

	Partial  bool              `json:"partial,omitempty"` // something was left out, and may be sent again
	Warnings []widgets.Warning `json:"warnings,omitempty"`
}

// maxAccepted bounds the accepted edits that an entry knows. An accepted event
// is known only while its message may come again, after a crash between the
// ledger and the ack. Losing the oldest of more than these sends it again.
const maxAccepted = 16

// accepted is the entry with a call that Kenar took as its last one: all that
// the outcome of the event needs. It is false when no such call is known.
func (e Entry) accepted(event string) (Entry, bool) {
	if e.Accepted == nil || e.Accepted.Event != event {
		i := slices.IndexFunc(e.Earlier, func(a Accepted) bool { return a.Event == event })
		if i < 0 {
			return e, false
		}
		e.Accepted = &e.Earlier[i]
	}
	if e.Accepted.Attempts > 0 {
		e.Attempt = e.Accepted.Attempts
	}
	return e, true
}

// A DeadMark is an event that was given up, and why.
type DeadMark struct {
	Event    string    `json:"event"`
	Reason   Reason    `json:"reason"`
	Attempts []Attempt `json:"attempts,omitempty"`
}

// maxDeadMarks bounds an entry. A mark is needed only while the message of
// its event is queued behind that of an older one. Losing the oldest of more
// than this many sends an event again whose outcome says dead.
const maxDeadMarks = 16

// of is the entry as one of the given event. What was known of another
// event's way ends with it.
func (e Entry) of(w *Work) Entry {
	if e.Event != w.ID {
		e.Attempt, e.Attempts, e.Unauthorized = 0, nil, false
		e.Unseen, e.Stuck, e.Waits, e.ImageTries, e.Uploads, e.Ready = time.Time{}, "", 0, 0, nil, time.Time{}
	}
	e.Event, e.Lane, e.Version = w.ID, w.Lane, w.Version
	return e
}

// undo takes back what the intent said, after a call that was provably not
// carried out.
func (e *Entry) undo(w *Work) {
	e.High, e.InDoubt = e.Before, e.WasInDoubt
	switch {
	case w.Op.submits():
		e.Listing.Doubt = time.Time{}
	case w.Op.pays():
		e.Payment.Tries--
	case w.Op == EditPost:
		e.undoFields(w)
	}
}

func (e *Entry) deadMark(event string) *DeadMark {
	for i := range e.Dead {
		if e.Dead[i].Event == event {
			return &e.Dead[i]
		}
	}
	return nil
}

// An Attempt is one call, as a dead letter tells it.
type Attempt struct {
	At          time.Time `json:"at"`
	HTTPStatus  int       `json:"http_status"` // 0: no answer
	Error       string    `json:"error,omitempty"`
	BodyExcerpt string    `json:"body_excerpt,omitempty"`
	DurationMS  int64     `json:"duration_ms"`
}

// maxHistory bounds the attempts that are told of an event; the first are
// forgotten.
const maxHistory = 32

func history(before []Attempt, last Attempt) []Attempt {
	all := append(slices.Clone(before), last)
	return all[max(len(all)-maxHistory, 0):]
}

// A Place is where the ledger keeps an entry: that of a target, or of one thing
// about it which has nothing to do with the others. It is a part of a subject.
type Place string

// ends reports whether the entry is about one event alone, and of no use when
// nobody can know of that any more.
func (p Place) ends() bool {
	return strings.Contains(string(p), ".payment.") || strings.HasSuffix(string(p), ".listing")
}

// onceMaxAge is well beyond the life of a dead letter that may be replayed.
const onceMaxAge = 400 * 24 * time.Hour

// A Ledger reads and writes entries and records of calls.
type Ledger struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	keep   time.Duration // of call records
}

// NewLedger opens the ledger. longest is the longest window of any limit:
// call records are kept at least that long, so that a limiter that lost its
// memory can be rebuilt from them.
func NewLedger(ctx context.Context, js jetstream.JetStream, longest time.Duration) (*Ledger, error) {
	s, err := js.Stream(ctx, LedgerStream)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", explainJetStream(err))
	}
	return &Ledger{js: js, stream: s, keep: max(callMaxAge, longest+24*time.Hour)}, nil
}

// errConflict: another worker wrote the entry first.
var errConflict = errors.New("the ledger entry was changed by another worker")

// Read returns the entry at a place and its revision, 0 when there is none.
func (l *Ledger) Read(ctx context.Context, p Place) (Entry, uint64, error) {
	var e Entry
	m, err := l.stream.GetLastMsgForSubject(ctx, targetSubjectPrefix+string(p))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return e, 0, nil
	}
	if err != nil {
		return e, 0, fmt.Errorf("read ledger entry of %s: %w", p, err)
	}
	if err := json.Unmarshal(m.Data, &e); err != nil {
		return e, 0, fmt.Errorf("read ledger entry of %s: %w", p, err)
	}
	return e, m.Sequence, nil
}

// Write replaces the entry if it still has the given revision, else returns
// errConflict. It returns the new revision.
func (l *Ledger) Write(ctx context.Context, p Place, e Entry, revision uint64) (uint64, error) {
	data, err := encode(e)
	if err != nil {
		return 0, fmt.Errorf("write ledger entry of %s: %w", p, err)
	}
	subject := targetSubjectPrefix + string(p)
	opts := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(revision)}
	if p.ends() {
		opts = append(opts, jetstream.WithMsgTTL(onceMaxAge))
	}
	ack, err := l.js.Publish(ctx, subject, data, opts...)
	if err == nil {
		return ack.Sequence, nil
	}
	if !isConflict(err) {
		return 0, fmt.Errorf("write ledger entry of %s: %w", p, err)
	}
	// An earlier try of this very write may have been stored and its answer
	// lost. Entries hold times and ids of one attempt, so equal bytes mean
	// our own.
	m, err := l.stream.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, errConflict
	case err != nil:
		return 0, fmt.Errorf("write ledger entry of %s: %w", p, err)
	case m.Sequence > revision && bytes.Equal(m.Data, data):
		return m.Sequence, nil
	}
	return 0, errConflict
}

// callRecord is written before a token is spent, so that every call that may
// have left is known even when Redis forgets it.
type callRecord struct {
	At    time.Time `json:"at"`
	Event string    `json:"event,omitempty"`
	Void  bool      `json:"void,omitempty"` // provably never sent
}

func callSubject(permission, id string) string { return callSubjectPrefix + permission + "." + id }

// RecordCall stores that a call is about to take a token of a permission. id
// is that of the hold.
func (l *Ledger) RecordCall(ctx context.Context, permission, id, event string, at time.Time) error {
	return l.putCall(ctx, permission, id, callRecord{At: at, Event: event})
}

// VoidCall takes a record back: the call was provably never sent.
func (l *Ledger) VoidCall(ctx context.Context, permission, id, event string, at time.Time) error {
	return l.putCall(ctx, permission, id, callRecord{At: at, Event: event, Void: true})
}

func (l *Ledger) putCall(ctx context.Context, permission, id string, r callRecord) error {
	data, err := encode(r)
	if err != nil {
		return err
	}
	msg := nats.NewMsg(callSubject(permission, id))
	msg.Data = data
	if _, err := l.js.PublishMsg(ctx, msg, jetstream.WithMsgTTL(l.keep)); err != nil {
		return fmt.Errorf("record a call of %s: %w", permission, err)
	}
	return nil
}

// Spent tells a limiter which calls took a token since a time: see
// ratelimit.Source. The stream is read in order, so a void comes after what
// it voids; it is therefore gathered first and yielded at the end.
func (l *Ledger) Spent(ctx context.Context, since time.Time, yield func(ratelimit.Spend) error) error {
	from := since.Add(-clockMargin)
	var order []string
	spent := make(map[string]ratelimit.Spend)
	err := browse(ctx, l.stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{callSubjectPrefix + ">"},
		DeliverPolicy:  jetstream.DeliverByStartTimePolicy, OptStartTime: &from,
	}, func(m jetstream.Msg) error {
		permission, id, ok := strings.Cut(strings.TrimPrefix(m.Subject(), callSubjectPrefix), ".")
		var r callRecord
		if err := json.Unmarshal(m.Data(), &r); err != nil || !ok {
			return fmt.Errorf("%s is not a record of a call", m.Subject())
		}
		if r.Void {
			delete(spent, id)
			return nil
		}
		if r.At.Before(since) {
			return nil
		}
		order = append(order, id)
		spent[id] = ratelimit.Spend{ID: id, Permission: permission, At: r.At}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the records of calls: %w", err)
	}
	for _, id := range order {
		s, ok := spent[id]
		if !ok {
			continue
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// clockMargin is how far back beyond the time asked for the records are read:
// the stream is searched by the clock of NATS, a call is dated by that of its
// worker.
const clockMargin = 12 * time.Hour

// isConflict reports whether a publish was refused because the subject has
// moved on. A replicated stream has a second code for a write that is still
// under way.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
