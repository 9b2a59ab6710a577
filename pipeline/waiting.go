package pipeline

import (
	"context"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// grantHeader names the grant of an event on its queued outcome, so that who
// waits for a grant can be counted without reading outcomes.
const grantHeader = "Kenar-Grant"

// GrantsWaiting counts the events of each grant that have a queued outcome
// and no final one yet. It reads the headers of all outcomes: some seconds
// for a million of them. Events that wait for longer than outcomes are kept
// are not counted.
func (c *Client) GrantsWaiting(ctx context.Context) (map[string]int, error) {
	s, err := c.js.Stream(ctx, OutcomeStream)
	if err != nil {
		return nil, wrap(explainJetStream(err), "count the events of grants")
	}
	open := make(map[string]string) // grants by event
	err = browse(ctx, s, jetstream.OrderedConsumerConfig{HeadersOnly: true}, func(m jetstream.Msg) error {
		if event, ok := strings.CutPrefix(m.Subject(), finalSubjectPrefix); ok {
			delete(open, event)
		} else if grant := m.Headers().Get(grantHeader); grant != "" {
			open[strings.TrimPrefix(m.Subject(), queuedSubjectPrefix)] = grant
		}
		return nil
	})
	count := make(map[string]int)
	for _, grant := range open {
		count[grant]++
	}
	return count, wrap(err, "count the events of grants")
}
