package pipeline

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar/listing"
)

// A followUp is what comes after an event: the next step of a listing, or an
// event of its own. It is published after the ledger was written and before the
// ack, so a crash repeats it; the repetition is found out by its id, or at its
// turn by the ledger.
type followUp struct {
	work  *Work  // the next step, for its lane
	event []byte // or an event for the inbox
	id    string
	to    Target
}

// follow publishes what comes after an event.
func (s *settler) follow(ctx context.Context, f followUp) error {
	if f.work == nil {
		_, err := s.js.Publish(ctx, EventSubjectPrefix+f.to.subject(), f.event, jetstream.WithMsgID(f.id), jetstream.WithExpectStream(EventStream))
		return wrap(err, "publish "+f.id)
	}
	w := f.work
	data, err := encode(w)
	if err != nil {
		return err
	}
	_, err = s.js.Publish(ctx, w.Lane.workSubject(w.Priority, w.Target), data, jetstream.WithMsgID(w.ID+"/"+string(w.Op)))
	return wrap(err, "queue the next step of "+w.ID)
}

// followUps are the add-on and the button that a listing asked for, as events
// about its post. They wait for its publication.
func (w *Work) followUps(postToken, source string, now time.Time) []followUp {
	if w.Listing == nil {
		return nil
	}
	var all []followUp
	add := func(name, typ string, data json.RawMessage) {
		if len(data) == 0 {
			return
		}
		e := map[string]any{
			"specversion": "1.0", "id": w.root() + "+" + name, "source": source, "type": typ,
			"subject": string(KindPost) + "/" + postToken, "time": now.UTC().Format(time.RFC3339Nano),
			"priority": string(w.Priority), "followof": w.root(), "grantid": w.GrantID,
			"datacontenttype": "application/json", "data": data,
		}
		if w.GrantID == "" {
			delete(e, "grantid")
		}
		if w.Traceparent != "" {
			e["traceparent"] = w.Traceparent
		}
		raw, _ := encode(e) // strings, and JSON that was decoded before
		all = append(all, followUp{event: raw, id: w.root() + "+" + name, to: Target{KindPost, postToken}})
	}
	add("addon", TypeAttach, w.Listing.AddOn)
	add("button", TypeButton, w.Listing.Button)
	return all
}

// mediaOf finds what sources were uploaded as.
func mediaOf(sources []listing.Source, uploads []Upload) (m listing.Media, missing bool) {
	m.Images = make(map[string]string)
	for _, s := range sources {
		key, found := sourceKey(s.Source), false
		for _, u := range uploads {
			if u.Source != key {
				continue
			}
			found = true
			if s.Video {
				m.Video = u.Video
			} else {
				m.Images[s.Source] = u.Name
			}
		}
		missing = missing || !found
	}
	return m, missing
}
