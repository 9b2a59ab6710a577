package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kenar-addons/kenar-addons/deploy/test/cluster/calls"
)

// An outcome is what is needed here of an outcome's CloudEvent.
type outcome struct {
	Type string `json:"type"`
	Data struct {
		EventID string `json:"event_id"`
		Result  string `json:"result"`
	} `json:"data"`
}

const finalOutcome = "kenar.outcome.final.v1"

// An expectation is that the events with the numbers from..to, each about a post of its
// own, were accepted once and sent once.
type expectation struct {
	from, to int
	again    int // so many may have been sent twice
	limit    calls.Limit
}

// judge returns a sentence about what was found, or an error with all that is wrong.
// Calls about anything else are of others, with limits of their own.
func (e expectation) judge(received []calls.Call, told []outcome) (string, error) {
	finals := make(map[string][]string) // results by event
	for _, o := range told {
		if o.Type == finalOutcome {
			finals[o.Data.EventID] = append(finals[o.Data.EventID], o.Data.Result)
		}
	}
	applied := make(map[string]int) // by target
	for n := e.from; n <= e.to; n++ {
		applied[target(n)] = 0
	}
	var times []time.Time
	var errs []error
	for _, c := range received {
		if _, ours := applied[c.Target]; !ours {
			continue
		}
		if c.Permission == calls.Permission {
			times = append(times, c.At)
		}
		if c.Status == http.StatusTooManyRequests {
			errs = append(errs, fmt.Errorf("%s: Kenar refused it at %s for its limit", c.Target, c.At.Format(time.TimeOnly)))
		}
		if c.Create && c.Applied {
			applied[c.Target]++
		}
	}

	twice := 0
	for n := e.from; n <= e.to; n++ {
		id := calls.Token(n)
		switch results := finals[id]; {
		case len(results) == 0:
			errs = append(errs, fmt.Errorf("%s: it has no final outcome", id))
		case len(results) > 1:
			errs = append(errs, fmt.Errorf("%s: it has %d final outcomes: %q", id, len(results), results))
		case results[0] != "accepted":
			errs = append(errs, fmt.Errorf("%s: it ended as %s", id, results[0]))
		}
		switch sent := applied[target(n)]; {
		case sent == 0:
			errs = append(errs, fmt.Errorf("%s: Kenar never got it", id))
		case sent == 2:
			twice++
		case sent > 2:
			errs = append(errs, fmt.Errorf("%s: Kenar got it %d times", id, sent))
		}
	}
	if twice > e.again {
		errs = append(errs, fmt.Errorf("%d events were sent twice, at most %d may be", twice, e.again))
	}
	most := calls.Most(times, e.limit.Window)
	if most > e.limit.Calls {
		errs = append(errs, fmt.Errorf("%d calls were made within %s, the limit is %d", most, e.limit.Window, e.limit.Calls))
	}
	if len(errs) > 0 {
		return "", errors.Join(errs...)
	}
	return fmt.Sprintf("%d events, each accepted once, %d sent twice; at most %d calls in any %s",
		e.to-e.from+1, twice, most, e.limit.Window), nil
}

func target(n int) string { return "post/" + calls.Token(n) }
