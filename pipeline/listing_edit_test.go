package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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
			ResultSuperseded, [][]string{{title, text}}, false},
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
