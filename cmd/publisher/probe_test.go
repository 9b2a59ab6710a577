package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// What a probe found, and what to look at.
func TestTellProbed(t *testing.T) {
	silence := func(inbox int, workers ...pipeline.WorkerStatus) error {
		return &pipeline.NoAnswerError{EventID: "probe-1", Waited: 30 * time.Second, Inbox: inbox, Workers: workers}
	}
	good := pipeline.OutcomeData{EventID: "probe-1", Result: pipeline.ResultUnchanged, Reason: &pipeline.Reason{Code: pipeline.ValidateOnly, Message: "good"}}
	refused := pipeline.OutcomeData{EventID: "probe-1", Result: pipeline.ResultDead, Reason: &pipeline.Reason{Code: pipeline.InvalidEvent, Field: "data.addon_id", Message: "none is known"}}
	away := errors.New("connection closed")
	tests := map[string]struct {
		final        pipeline.OutcomeData
		err          error
		out          string
		error, hints string // parts of them
	}{
		"answered":              {final: good, out: "a worker answered in 12ms\n"},
		"refused":               {final: refused, error: "after 12ms that event probe-1 is dead: invalid_event: data.addon_id: none is known", hints: "update it"},
		"nobody there":          {err: silence(1), error: "1 wait in the inbox, and no worker tells its status", hints: "start a worker"},
		"stuck":                 {err: silence(7, pipeline.WorkerStatus{}), error: "7 wait in the inbox, and 1 of the workers tell", hints: "do not admit events"},
		"stuck by its store":    {err: silence(7, pipeline.WorkerStatus{Store: "no space\nleft"}), error: "in trouble: no space; left", hints: "the store of NATS"},
		"taken and not told":    {err: silence(0, pipeline.WorkerStatus{}), error: "0 wait in the inbox", hints: "stream KENAR_OUTCOMES"},
		"something else failed": {err: away, error: "connection closed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{out: &out, now: time.Now}
			err := a.tellProbed(tt.final, 12*time.Millisecond, tt.err)
			if out.String() != tt.out {
				t.Errorf("said %q, want %q", &out, tt.out)
			}
			if (err == nil) != (tt.error == "") || err != nil && !strings.Contains(err.Error(), tt.error) {
				t.Errorf("error %v, want %q", err, tt.error)
			}
			var hinted *cli.Error
			if tt.hints != "" && (!errors.As(err, &hinted) || !strings.Contains(hinted.Hint, tt.hints)) {
				t.Errorf("error %#v, want the hint %q", err, tt.hints)
			}
		})
	}
}
