package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A DeadFilter selects dead letters. Its zero value selects all.
type DeadFilter struct {
	IDs          []string // of the events
	Reasons      []ReasonCode
	Kinds        []Kind
	Key          string
	Since, Until time.Time // when the letter was written; zero: no bound
}

// A DeadRecord is a dead letter as it is kept.
type DeadRecord struct {
	Seq     uint64     `json:"seq"` // in its stream; the handle for removal
	EventID string     `json:"event_id"`
	Letter  DeadLetter `json:"letter"`
}

func (f DeadFilter) subjects() []string {
	reasons, kinds, key := []string{"*"}, []string{"*"}, "*"
	if len(f.Reasons) > 0 {
		reasons = nil
		for _, r := range f.Reasons {
			reasons = append(reasons, string(r))
		}
	}
	if len(f.Kinds) > 0 {
		kinds = nil
		for _, k := range f.Kinds {
			kinds = append(kinds, string(k))
		}
	}
	if f.Key != "" {
		key = f.Key
	}
	var all []string
	for _, r := range reasons {
		for _, k := range kinds {
			all = append(all, deadSubjectPrefix+r+"."+k+"."+key)
		}
	}
	return all
}

// DeadLetters calls fn with the selected dead letters, oldest first, until it
// returns ErrStop.
func (c *Client) DeadLetters(ctx context.Context, f DeadFilter, fn func(DeadRecord) error) error {
	if f.Key != "" && !plainToken.MatchString(f.Key) {
		return fmt.Errorf("read dead letters: %s cannot be the key of a target", quote(f.Key))
	}
	s, err := c.js.Stream(ctx, DeadStream)
	if err != nil {
		return fmt.Errorf("read dead letters: %w", explainStream(err, DeadStream))
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: f.subjects(), DeliverPolicy: jetstream.DeliverAllPolicy}
	if !f.Since.IsZero() {
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &f.Since
	}
	return browse(ctx, s, cfg, func(m jetstream.Msg) error {
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if !f.Until.IsZero() && meta.Timestamp.After(f.Until) {
			return ErrStop
		}
		r := DeadRecord{Seq: meta.Sequence.Stream}
		if err := json.Unmarshal(m.Data(), &r.Letter); err != nil {
			return fmt.Errorf("read dead letter %d: %w", r.Seq, err)
		}
		r.EventID = strings.TrimSuffix(r.Letter.ID, ".dead")
		if len(f.IDs) > 0 && !slices.Contains(f.IDs, r.EventID) {
			return nil
		}
		return fn(r)
	})
}

// Drop removes a dead letter for good.
func (c *Client) Drop(ctx context.Context, r DeadRecord) error {
	s, err := c.js.Stream(ctx, DeadStream)
	if err != nil {
		return fmt.Errorf("drop dead letter %s: %w", r.EventID, explainStream(err, DeadStream))
	}
	err = s.DeleteMsg(ctx, r.Seq)
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("drop dead letter %s: %w", r.EventID, explainJetStream(err))
	}
	return nil
}

// A Replay is a dead letter made ready to be published again.
type Replay struct {
	Record DeadRecord
	Lane   Lane
	Target Target
	Event  []byte // without the number of the replay in its id
	base   string // id of the original
	fields map[string]json.RawMessage
}

// Prepare turns a dead letter back into an event. Forced, it takes its place
// after everything that has arrived; otherwise it keeps the place of the
// original and loses to anything newer. The error tells why a replay would be
// refused again, as a *Reason.
func (c *Client) Prepare(r DeadRecord, force bool) (Replay, error) {
	p := Replay{Record: r}
	fields, err := decodeObject(r.Letter.Data.Event)
	if _, isBlob := fields["base64"]; err != nil || isBlob {
		return p, &Reason{Code: InvalidEvent, Message: "what was received is not an event, and cannot be replayed"}
	}
	p.base, _, _ = strings.Cut(r.EventID, "~")
	set := func(name, value string) { fields[name], _ = json.Marshal(value) } //nolint:errchkjson // a string
	set("replayof", p.base)
	set("id", p.base+"~1")
	delete(fields, "replayseq")
	if force {
		delete(fields, "revision")
	} else if seq := r.Letter.Data.Version.Seq; seq != 0 {
		set("replayseq", strconv.FormatUint(seq, 10))
	}
	p.fields = fields
	if p.Event, err = encode(fields); err != nil {
		return p, err
	}
	e, err := DecodeEvent(p.Event)
	if err != nil {
		return p, err
	}
	w, _, err := c.build.Build(e, p.Event)
	if err != nil {
		return p, err
	}
	if expired(w, time.Now()) {
		return p, &Reason{Code: Expired, Field: "expiresat", Message: fmt.Sprintf("it was to be sent before %s", w.ExpiresAt.UTC().Format(time.RFC3339))}
	}
	p.Lane, p.Target = w.Lane, w.Target
	return p, nil
}

// Replay publishes a prepared dead letter under the next free id
// "<id>~<n>" and returns that id. The dead letter stays; see Drop.
func (c *Client) Replay(ctx context.Context, p Replay) (string, error) {
	s, err := c.js.Stream(ctx, OutcomeStream)
	if err != nil {
		return "", fmt.Errorf("replay %s: %w", p.base, explainStream(err, OutcomeStream))
	}
	used := func(id string) (bool, error) {
		for _, prefix := range []string{queuedSubjectPrefix, finalSubjectPrefix} {
			_, err := s.GetLastMsgForSubject(ctx, prefix+id)
			if err == nil {
				return true, nil
			}
			if !errors.Is(err, jetstream.ErrMsgNotFound) {
				return false, fmt.Errorf("replay %s: %w", p.base, explainJetStream(err))
			}
		}
		return false, nil
	}
	for n := 1; ; n++ {
		id := p.base + "~" + strconv.Itoa(n)
		if taken, err := used(id); err != nil {
			return "", err
		} else if taken {
			continue
		}
		p.fields["id"], _ = json.Marshal(id) //nolint:errchkjson // a string
		raw, err := encode(p.fields)
		if err != nil {
			return "", err
		}
		duplicate, err := c.Publish(ctx, Event{ID: id, Target: p.Target}, raw)
		if err != nil {
			return "", err
		}
		if !duplicate {
			return id, nil
		}
	}
}

// A Price is what a replay would cost.
type Price struct {
	Lane  Lane      `json:"lane"`
	Calls int       `json:"calls"`         // one per target: of several versions only the newest is sent
	Done  time.Time `json:"done,omitzero"` // when the last has its token; absent when unknown
}

// PriceOf prices replays with the state of the lanes.
func PriceOf(replays []Replay, s Status, now time.Time) []Price {
	var prices []Price
	for _, l := range Lanes() {
		targets := make(map[Target]bool)
		for _, r := range replays {
			if r.Lane == l {
				targets[r.Target] = true
			}
		}
		if len(targets) == 0 {
			continue
		}
		p := Price{Lane: l, Calls: len(targets)}
		if i := slices.IndexFunc(s.Lanes, func(x LaneStatus) bool { return x.Lane == l }); i >= 0 && s.known() {
			p.Done = ETA(now, s.Lanes[i].Waiting()+p.Calls, false, s.Lanes[i].Windows)
		}
		prices = append(prices, p)
	}
	return prices
}

// known reports whether any worker told the state of the limiter.
func (s Status) known() bool {
	return slices.ContainsFunc(s.Workers, func(w WorkerStatus) bool { return w.Error == "" })
}
