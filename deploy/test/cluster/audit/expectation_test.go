package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/deploy/test/cluster/calls"
)

// What is lost, doubled or too much is found, and named.
func TestJudge(t *testing.T) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	sent := func(second int, id string) calls.Call {
		return calls.Call{At: start.Add(time.Duration(second) * time.Second), Permission: calls.Permission,
			Target: "post/" + id, Create: true, Applied: true, Status: http.StatusOK}
	}
	failed := sent(1, "e2e-002")
	failed.Applied, failed.Status = false, http.StatusBadGateway
	refused := sent(1, "e2e-002")
	refused.Applied, refused.Status = false, http.StatusTooManyRequests
	told := func(results ...string) []outcome {
		all := make([]outcome, 0, len(results))
		for _, r := range results {
			var o outcome
			o.Type = finalOutcome
			o.Data.EventID, o.Data.Result, _ = strings.Cut(r, " ")
			all = append(all, o)
		}
		return all
	}
	accepted := told("e2e-001 accepted", "e2e-002 accepted")
	queued := outcome{Type: "kenar.outcome.queued.v1"}
	queued.Data.EventID, queued.Data.Result = "e2e-001", "queued"

	tests := map[string]struct {
		again    int
		received []calls.Call
		told     []outcome
		want     string // part of the sentence
		err      string // the error
	}{
		"each once": {
			received: []calls.Call{sent(0, "e2e-001"), sent(1, "e2e-002")}, told: append(accepted, queued),
			want: "2 events, each accepted once, 0 sent twice; at most 2 calls in any 5s"},
		"another event does not matter": {
			received: []calls.Call{sent(0, "e2e-001"), sent(9, "e2e-002"), sent(9, "e2e-077")}, told: accepted,
			want: "at most 1 calls"},
		"lost":     {received: []calls.Call{sent(0, "e2e-001")}, told: accepted, err: "e2e-002: Kenar never got it"},
		"not told": {received: []calls.Call{sent(0, "e2e-001"), sent(1, "e2e-002")}, told: accepted[:1], err: "e2e-002: it has no final outcome"},
		"dead": {received: []calls.Call{sent(0, "e2e-001"), sent(1, "e2e-002")},
			told: told("e2e-001 accepted", "e2e-002 dead"), err: "e2e-002: it ended as dead"},
		"told twice": {received: []calls.Call{sent(0, "e2e-001"), sent(1, "e2e-002")},
			told: append(accepted, accepted[0]), err: `e2e-001: it has 2 final outcomes: ["accepted" "accepted"]`},
		"sent twice": {received: []calls.Call{sent(0, "e2e-001"), sent(1, "e2e-002"), sent(9, "e2e-002")}, told: accepted,
			err: "1 events were sent twice, at most 0 may be"},
		"sent twice in doubt": {again: 1, received: []calls.Call{sent(0, "e2e-001"), sent(1, "e2e-002"), sent(9, "e2e-002")}, told: accepted,
			want: "1 sent twice"},
		"sent three times": {again: 1, received: []calls.Call{sent(0, "e2e-001"), sent(9, "e2e-001"), sent(19, "e2e-001"), sent(29, "e2e-002")}, told: accepted,
			err: "e2e-001: Kenar got it 3 times"},
		"over the limit": {received: []calls.Call{sent(0, "e2e-001"), failed, failed, sent(4, "e2e-002")}, told: accepted,
			err: "4 calls were made within 5s, the limit is 3"},
		"refused for the limit": {received: []calls.Call{sent(0, "e2e-001"), refused, sent(9, "e2e-002")}, told: accepted,
			err: "post/e2e-002: Kenar refused it at 09:00:01 for its limit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := expectation{from: 1, to: 2, again: tt.again, limit: calls.Limit{Calls: 3, Window: 5 * time.Second}}
			got, err := e.judge(tt.received, tt.told)
			if !strings.Contains(got, tt.want) {
				t.Errorf("found %q, want %q in it", got, tt.want)
			}
			if text := errorText(err); text != tt.err {
				t.Errorf("error %q, want %q", text, tt.err)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
