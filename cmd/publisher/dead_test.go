package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/pipeline"
)

func TestMoment(t *testing.T) {
	zone := time.FixedZone("Tehran", 3*3600+1800)
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"":                          {},
		"2026-08-01":                time.Date(2026, 8, 1, 0, 0, 0, 0, zone),
		"2026-08-01T10:00":          time.Date(2026, 8, 1, 10, 0, 0, 0, zone),
		"2026-08-01 10:00:05":       time.Date(2026, 8, 1, 10, 0, 5, 0, zone),
		"2026-08-01T10:00:05Z":      time.Date(2026, 8, 1, 10, 0, 5, 0, time.UTC),
		"2026-08-01T10:00:05+01:00": time.Date(2026, 8, 1, 9, 0, 5, 0, time.UTC),
		"36h":                       now.Add(-36 * time.Hour),
		"7d":                        now.AddDate(0, 0, -7),
	} {
		if got, err := moment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-3h", "-1d", "1.5d", "7 d", "2026-13-01"} {
		if got, err := moment(text, now); err == nil {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

func TestSelection(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.UTC)
	s := selection{reasons: []string{"rejected"}, kinds: []string{"post"}, key: "gZ206tip", since: "1h", until: "2026-08-19"}
	got, err := s.filter([]string{"e1"}, now)
	want := pipeline.DeadFilter{
		IDs: []string{"e1"}, Reasons: []pipeline.ReasonCode{pipeline.Rejected}, Kinds: []pipeline.Kind{pipeline.KindPost},
		Key: "gZ206tip", Since: now.Add(-time.Hour), Until: time.Date(2026, 8, 19, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v; -want +got:\n%s", err, diff)
	}
}

// To list everything is harmless; to replay or drop everything must be said.
func TestNothingSelected(t *testing.T) {
	for _, c := range []struct {
		name    string
		s       selection
		ids     []string
		refused bool
	}{
		{"nothing", selection{}, nil, true},
		{"nothing, where that means all", selection{mayBeAll: true}, nil, false},
		{"all", selection{all: true}, nil, false},
		{"an id", selection{}, []string{"e1"}, false},
		{"a filter", selection{until: "30d"}, nil, false},
	} {
		_, err := c.s.filter(c.ids, time.Now())
		if refused := err != nil; refused != c.refused {
			t.Errorf("%s: error %v, want one: %t", c.name, err, c.refused)
		}
	}
}
