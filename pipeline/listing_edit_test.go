package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

func edit(id, post string, general map[string]any, more ...map[string]any) map[string]any {
	return manage(id, TypeEdit, "post/"+post, map[string]any{"general_data": general}, more...)
}

// masks are the update masks of the edits of a post that arrived, in order.
func (m *market) masks(post string) (all [][]string) {
	m.t.Helper()
	for _, c := range m.kenar.CallsFor("post/" + post) {
		if c.Op != kenartest.EditPost {
			continue
		}
		var body struct {
			Mask []string `json:"update_mask"`
		}
		must(m.t, json.Unmarshal(c.Body, &body))
		all = append(all, body.Mask)
	}
	return all
}

// Of edits that wait together each changes its own fields, and what a newer
// one has changed is not sent by an older one, whatever their order.
func TestEditsTogether(t *testing.T) {
	t.Parallel()
	const title, text = "general_data.title", "general_data.description"
	m := newMarket(t)
	w, _ := m.consentLab.run(nil)
	type change = map[string]any
	for i, tt := range []struct {
		name     string
		old      change
		new      change
		oldFirst bool
		result   Result // of the older one
		masks    [][]string
		warned   bool // what was left out of the older one
	}{
		{"different fields, the newer first", change{"description": "متن"}, change{"title": "نو"}, false,
			ResultAccepted, [][]string{{title}, {text}}, false},
		{"different fields, the older first", change{"description": "متن"}, change{"title": "نو"}, true,
			ResultAccepted, [][]string{{text}, {title}}, false},
		{"one field in common, the newer first", change{"title": "کهنه", "description": "متن"}, change{"title": "نو"}, false,
			ResultAccepted, [][]string{{title}, {text}}, true},
		{"one field in common, the older first", change{"title": "کهنه", "description": "متن"}, change{"title": "نو"}, true,
			ResultAccepted, [][]string{{title, text}, {title}}, false},
		{"all that the older changes, the newer first", change{"title": "کهنه", "description": "کهنه"}, change{"title": "نو", "description": "متن"}, false,
			ResultSuperseded, [][]string{{title, text}}, false},
		{"all that the older changes, the older first", change{"title": "کهنه"}, change{"title": "نو", "description": "متن"}, true,
			ResultAccepted, [][]string{{title}, {title, text}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			post, older, newer := fmt.Sprintf("gPost%d", i), fmt.Sprintf("old%d", i), fmt.Sprintf("new%d", i)
			m.shown(post)
			events := []map[string]any{edit(newer, post, tt.new, revision(2)), edit(older, post, tt.old, revision(1))}
			if tt.oldFirst {
				slices.Reverse(events)
			}
			m.waiting(w, ListingEdit, events...)
			finals := m.settled(older, newer)
			m.allAccepted(finals, newer)
			got := finals[older]
			if got.Result != tt.result || tt.result == ResultSuperseded && got.SupersededBy != newer {
				t.Errorf("the older one ended %+v (%v), want %s", got, got.Reason, tt.result)
			}
			if warned := len(got.Warnings) > 0; warned != tt.warned {
				t.Errorf("the older one has warnings %q", got.Warnings)
			}
			if got := m.masks(post); !slices.EqualFunc(got, tt.masks, slices.Equal) {
				t.Errorf("sent %q, want %q", got, tt.masks)
			}
			if l, _ := m.kenar.Listing(post); l.Title != "نو" || l.Description != "متن" {
				t.Errorf("the post is %q, %q", l.Title, l.Description)
			}
		})
	}
}

// The retry of one edit does not lose another, nor undo what a newer one did
// meanwhile.
func TestEditRetried(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.Backoff = Backoff{Min: time.Second, Max: time.Second} })
	for i, f := range []kenartest.Fault{{Status: 503}, {LoseAnswer: true}, {CloseEarly: true}} {
		t.Run(faultName(f), func(t *testing.T) {
			m.t = t
			id := func(name string) string { return fmt.Sprintf("%s%d", name, i) }
			post := id("gPost")
			m.shown(post)
			f.Op = kenartest.EditPost
			m.kenar.Script(f)
			m.publish(edit(id("old"), post, map[string]any{"title": "کهنه", "description": "متن", "district": "gisha"}, revision(1)))
			m.eventually("it is to be tried again", func() bool {
				s, err := m.js.Stream(t.Context(), RetryStream)
				must(t, err)
				return s.CachedInfo().State.Msgs == 1
			})
			m.publish(edit(id("new"), post, map[string]any{"title": "نو"}, revision(2)), edit(id("other"), post, map[string]any{"hide_phone": true}, revision(1)))
			finals := m.settled(id("old"), id("new"), id("other"))
			m.allAccepted(finals, id("old"), id("new"), id("other"))
			if got := finals[id("old")].Warnings; len(got) != 1 || !strings.Contains(got[0].Message, "general_data.title") {
				t.Errorf("warnings %q", got)
			}
			sent := m.masks(post)
			if last := sent[len(sent)-1]; slices.Contains(last, "general_data.title") || len(last) != 2 {
				t.Errorf("sent %q", sent)
			}
			if l, _ := m.kenar.Listing(post); l.Title != "نو" || l.Description != "متن" || l.District != "gisha" || !l.HidePhone {
				t.Errorf("the post is %+v", l)
			}
		})
	}
}

// Images are uploaded before the edit that shows them, and null clears.
func TestEditImages(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	m.publish(submit("e1", "k1", pictured(titled("e1", map[string]any{"category_fields": map[string]any{
		"size": 80, "rooms": "دو", "credit": 1, "rent": 2, "floor": 3}}), 1)))
	post := m.final("e1").PostToken
	m.kenar.RotateUploads()
	m.publish(manage("e2", TypeEdit, "post/"+post, map[string]any{
		"general_data":  map[string]any{"images": []string{tinyJPEG(2), tinyJPEG(3)}, "district": nil},
		"category_data": map[string]any{"floor": nil, "size": 90}}))
	m.allAccepted(m.settled("e1", "e2"), "e1", "e2")
	media := m.kenar.PostMedia()
	got, _ := m.kenar.Listing(post)
	if len(media) != 3 || !slices.Equal(got.Images, []string{media[1].Name, media[2].Name}) {
		t.Errorf("the post has images %q of %d uploads", got.Images, len(media))
	}
	if _, ok := got.Fields["floor"]; ok || string(got.Fields["size"]) != "90" || string(got.Fields["rent"]) != "2" {
		t.Errorf("the post has fields %s", got.Fields)
	}
	m.publish(edit("e3", post, map[string]any{"images": nil}))
	m.allAccepted(m.settled("e3"), "e3")
	if got, _ := m.kenar.Listing(post); len(got.Images) != 0 {
		t.Errorf("the post has images %q", got.Images)
	}
}

// What a newer edit asks for and is refused makes nothing of an older one stale.
// What it may have got does: better a change less than one undone.
func TestEditRefused(t *testing.T) {
	t.Parallel()
	refused := kenartest.Fault{Status: 400, Body: `{"code":3,"message":"bad title"}`}
	failed := kenartest.Fault{Status: 503}
	silent := kenartest.Fault{CloseEarly: true}
	m := newMarket(t)
	w, _ := m.consentLab.run(func(s *settings) { s.cfg.MaxAttempts = 2 })
	for i, tt := range []struct {
		name     string
		newer    []kenartest.Fault // what its attempts come to
		together bool              // both wait, the older one first
		code     ReasonCode        // of the newer one's dead letter
		result   Result            // of the older one
		title    string
	}{
		{"queued behind it", []kenartest.Fault{refused}, true, Rejected, ResultAccepted, "خوب"},
		{"sent before it", []kenartest.Fault{refused}, false, Rejected, ResultAccepted, "خوب"},
		{"at its second attempt", []kenartest.Fault{failed, refused}, false, Rejected, ResultAccepted, "خوب"},
		{"never known", []kenartest.Fault{silent, silent}, false, AttemptsExhausted, ResultSuperseded, "آپارتمان"},
		{"known of the second attempt alone", []kenartest.Fault{silent, {Status: 403, Body: `{"code":7}`}}, false, Forbidden, ResultSuperseded, "آپارتمان"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			post, older, newer := fmt.Sprintf("gPost%d", i), fmt.Sprintf("old%d", i), fmt.Sprintf("new%d", i)
			m.shown(post)
			faults := tt.newer
			m.kenar.SetFaultFunc(func(c kenartest.Call) (f kenartest.Fault, some bool) {
				if c.Op == kenartest.EditPost && strings.Contains(string(c.Body), "بد") && len(faults) > 0 {
					f, faults, some = faults[0], faults[1:], true
				}
				return f, some
			})
			old := edit(older, post, map[string]any{"title": "خوب"}, revision(1))
			bad := edit(newer, post, map[string]any{"title": "بد است"}, revision(2))
			if tt.together {
				m.waiting(w, ListingEdit, old, bad)
			} else {
				m.publish(bad)
				m.final(newer)
				m.publish(old)
			}
			m.wantDead(newer, tt.code)
			if got := m.settled(older)[older]; got.Result != tt.result || len(got.Warnings) > 0 {
				t.Errorf("the older one ended %+v (%v), want %s", got, got.Reason, tt.result)
			}
			if l, _ := m.kenar.Listing(post); l.Title != tt.title {
				t.Errorf("the title is %q, want %q", l.Title, tt.title)
			}
		})
	}
}

// A worker dies between the ledger and the ack of an edit, and another edit of
// the post is accepted before the first comes again: it is not sent again.
func TestEditAcceptedBefore(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.shown("gPost")
	queued := make(chan *nats.Msg, 8)
	sub, err := m.nc.ChanSubscribe("kenar.work."+string(ListingEdit)+".>", queued)
	must(t, err)
	must(t, m.nc.Flush())
	m.kenar.Script(kenartest.Fault{Op: kenartest.EditPost, Status: 503})
	m.run(nil)
	m.publish(edit("a", "gPost", map[string]any{"title": "الف جدید"}))
	first := m.final("a")
	must(t, sub.Unsubscribe())
	for i := range maxAccepted - 1 {
		id := fmt.Sprintf("b%d", i)
		m.publish(edit(id, "gPost", map[string]any{"description": id}))
		m.final(id)
	}
	calls := m.count(kenartest.EditPost)
	again := <-queued
	s := m.stream(OutcomeStream)
	must(t, s.Purge(t.Context()))
	_, err = m.js.Publish(t.Context(), again.Subject, again.Data)
	must(t, err)
	if diff := cmp.Diff(first, m.final("a")); diff != "" || first.Attempts != 2 {
		t.Errorf("the outcome of a is told as another (-first +again):\n%s", diff)
	}
	m.drained()
	if got := m.count(kenartest.EditPost); got != calls {
		t.Errorf("%d calls, want %d: a was sent again", got, calls)
	}
}

// A post has one entry for all its edits. None of them forgets what it has
// behind it while another one has its turn, and a crash counts as an attempt.
func TestEditTurns(t *testing.T) {
	t.Parallel()
	const lease = time.Minute
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a, b := &Work{ID: "a", Op: EditPost}, &Work{ID: "b", Op: EditPost}
	failed := Attempt{At: at, HTTPStatus: 503, Error: "no backend"}
	crashed := Attempt{At: at, Error: errInDoubt}
	for _, tt := range []struct {
		name  string
		entry Entry
		want  Entry
	}{
		{"to be tried again", Entry{State: StateRetry, Attempt: 1, Attempts: []Attempt{failed}, NotBefore: at},
			Entry{Attempt: 1, Attempts: []Attempt{failed}}},
		{"put off", Entry{State: StateRetry, Unseen: at, Waits: 3, ImageTries: 2},
			Entry{Unseen: at, Waits: 3, ImageTries: 2}},
		{"refused with a stale token", Entry{State: StateReleased, Unauthorized: true}, Entry{Unauthorized: true}},
		{"prepared", Entry{State: StateReleased, Waits: 1, Uploads: []Upload{{Source: "x"}}, Ready: at}, Entry{Waits: 1}},
		{"under way when its worker died", Entry{State: StateIntent, Attempt: 2, Attempts: []Attempt{failed}, Lease: at.Add(lease)},
			Entry{Attempt: 2, Attempts: []Attempt{failed, crashed}}},
		{"accepted", Entry{State: StateAccepted, Attempt: 2, Attempts: []Attempt{failed}}, Entry{}},
		{"dead", Entry{State: StateDead, Attempt: 2, Attempts: []Attempt{failed}}, Entry{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.entry.Event, tt.want.Event, tt.want.State = "a", "a", StateReleased
			other := tt.entry.takeTurn(b, lease)
			if diff := cmp.Diff(Entry{State: StateReleased, Event: "b", Turns: other.Turns}, other); diff != "" {
				t.Errorf("b begins with what a has behind it (-want +got):\n%s", diff)
			}
			got := other.takeTurn(a, lease)
			got.Turns = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("a goes on (-want +got):\n%s", diff)
			}
		})
	}
}

// An entry does not grow with the edits of its post. What is forgotten costs a
// call more at most: a doubt that is too old counts as a change.
func TestEditsBounded(t *testing.T) {
	t.Parallel()
	var e Entry
	work := func(i int) *Work {
		return &Work{ID: fmt.Sprint(i), Op: EditPost, Version: Version{Seq: uint64(i + 1)},
			Body: fmt.Appendf(nil, `{"category_data":{"field_%d":1}}`, i)}
	}
	const edits = 3 * mostFields
	for i := range edits {
		e = e.takeTurn(work(i), time.Minute)
		e.raiseFields(work(i))
		e.State, e.Attempt = StateRetry, 1
	}
	if len(e.Doubts) != mostDoubts || len(e.Fields) != mostFields || len(e.Turns) != mostTurns {
		t.Errorf("%d doubts, %d fields, %d turns", len(e.Doubts), len(e.Fields), len(e.Turns))
	}
	for _, i := range []int{edits - 1, edits - mostDoubts, edits - mostDoubts - 1} {
		w := work(i)
		w.ID, w.Version.Seq = "older", 0
		if send, _, by, err := e.planEdit(w); send != nil || by != fmt.Sprint(i) || err != nil {
			t.Errorf("an older edit of the field of edit %d is sent (%v, %v)", i, by, err)
		}
	}
	for i := range edits {
		e.tookEdit(work(i))
		e.Accepted = &Accepted{Event: fmt.Sprint(i), Attempts: i + 1}
	}
	if len(e.Doubts) != 0 || len(e.Earlier) != maxAccepted-1 {
		t.Errorf("%d doubts, %d accepted before the last", len(e.Doubts), len(e.Earlier))
	}
	for i, want := range map[int]bool{edits - 1: true, edits - maxAccepted: true, edits - maxAccepted - 1: false} {
		got, ok := e.accepted(fmt.Sprint(i))
		if ok != want || ok && (got.Accepted.Event != fmt.Sprint(i) || got.Attempt != i+1) {
			t.Errorf("edit %d is known as accepted: %t, %+v", i, ok, got.Accepted)
		}
	}
}
