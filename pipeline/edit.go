package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// An edit changes some fields of a post and leaves the others. So of two edits
// the newer one stands for the older one only as far as it changes the same
// fields: what is stale is left out, and the rest is sent.

// planEdit is what is left to send of an edit without the stale fields; by is
// the edit that changes all of its fields anew, attempted before or queued
// behind it.
func (p *processor) planEdit(ctx context.Context, w *Work, e Entry, now time.Time) (send *Work, stale []string, by string, err error) {
	edit, err := readEdit(w)
	if err != nil {
		return w, nil, "", nil //nolint:nilerr // found out when it is prepared
	}
	for _, f := range edit.Fields() {
		if m, ok := e.Fields[f]; ok && m.Event != w.ID && m.Version.Newer(w.Version) {
			stale = append(stale, f)
			by = m.Event
		}
	}
	left, some := edit, true
	if len(stale) > 0 {
		left, some = edit.Without(stale)
	}
	if !some {
		return nil, nil, by, nil
	}
	for _, pr := range []Priority{Urgent, Normal} {
		q, err := p.queues.last(ctx, w.Lane, pr, w.Target)
		if err != nil {
			return nil, nil, "", err
		}
		if q == nil || q.ID == w.ID || !q.Version.Newer(w.Version) || e.deadMark(q.ID) != nil || expired(q, now) {
			continue
		}
		newer, err := readEdit(q)
		if err != nil {
			continue // becomes a dead letter at its turn
		}
		if _, some := left.Without(newer.Fields()); !some {
			return nil, nil, q.ID, nil
		}
	}
	if len(stale) == 0 {
		return w, nil, "", nil
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

// readyEdit uploads the images of an edit, and makes its body.
func (p *processor) readyEdit(ctx context.Context, pl *plan, ready *prepared) *Outcome {
	w := pl.send
	edit, err := readEdit(w)
	if err != nil {
		return p.refuse(ctx, pl, Reason{Code: CrashLoop, Message: err.Error()})
	}
	if len(pl.stale) > 0 {
		ready.warnings = append(ready.warnings, widgets.Warning{Path: "data",
			Message: fmt.Sprintf("not sent, since a newer edit has changed them: %s", strings.Join(pl.stale, ", "))})
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

// raiseFields marks the fields of an edit that is about to be sent.
func (e *Entry) raiseFields(w *Work) {
	edit, err := readEdit(w)
	if err != nil {
		return // it would not have been prepared
	}
	e.FieldsBefore, e.Fields = e.Fields, maps.Clone(e.Fields)
	if e.Fields == nil {
		e.Fields = make(map[string]Mark)
	}
	for _, f := range edit.Fields() {
		if m, ok := e.Fields[f]; !ok || !m.Version.Newer(w.Version) {
			e.Fields[f] = Mark{Version: w.Version, Event: w.ID}
		}
	}
	if len(e.Fields) > mostFields {
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
}

// takeTurns is the attempts of the edits that wait for their next one, when w
// takes the place of the last one's. A post has one entry for all its edits, and
// none of them must forget how often it was tried.
func (e *Entry) takeTurns(w *Work) map[string]int {
	if w.Op != EditPost {
		return nil
	}
	others := maps.Clone(e.Others)
	if others == nil {
		others = make(map[string]int)
	}
	delete(others, w.ID)
	if e.Attempt > 0 && e.waiting() && len(others) < mostOthers {
		others[e.Event] = e.Attempt
	}
	return others
}

// mostOthers bounds an entry; the attempts of more edits than this that fail at
// the same time begin anew.
const mostOthers = 64

// mostFields bounds an entry: no category has so many.
const mostFields = 200
