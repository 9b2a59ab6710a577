package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// report renders a status at a fixed time, in the zone of the test.
func report(t *testing.T, s pipeline.Status, now time.Time, calendar bool) string {
	t.Helper()
	var out, err strings.Builder
	a := &app{out: &out, err: &err, now: func() time.Time { return now }}
	if e := a.status(s, calendar, false); e != nil {
		t.Fatal(e)
	}
	return out.String() + "-- standard error --\n" + err.String()
}

func TestStatus(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.Local)
	week := 7 * 24 * time.Hour
	var returns []time.Time
	for i := range 97 {
		returns = append(returns, now.Add(week/2+time.Duration(i*i)*20*time.Second))
	}
	post := pipeline.Window{Permission: "ADD_ON_CREATE", Every: week, Limit: 100, Known: true, Spent: 97, Held: 3, Returns: returns}
	app := pipeline.Window{Permission: "app", Every: time.Minute, Limit: 60, Known: true, Spent: 2, Free: 58,
		Returns: []time.Time{now.Add(20 * time.Second), now.Add(50 * time.Second)}}
	worker := pipeline.WorkerStatus{Worker: "w1", App: "shop", Version: "1.2.3", Started: now.Add(-50 * time.Hour)}

	for _, c := range []struct {
		name     string
		status   pipeline.Status
		calendar bool
	}{
		{"waiting", pipeline.Status{Inbox: 1, Dead: 12, Workers: []pipeline.WorkerStatus{worker}, Lanes: []pipeline.LaneStatus{
			{Lane: pipeline.PostCreate, WaitingUrgent: 1, WaitingNormal: 36, Retries: 2, InFlight: 3, Windows: []pipeline.Window{post, app},
				NextToken: returns[0], LastETA: returns[38]},
			{Lane: pipeline.PostDelete, Windows: []pipeline.Window{app}, NextToken: now},
		}}, true},
		{"in trouble", pipeline.Status{Workers: []pipeline.WorkerStatus{worker, {Worker: "w2", App: "shop", Version: "1.2.3", Started: now, Error: "the limiter does not answer: timeout",
			Store: "embedded JetStream: stream KENAR_EVENTS: write failed; see to the disk under DATA_DIR and restart the worker\n" +
				"embedded JetStream: stream KENAR_DEAD: write failed; see to the disk under DATA_DIR and restart the worker"}},
			Lanes: []pipeline.LaneStatus{
				{Lane: pipeline.PostCreate, WaitingNormal: 5, Windows: []pipeline.Window{post}, NextToken: returns[0], LastETA: returns[4],
					PausedUntil: now.Add(40 * time.Minute), PausedWhy: "429: daily quota"},
				{Lane: pipeline.BusinessCreate, PausedUntil: now.Add(-time.Second), PausedWhy: "3 refusals (403) in a row"},
				{Lane: pipeline.UserCreate, WaitingNormal: 1, OutageSince: now.Add(-5 * time.Minute), NextProbe: now.Add(30 * time.Second), LastETA: now},
				{Lane: pipeline.PostDelete, Windows: []pipeline.Window{{Permission: "ADD_ON_DELETE", Every: time.Hour, Limit: 10}}},
			}}, true},
		{"nobody there", pipeline.Status{Inbox: 3, Lanes: []pipeline.LaneStatus{{Lane: pipeline.PostCreate, WaitingNormal: 7}}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := report(t, c.status, now, c.calendar)
			golden.File(t, "testdata/status-"+strings.ReplaceAll(c.name, " ", "-")+".golden", got)
		})
	}
}

func TestPriceTellsWhenItIsDone(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.Local)
	for want, done := range map[string]time.Time{
		"done by Friday 14:00 (in 2 d)": now.Add(2*24*time.Hour + 270*time.Minute),
		"done at once":                  now,
		"done at an unknown time: no worker tells the state of its tokens": {},
	} {
		if got := doneBy(done, now); got != want {
			t.Errorf("%s: %s, want %s", done, got, want)
		}
	}
}
