package main

import (
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/widgets"
)

func TestDetail(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.Local)
	warned := []widgets.Warning{{Path: "widgets[0]", Message: "was dropped"}, {Path: "notes", Message: "is not sent"}}
	for want, d := range map[string]pipeline.OutcomeData{
		"position 3, ETA 09:31:00 (in 60 s)":                              {Result: pipeline.ResultQueued, Position: 3, ETA: now.Add(time.Minute)},
		"position 3, ETA 09:29:00":                                        {Result: pipeline.ResultQueued, Position: 3, ETA: now.Add(-time.Minute)},
		"position 1, ETA unknown":                                         {Result: pipeline.ResultQueued, Position: 1},
		"position 1, ETA unknown, warning: widgets[0]: was dropped":       {Result: pipeline.ResultQueued, Position: 1, Warnings: warned[:1]},
		"position 1, ETA unknown, 2 warnings: widgets[0]: was dropped, …": {Result: pipeline.ResultQueued, Position: 1, Warnings: warned},
		"HTTP 200":                                       {Result: pipeline.ResultAccepted, HTTPStatus: 200, Attempts: 1},
		"HTTP 201, attempt 3, add-on 7f2c":               {Result: pipeline.ResultAccepted, HTTPStatus: 201, Attempts: 3, AddonID: "7f2c"},
		"the same was accepted before: no call":          {Result: pipeline.ResultUnchanged},
		"validate_only: the event is good":               {Result: pipeline.ResultUnchanged, Reason: &pipeline.Reason{Code: pipeline.ValidateOnly, Message: "the event is good"}},
		"by e2: no call":                                 {Result: pipeline.ResultSuperseded, SupersededBy: "e2"},
		"rejected: Kenar answered 400: two lines":        {Result: pipeline.ResultDead, Reason: &pipeline.Reason{Code: pipeline.Rejected, Message: "Kenar answered 400: two\nlines"}},
		"invalid_widgets: a: is bad (and 1 more fault)":  {Result: pipeline.ResultDead, Reason: &pipeline.Reason{Code: pipeline.InvalidWidgets, Field: "a", Message: "a: is bad; b: is bad"}},
		"invalid_widgets: a: is bad (and 2 more faults)": {Result: pipeline.ResultDead, Reason: &pipeline.Reason{Code: pipeline.InvalidWidgets, Field: "a", Message: "a: is bad; b: is bad; c: is bad"}},
	} {
		if got := detail(d, now); got != want {
			t.Errorf("%s: %q, want %q", d.Result, got, want)
		}
	}
}
