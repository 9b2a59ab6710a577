package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/schema"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// Where an event about a post can stand, as the golden files show.
func TestListingStatus(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.Local)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	flat := pipeline.Target{Kind: pipeline.KindListing, Key: "flat-7"}
	post := pipeline.Target{Kind: pipeline.KindPost, Key: "AZir15UU"}
	const transaction = "0b4f7a1e-3c55-4d2a-9d3e-2f6a1c0de001"
	cost, nothing := kenar.Rials(1_500_000), kenar.Rials(0)
	checked := pipeline.Step{Name: "checked", At: ago(time.Hour), Event: "e1"}
	submitted := pipeline.Step{Name: "submitted", At: ago(59 * time.Minute), Event: "e1", HTTPStatus: 200}

	var got strings.Builder
	for _, c := range []struct {
		name   string
		status pipeline.ListingStatus
		lane   *pipeline.LaneStatus
	}{
		{"queued", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.UserListingSubmit, QueuedAt: ago(time.Minute)},
			&pipeline.LaneStatus{Lane: pipeline.UserListingSubmit, NextToken: now.Add(2 * time.Hour)}},
		{"a call has failed", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.UserListingSubmit, QueuedAt: ago(time.Hour),
			Steps:     []pipeline.Step{checked},
			Attempts:  []pipeline.Attempt{{At: ago(time.Minute), HTTPStatus: 503, Error: "Kenar answered 503: try later", DurationMS: 120}},
			NotBefore: now.Add(40 * time.Second)}, nil},
		{"an answer was lost", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.UserListingSubmit, QueuedAt: ago(time.Hour),
			Steps: []pipeline.Step{checked}, InDoubt: ago(2 * time.Minute), NotBefore: now.Add(time.Minute)}, nil},
		{"over the cap of the day", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.UserListingSubmit, QueuedAt: ago(time.Hour), PostToken: "AZir15UU",
			Steps: []pipeline.Step{checked, submitted}, Payment: &pipeline.Payment{ID: transaction}},
			&pipeline.LaneStatus{Lane: pipeline.ListingPublish, PausedUntil: now.Add(11 * time.Hour), PausedWhy: "SPEND_CAP_RIALS: 9000000 rials were spent today"}},
		{"a payment is not known", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.ListingSubmit, QueuedAt: ago(time.Hour), PostToken: "AZir15UU",
			Steps: []pipeline.Step{checked, submitted}, Payment: &pipeline.Payment{ID: transaction, Price: cost, Tries: 1}},
			&pipeline.LaneStatus{Lane: pipeline.ListingPublish, OutageSince: ago(time.Minute)}},
		{"a payment is pending", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.ListingSubmit, QueuedAt: ago(time.Hour), PostToken: "AZir15UU",
			Payment: &pipeline.Payment{ID: transaction, Price: cost, Tries: 1, State: kenar.TransactionPending}, NotBefore: now.Add(time.Minute)}, nil},
		{"left unpublished", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.ListingSubmit, QueuedAt: ago(time.Hour), PostToken: "AZir15UU",
			Steps:   []pipeline.Step{checked, submitted},
			Outcome: &pipeline.OutcomeData{EventID: "e1", Result: pipeline.ResultAccepted, At: ago(time.Minute), PostToken: "AZir15UU"}}, nil},
		{"published for nothing, by a replay", pipeline.ListingStatus{Event: "e1~2", Target: flat, Lane: pipeline.ListingSubmit, QueuedAt: ago(time.Hour), PostToken: "AZir15UU",
			Steps: []pipeline.Step{checked, {Name: "resolved", At: ago(2 * time.Minute), Event: "e1", Note: "post AZir15UU was made"},
				{Name: "paid", At: ago(time.Minute), Event: "e1~2", HTTPStatus: 200, Transaction: transaction}},
			Payment: &pipeline.Payment{ID: transaction, Tries: 1, State: kenar.TransactionCompleted},
			Outcome: &pipeline.OutcomeData{EventID: "e1~2", Result: pipeline.ResultAccepted, At: ago(time.Minute), PostToken: "AZir15UU", Transaction: transaction, CostRials: &nothing}}, nil},
		{"reordered", pipeline.ListingStatus{Event: "e2", Target: post, Lane: pipeline.ListingReorder, QueuedAt: ago(time.Hour),
			Steps: []pipeline.Step{{Name: "failed", At: ago(2 * time.Minute), Event: "e2", Transaction: "0b4f7a1e-3c55-4d2a-9d3e-2f6a1c0de000"},
				{Name: "priced", At: ago(time.Minute), Event: "e2", CostRials: cost, Transaction: transaction},
				{Name: "paid", At: ago(time.Minute), Event: "e2", HTTPStatus: 200, CostRials: cost, Transaction: transaction}},
			Payment: &pipeline.Payment{ID: transaction, Price: cost, Cost: cost, Tries: 1, State: kenar.TransactionCompleted},
			Outcome: &pipeline.OutcomeData{EventID: "e2", Result: pipeline.ResultAccepted, At: ago(time.Minute), Transaction: transaction, CostRials: &cost}}, nil},
		{"refunded", pipeline.ListingStatus{Event: "e1", Target: flat, Lane: pipeline.ListingSubmit, QueuedAt: ago(time.Hour), PostToken: "AZir15UU",
			Payment: &pipeline.Payment{ID: transaction, Price: cost, Cost: cost, Tries: 1, State: kenar.TransactionRefunded},
			Outcome: &pipeline.OutcomeData{EventID: "e1", Result: pipeline.ResultDead, At: ago(time.Minute),
				Reason: &pipeline.Reason{Code: pipeline.PaymentFailed, Message: "transaction " + transaction + " was refunded"}}}, nil},
		{"superseded", pipeline.ListingStatus{Event: "e3", Target: post, Lane: pipeline.ListingEdit, QueuedAt: ago(time.Hour),
			Outcome: &pipeline.OutcomeData{EventID: "e3", Result: pipeline.ResultSuperseded, At: ago(time.Minute), SupersededBy: "e4"}}, nil},
		{"unchanged", pipeline.ListingStatus{Event: "e1~1", Target: flat, Lane: pipeline.ListingSubmit, QueuedAt: ago(time.Hour), PostToken: "AZir15UU",
			Outcome: &pipeline.OutcomeData{EventID: "e1~1", Result: pipeline.ResultUnchanged, At: ago(time.Minute)}}, nil},
		{"refused at once", pipeline.ListingStatus{Event: "e5", Outcome: &pipeline.OutcomeData{EventID: "e5", Result: pipeline.ResultDead, At: ago(time.Minute),
			Reason: &pipeline.Reason{Code: pipeline.InvalidEvent, Field: "data.model", Message: "data.model: is missing; data.max_cost_rials: is missing"}}}, nil},
	} {
		var out strings.Builder
		a := &app{out: &out, now: func() time.Time { return now }}
		if err := a.listingStatus(c.status, c.lane); err != nil {
			t.Fatal(err)
		}
		got.WriteString("== " + c.name + "\n" + out.String() + "\n")
	}
	golden.File(t, "testdata/listing-status.golden", got.String())
}

func TestChoices(t *testing.T) {
	numbers := func(n int) (all []schema.Choice) {
		for i := range n {
			all = append(all, schema.Choice{Value: float64(i), Title: string(rune('a' + i))})
		}
		return all
	}
	for _, c := range []struct {
		choices []schema.Choice
		want    string
	}{
		{nil, "-"},
		{[]schema.Choice{{Value: "یک", Title: "یک"}, {Value: "BALCONY", Title: "بالکن"}}, "یک | BALCONY (بالکن)"},
		{[]schema.Choice{{Value: 1397.0, Title: "1397"}, {Value: true, Title: "بله"}, {Value: nil}}, "1397 | true (بله) | null"},
		{numbers(7), "0 (a) | 1 (b) | 2 (c) | 3 (d) | 4 (e) | 5 (f) | 6 (g)"}, // to shorten by one is not worth it
		{numbers(8), "0 (a) | 1 (b) | 2 (c) | 3 (d) | 4 (e) | 5 (f) | … 8 in all"},
	} {
		if got := choices(c.choices); got != c.want {
			t.Errorf("%v: %s, want %s", c.choices, got, c.want)
		}
	}
}

// A skeleton can be read however it was encoded, and means the same.
func TestLegible(t *testing.T) {
	for raw, want := range map[string]string{
		`{"a":"\u003cfill in: x \u0026 y\u003e"}`: `{"a":"<fill in: x & y>"}`,
		`{ "a": "<fill in>" }`:                    `{"a":"<fill in>"}`,
		`{"a":"\\u003c","b":"\\\u003c"}`:          `{"a":"\\u003c","b":"\\<"}`,
	} {
		got, err := legible(json.RawMessage(raw))
		if err != nil || string(got) != want {
			t.Errorf("%s became %s, %v; want %s", raw, got, err, want)
		}
		var before, after any
		if json.Unmarshal([]byte(raw), &before) != nil || json.Unmarshal(got, &after) != nil || !cmp.Equal(before, after) {
			t.Errorf("%s means %v, was %v", got, after, before)
		}
	}
	if _, err := legible(json.RawMessage(`{`)); err == nil {
		t.Error("half an object is taken for JSON")
	}
}

func TestRials(t *testing.T) {
	for n, want := range map[kenar.Rials]string{0: "0 rials", 999: "999 rials", 1_250_000: "1,250,000 rials"} {
		if got := rials(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestEventID(t *testing.T) {
	for id, want := range map[string]bool{
		"flat-7": true, "e1~2": true, "e1+addon": true, "e1+button~3": true,
		"": false, "*": false, ">": false, "a.b": false, "e1~0": false, "e1~": false, "e1+video": false, "a b": false, strings.Repeat("x", 65): false,
	} {
		if err := oneEvent(nil, []string{id}); (err == nil) != want {
			t.Errorf("%q: %v, want an id: %t", id, err, want)
		}
	}
}
