package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/pipeline"
)

func TestResumedIsTold(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.Local)
	key := pipeline.EndedPause{Scope: "ADD_ON_CREATE", Since: now.Add(-2 * time.Hour), Until: now.Add(40 * time.Minute), Reason: "Kenar refuses the API key", Probe: true}
	whole := pipeline.EndedPause{Scope: "app", Until: now.Add(5 * time.Hour), Reason: "429 for the check of a post"}
	for _, c := range []struct {
		name     string
		ended    []pipeline.EndedPause
		lanes    []string
		dryRun   bool
		out, err string
	}{
		{"two", []pipeline.EndedPause{key, whole}, nil, false,
			"resumed  ADD_ON_CREATE  since 07:30 (2 h ago), until 10:10:00 (in 40 min): Kenar refuses the API key\n" +
				"resumed  app  since unknown, until 14:30 (in 5 h): 429 for the check of a post\n",
			"one call finds out whether the cause is gone; see publisher status\n"},
		{"without a probe", []pipeline.EndedPause{whole}, []string{"app"}, false,
			"resumed  app  since unknown, until 14:30 (in 5 h): 429 for the check of a post\n", ""},
		{"a dry run", []pipeline.EndedPause{key}, nil, true,
			"paused   ADD_ON_CREATE  since 07:30 (2 h ago), until 10:10:00 (in 40 min): Kenar refuses the API key\n", ""},
		{"nothing", nil, nil, false, "", "nothing to resume\n"},
		{"nothing of these", nil, []string{"ADD_ON_CREATE", "ADD_ON_DELETE"}, false, "", "nothing to resume: no pause of ADD_ON_CREATE, ADD_ON_DELETE\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, stderr strings.Builder
			a := &app{out: &out, err: &stderr, now: func() time.Time { return now }}
			if err := a.tellResumed(c.ended, c.lanes, c.dryRun); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.out, out.String()); diff != "" {
				t.Errorf("standard output -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(c.err, stderr.String()); diff != "" {
				t.Errorf("standard error -want +got:\n%s", diff)
			}
		})
	}
}
