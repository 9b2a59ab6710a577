package listing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// TestDecode: what is accepted, and everything that is said of what is not.
func TestDecode(t *testing.T) {
	for _, format := range []struct {
		name   string
		cases  []dataCase
		decode func([]byte) error
	}{
		{"submit", submissions, func(b []byte) error { _, err := listing.DecodeSubmission(b); return err }},
		{"edit", edits, func(b []byte) error { _, err := listing.DecodeEdit(b); return err }},
		{"payment", payments, func(b []byte) error { _, err := listing.DecodePayment(b); return err }},
		{"button", buttons, func(b []byte) error { _, err := listing.DecodeButton(b); return err }},
		{"delete", deletes, listing.DecodeDelete},
	} {
		for _, tt := range format.cases {
			t.Run(format.name+"/"+tt.name, func(t *testing.T) {
				err := format.decode([]byte(tt.data))
				wantFaults(t, err, tt.faults...)
				if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "s3cret")) {
					t.Errorf("shows a secret: %v", err)
				}
			})
		}
	}
}

// TestFaultsAreBounded: a document of nothing but faults tells a hundred and
// counts the rest.
func TestFaultsAreBounded(t *testing.T) {
	var fields strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&fields, `"unknown_%d": 1, `, i)
	}
	_, unknown := listing.DecodePayment([]byte(`{` + fields.String() + `"max_cost_rials": 1}`))
	images := strings.TrimSuffix(strings.Repeat(`"http://a.example/1.jpg", `, 20_000), ", ")
	_, refused := listing.DecodeSubmission([]byte(withImages(`[` + images + `]`)))
	for name, err := range map[string]error{"unknown fields": unknown, "images": refused} {
		faults, _ := errors.AsType[widgets.Faults](err)
		if len(faults) != 101 || faults[100].String() != "data: 19900 more faults are not listed; fix these first" {
			t.Errorf("%s: %d faults: %.200v", name, len(faults), err)
		}
	}
}

// TestKept: what has been decoded is the same after it was kept as JSON, and
// what is sent has the same bytes.
func TestKept(t *testing.T) {
	for _, tt := range submissions {
		if tt.faults == nil {
			s, err := listing.DecodeSubmission([]byte(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, tt.name, s, func(s listing.Submission) ([]byte, error) { return s.Body("b", uploaded(s.Sources())) })
		}
	}
	for _, tt := range edits {
		if tt.faults == nil {
			e, err := listing.DecodeEdit([]byte(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, tt.name, e, func(e listing.Edit) ([]byte, error) { return e.Body(uploaded(e.Sources())) })
		}
	}
	for _, tt := range payments {
		if tt.faults == nil {
			p, err := listing.DecodePayment([]byte(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, tt.name, p, func(p listing.Payment) ([]byte, error) { return json.Marshal(p) })
		}
	}
}

// keep writes a value as JSON, reads it again, and compares it and its body.
func keep[T any](t *testing.T, name string, v T, body func(T) ([]byte, error)) {
	t.Helper()
	kept, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var again T
	if err := json.Unmarshal(kept, &again); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if diff := cmp.Diff(v, again, everything); diff != "" {
		t.Errorf("%s differs (-decoded +kept):\n%s", name, diff)
	}
	before, err := body(v)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if after, err := body(again); err != nil || string(after) != string(before) {
		t.Errorf("%s: the body is %s, %v, and was %s", name, after, err, before)
	}
}

// uploaded is what Kenar might answer to uploads of sources.
func uploaded(of []listing.Source) listing.Media {
	m := listing.Media{Images: make(map[string]string)}
	for i, s := range of {
		if s.Video {
			m.Video = &kenar.PostVideo{Name: "raw/4786eb10.mp4", ThumbnailName: "thumbnail/4786eb10.jpg"}
		} else {
			m.Images[s.Source] = fmt.Sprintf("/neda/live-post-image/%d.jpg", i)
		}
	}
	return m
}
