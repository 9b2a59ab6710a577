package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/schema"
)

// A ListingStatus is how far an event about a post has come.
type ListingStatus struct {
	Event     string       `json:"event"`
	Target    Target       `json:"target"`
	Lane      Lane         `json:"lane"` // of its first step
	QueuedAt  time.Time    `json:"queued_at,omitzero"`
	Outcome   *OutcomeData `json:"outcome,omitempty"` // nil: it has not ended
	PostToken string       `json:"post_token,omitempty"`
	InDoubt   time.Time    `json:"in_doubt,omitzero"`   // since then it is not known whether there is a post
	Payment   *Payment     `json:"payment,omitempty"`   // nil: none was begun
	Steps     []Step       `json:"steps"`               // in order
	Attempts  []Attempt    `json:"attempts"`            // of the step it is at
	NotBefore time.Time    `json:"not_before,omitzero"` // of its next attempt
	FollowUps []string     `json:"follow_ups,omitempty"`
}

// Listing tells how far an event about a post has come. It reads the ledger,
// so its NATS credentials must allow that.
func (c *Client) Listing(ctx context.Context, id string) (ListingStatus, error) {
	s := ListingStatus{Event: id, Steps: []Step{}, Attempts: []Attempt{}}
	doing := "look for listing event " + id
	if !isEventID(id) {
		return s, fmt.Errorf("%s: this is not an event id", doing)
	}
	out, err := c.js.Stream(ctx, OutcomeStream)
	if err != nil {
		return s, fmt.Errorf("%s: %w", doing, explainStream(err, OutcomeStream))
	}
	queued, err := lastOutcome(ctx, out, queuedSubjectPrefix+id)
	if err != nil {
		return s, fmt.Errorf("%s: %w", doing, err)
	}
	final, err := lastOutcome(ctx, out, finalSubjectPrefix+id)
	if err != nil {
		return s, fmt.Errorf("%s: %w", doing, err)
	}
	switch {
	case queued == nil && final == nil:
		return s, fmt.Errorf("%s: there is no outcome of it: it was not admitted, or outcomes of that time are no longer kept", doing)
	case final != nil:
		s.Outcome = &final.Data
	}
	if queued == nil {
		return s, nil // it ended at admission
	}
	s.QueuedAt, s.Lane = queued.Data.At, queued.Data.Lane
	if s.Target, err = ParseTarget(queued.Subject); err != nil {
		return s, fmt.Errorf("%s: %w", doing, err)
	}
	if !s.Lane.listing() {
		return s, fmt.Errorf("%s: it is about an add-on; see its outcomes", doing)
	}
	stream, err := c.js.Stream(ctx, LedgerStream)
	if err != nil {
		return s, fmt.Errorf("%s: %w", doing, explainStream(err, LedgerStream))
	}
	root := rootOf(id)
	e, _, err := (&Ledger{js: c.js, stream: stream}).Read(ctx, s.Lane.place(s.Target, root))
	if err != nil {
		return s, fmt.Errorf("%s: %w", doing, err)
	}
	s.read(e, root)
	for _, name := range []string{"+addon", "+button"} {
		if follows, err := lastOutcome(ctx, out, queuedSubjectPrefix+root+name); err == nil && follows != nil {
			s.FollowUps = append(s.FollowUps, root+name)
		}
	}
	return s, nil
}

// read takes what the ledger has about an event.
func (s *ListingStatus) read(e Entry, root string) {
	for _, step := range e.Steps {
		if rootOf(step.Event) == root {
			s.Steps = append(s.Steps, step)
		}
	}
	if e.Listing != nil && e.Listing.Event == root {
		s.PostToken, s.InDoubt = e.Listing.PostToken, e.Listing.Doubt
	}
	if e.Listing == nil || e.Listing.Event == root {
		s.Payment = e.Payment
	}
	if rootOf(e.Event) == root {
		s.Attempts = append(s.Attempts, e.Attempts...)
		if e.State == StateRetry {
			s.NotBefore = e.NotBefore
		}
	}
}

// rootOf is the event that an id, perhaps of a replay, is about.
func rootOf(id string) string {
	root, _, _ := strings.Cut(id, "~")
	return root
}

// lastOutcome is the outcome on a subject, nil when there is none.
func lastOutcome(ctx context.Context, s jetstream.Stream, subject string) (*OutcomeEvent, error) {
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, explainJetStream(err)
	}
	e := new(OutcomeEvent)
	return e, json.Unmarshal(m.Data, e)
}

// Subjects on which one of the workers answers.
const (
	resolveSubject = "kenar.worker.resolve"
	schemaSubject  = "kenar.worker.schema"
)

const (
	resolveTime = 5 * time.Second // for a worker's look at the ledger
	resolveWait = resolveTime + 2*time.Second
	schemaWait  = time.Minute + resolveWait // the longest KENAR_TIMEOUT, and the rest
)

type resolveRequest struct {
	Event     string `json:"event"`
	PostToken string `json:"post_token,omitempty"` // "": no post was made
}

type resolveResponse struct{}

// ResolveListing tells the workers what became of a submission whose answer was
// lost: a post with a token, or with an empty one none. The event is a dead
// letter; a replay of it goes on from there.
func (c *Client) ResolveListing(ctx context.Context, id, postToken string) error {
	return c.askWorker(ctx, resolveSubject, "resolve "+id, resolveWait, resolveRequest{id, postToken}, &resolveResponse{})
}

// resolveListing answers a request of Client.ResolveListing.
func (w *Worker) resolveListing(ctx context.Context, q resolveRequest) (resolveResponse, error) {
	var none resolveResponse
	if !idPattern.MatchString(q.Event) && !replayPattern.MatchString(q.Event) {
		return none, &Reason{Message: quote(q.Event) + " is not the id of an event"}
	}
	if q.PostToken != "" {
		if err := kenar.ValidPostToken(q.PostToken); err != nil {
			return none, &Reason{Message: err.Error()}
		}
	}
	out, err := w.js.Stream(ctx, OutcomeStream)
	if err != nil {
		return none, err
	}
	queued, err := lastOutcome(ctx, out, queuedSubjectPrefix+q.Event)
	if err != nil {
		return none, err
	}
	if queued == nil {
		return none, &Reason{Message: "no event " + quote(q.Event) + " was queued, as far as outcomes are kept"}
	}
	t, err := ParseTarget(queued.Subject)
	if err != nil || t.Kind != KindListing {
		return none, &Reason{Message: quote(q.Event) + " submits no listing"}
	}
	ledger, err := NewLedger(ctx, w.js, w.cfg.Longest)
	if err != nil {
		return none, err
	}
	e, rev, err := ledger.Read(ctx, t.place())
	if err != nil {
		return none, err
	}
	now, l := time.Now().UTC(), e.Listing
	switch {
	case l == nil || l.Event != rootOf(q.Event):
		return none, &Reason{Message: fmt.Sprintf("the ledger knows no submission of %s by event %s", t, rootOf(q.Event))}
	case l.PostToken != "" && l.PostToken == q.PostToken:
		return none, nil
	case l.PostToken != "":
		return none, &Reason{Message: fmt.Sprintf("it is known already that %s has become post %s", t, l.PostToken)}
	case l.Doubt.IsZero():
		return none, &Reason{Message: fmt.Sprintf("nothing is in doubt: no submission of %s was lost; a replay submits it", t)}
	case e.State == StateIntent && now.Before(e.Lease.Add(w.timing.skew)):
		return none, &Reason{Message: "a call for it is under way; ask again in a minute"}
	}
	note := "no post was made"
	if q.PostToken != "" {
		if mine, err := ledger.claimPost(ctx, rootOf(q.Event), q.PostToken); err != nil {
			return none, err
		} else if !mine {
			return none, &Reason{Message: fmt.Sprintf("post %s is another listing's", q.PostToken)}
		}
		note = "post " + q.PostToken + " was made"
	}
	l.PostToken, l.Doubt, l.Looks = q.PostToken, time.Time{}, 0
	e.note(Step{Name: stepResolved, At: now, Event: q.Event, Note: note})
	e.InDoubt, e.WasInDoubt = false, false
	if e.State == StateIntent {
		e.State, e.Lease = StateReleased, time.Time{}
	}
	if _, err := ledger.Write(ctx, t.place(), e, rev); errors.Is(err, errConflict) {
		return none, &Reason{Message: "something else has just happened to it; look at its status and ask again"}
	} else if err != nil {
		return none, err
	}
	w.cfg.Log.Info().Str("id", q.Event).Str("resolved", note).Msg("what became of a submission was told on request")
	return none, nil
}

type schemaRequest struct {
	Category string `json:"category"`
}

// A CategorySchema is what a category asks of the fields of its posts.
type CategorySchema struct {
	Category string          `json:"category"`
	Hash     string          `json:"hash"`
	Fields   []schema.Field  `json:"fields"`
	Skeleton json.RawMessage `json:"skeleton"` // category_fields to be filled in
}

// CategorySchema asks a worker for the submit schema of a category.
func (c *Client) CategorySchema(ctx context.Context, category string) (CategorySchema, error) {
	var s CategorySchema
	err := c.askWorker(ctx, schemaSubject, "ask for the submit schema of "+quote(category), schemaWait, schemaRequest{category}, &s)
	return s, err
}

// describe answers a request of Client.CategorySchema.
func (s *schemas) describe(ctx context.Context, category string) (CategorySchema, error) {
	found := s.known(category)
	if found == nil {
		err := s.asker.ask(ctx, kenar.OpGetSubmitSchema, "", false, func() (err error) {
			found, err = s.fetch(ctx, category)
			return err
		})
		if k, ok := errors.AsType[*kenar.Error](err); ok && (k.Status == 404 || k.Status == 400) {
			return CategorySchema{}, &Reason{Message: fmt.Sprintf("Kenar knows no category %s: %s", quote(category), refusal(err))}
		} else if err != nil {
			return CategorySchema{}, err
		}
	}
	return CategorySchema{Category: category, Hash: found.Hash(), Fields: found.Fields(), Skeleton: found.Skeleton()}, nil
}
