package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// An edit changes some fields of a post and leaves the others. So of two edits
// the newer one stands for the older one only as far as it changes the same
// fields: what is stale is left out, and the rest is sent. That a newer one is
// queued makes nothing stale: Kenar may refuse it.

// planEdit is what is left to send of an edit without the fields that a newer
// one has changed, or may have; by is one of those when nothing is left.
func (e *Entry) planEdit(w *Work) (send *Work, stale []string, by string, err error) {
	edit, err := readEdit(w)
	if err != nil {
		return w, nil, "", nil //nolint:nilerr // found out when it is prepared
	}
	for _, f := range edit.Fields() {
		if newer := e.newerEdit(w, f); newer != "" {
			stale, by = append(stale, f), newer
		}
	}
	if len(stale) == 0 {
		return w, nil, "", nil
	}
	left, some := edit.Without(stale)
	if !some {
		return nil, nil, by, nil
	}
	send = new(Work)
	*send = *w
	if send.Body, err = encode(left); err != nil {
		return nil, nil, "", err
	}
	send.Images = len(left.Sources()) > 0
	send.Hash = "" // no edit asked for just this
	return send, stale, "", nil
}

// newerEdit is an edit newer than w that has changed a field, or may have; ""
// when there is none.
func (e *Entry) newerEdit(w *Work, field string) (event string) {
	if m, ok := e.Fields[field]; ok && m.Event != w.ID && m.Version.Newer(w.Version) {
		return m.Event
	}
	for _, d := range e.Doubts {
		if d.Event != w.ID && d.Version.Newer(w.Version) && slices.Contains(d.Fields, field) {
			return d.Event
		}
	}
	return ""
}

// readyEdit uploads the images of an edit, and makes its body.
func (p *processor) readyEdit(ctx context.Context, pl *plan, ready *prepared) *Outcome {
	w := pl.send
	edit, err := readEdit(w)
	if err != nil {
		return p.refuse(ctx, pl, Reason{Code: CrashLoop, Message: err.Error()})
	}
	if len(pl.stale) > 0 {
		ready.warnings = append(ready.warnings, widgets.Warning{Path: "data",
			Message: fmt.Sprintf("not sent, since a newer edit has changed them, or may have: %s", strings.Join(pl.stale, ", "))})
	}
	if ready.ahead {
		return p.upload(ctx, pl, edit.Sources(), ready)
	}
	ready.uploads = pl.entry.of(w).Uploads
	media, missing := mediaOf(edit.Sources(), ready.uploads)
	if missing {
		return &Outcome{Class: ClassBusy, Next: Hold, Unused: true, Ahead: true}
	}
	if ready.body, err = edit.Body(media); err != nil {
		return p.refuse(ctx, pl, *asReason(InvalidEvent, err))
	}
	return nil
}

// A Doubt is an edit that was sent, or may have been, and of which it is not
// known whether Kenar took it.
type Doubt struct {
	Event   string   `json:"event"`
	Version Version  `json:"version"`
	Fields  []string `json:"fields"`
	Before  []string `json:"before,omitempty"` // Fields without the current attempt
}

// mostDoubts bounds an entry. The oldest of more than these counts as taken.
const mostDoubts = 16

func (e *Entry) doubtOf(event string) int {
	return slices.IndexFunc(e.Doubts, func(d Doubt) bool { return d.Event == event })
}

// raiseFields notes that an edit is about to be sent.
func (e *Entry) raiseFields(w *Work) {
	edit, err := readEdit(w)
	if err != nil {
		return // it would not have been prepared
	}
	fields := edit.Fields()
	e.Doubts = slices.Clone(e.Doubts)
	if i := e.doubtOf(w.ID); i >= 0 {
		d := &e.Doubts[i]
		d.Before = d.Fields
		d.Fields = slices.Compact(slices.Sorted(slices.Values(slices.Concat(fields, d.Before))))
		return
	}
	e.Doubts = append(e.Doubts, Doubt{Event: w.ID, Version: w.Version, Fields: fields})
	if len(e.Doubts) > mostDoubts {
		e.mark(e.Doubts[0])
		e.Doubts = e.Doubts[1:]
	}
}

// undoFields takes back what raiseFields noted: the attempt was provably not
// carried out. Earlier ones of the edit may have been.
func (e *Entry) undoFields(w *Work) {
	i := e.doubtOf(w.ID)
	if i < 0 {
		return
	}
	if len(e.Doubts[i].Before) == 0 {
		e.Doubts = slices.Delete(slices.Clone(e.Doubts), i, i+1)
		return
	}
	e.Doubts = slices.Clone(e.Doubts)
	e.Doubts[i].Fields, e.Doubts[i].Before = e.Doubts[i].Before, nil
}

// refused ends the doubt about an edit that Kenar has refused and that ends as a
// dead letter. A try before may have got no answer, but would have got this one:
// what it asked for was the same.
func (e *Entry) refused(w *Work) {
	e.Doubts = slices.DeleteFunc(slices.Clone(e.Doubts), func(d Doubt) bool { return d.Event == w.ID })
}

// tookEdit ends the doubt about an edit that Kenar has taken, and lets the one
// taken before it step back.
func (e *Entry) tookEdit(w *Work) {
	if i := e.doubtOf(w.ID); i >= 0 {
		e.mark(e.Doubts[i])
		e.Doubts = slices.Delete(slices.Clone(e.Doubts), i, i+1)
	}
	if e.Accepted != nil {
		e.Earlier = append(slices.Clone(e.Earlier), *e.Accepted)
		e.Earlier = e.Earlier[max(len(e.Earlier)-(maxAccepted-1), 0):]
	}
}

// mark notes an edit as the newest of its fields, where it is.
func (e *Entry) mark(d Doubt) {
	e.Fields = maps.Clone(e.Fields)
	if e.Fields == nil {
		e.Fields = make(map[string]Mark)
	}
	for _, f := range d.Fields {
		if m, ok := e.Fields[f]; !ok || !m.Version.Newer(d.Version) {
			e.Fields[f] = Mark{Version: d.Version, Event: d.Event}
		}
	}
	if len(e.Fields) <= mostFields {
		return
	}
	oldest := slices.SortedFunc(maps.Keys(e.Fields), func(a, b string) int {
		if e.Fields[a].Version.Newer(e.Fields[b].Version) {
			return 1
		}
		return -1
	})
	for _, f := range oldest[:len(oldest)-mostFields] {
		delete(e.Fields, f)
	}
}

// mostFields bounds an entry: no category has so many.
const mostFields = 200

// A Turn is how far an edit has come that waits for its next call while another
// one has the entry. A post has one entry for all its edits, and none of them
// must forget how often it was tried, or since when it cannot be prepared. What
// it has uploaded is not kept: that is done anew.
type Turn struct {
	Event        string          `json:"event"`
	Attempt      int             `json:"attempt,omitempty"`
	Attempts     []Attempt       `json:"attempts,omitempty"` // without the bodies of answers
	Unauthorized bool            `json:"unauthorized,omitempty"`
	Unseen       time.Time       `json:"unseen,omitzero"`
	Stuck        kenar.Operation `json:"stuck,omitempty"`
	Waits        int             `json:"waits,omitempty"`
	ImageTries   int             `json:"image_tries,omitempty"`
}

// mostTurns bounds an entry. Of more edits than these that fail at the same time
// the one whose turn is longest ago begins anew.
const mostTurns = 32

// takeTurn is the entry as that of an edit, which goes on where it was. If the
// edit before it was under way, its lease is over: that was an attempt, which
// began at a lease before its end.
func (e Entry) takeTurn(w *Work, lease time.Duration) Entry {
	if e.Event == w.ID {
		return e
	}
	turns := slices.Clone(e.Turns)
	if t := e.turn(lease); t.begun() {
		turns = append(turns, t)
	}
	var own Turn
	if i := slices.IndexFunc(turns, func(t Turn) bool { return t.Event == w.ID }); i >= 0 {
		own = turns[i]
		turns = slices.Delete(turns, i, i+1)
	}
	e = e.of(w)
	e.State, e.Lease, e.NotBefore = StateReleased, time.Time{}, time.Time{}
	e.Turns = turns[max(len(turns)-mostTurns, 0):]
	e.Attempt, e.Attempts, e.Unauthorized = own.Attempt, own.Attempts, own.Unauthorized
	e.Unseen, e.Stuck, e.Waits, e.ImageTries = own.Unseen, own.Stuck, own.Waits, own.ImageTries
	return e
}

// turn is what is kept of the event of the entry, if it waits for another call.
func (e *Entry) turn(lease time.Duration) Turn {
	attempts := e.Attempts
	switch {
	case e.State == StateIntent:
		attempts = history(attempts, Attempt{At: e.Lease.Add(-lease), Error: errInDoubt})
	case !e.waiting():
		return Turn{}
	}
	t := Turn{e.Event, e.Attempt, slices.Clone(attempts), e.Unauthorized, e.Unseen, e.Stuck, e.Waits, e.ImageTries}
	for i := range t.Attempts {
		t.Attempts[i].BodyExcerpt = ""
	}
	return t
}

// begun reports whether there is anything to remember.
func (t *Turn) begun() bool {
	return t.Attempt > 0 || len(t.Attempts) > 0 || t.Unauthorized || !t.Unseen.IsZero() || t.Waits > 0 || t.ImageTries > 0
}
