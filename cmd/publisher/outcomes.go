package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) outcomesCommand() *cobra.Command {
	var follow bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "outcomes [ID…]",
		Short: "Show what became of events",
		Long: `Show the outcomes of the events with the given ids, or of all of the last 30
days: that an event was queued, with its place and time, and how it ended.

With --follow new ones are shown as they come: until each of the given events has
ended, or without ids until you stop it.`,
		Example: `  publisher outcomes inspection-4711
  publisher outcomes --follow inspection-4711
  publisher outcomes --json | jq -r 'select(.data.result == "dead") | .data.event_id'`,
		RunE: func(cmd *cobra.Command, ids []string) error {
			if timeout != 0 && !follow {
				return cli.Usage(cmd, errors.New("--timeout is of use with --follow only"))
			}
			client, done, err := a.connect(cmd)
			if err != nil {
				return err
			}
			defer done()
			return a.outcomes(cmd.Context(), client, ids, follow, timeout)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new outcomes")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "follow no longer than this; 0 follows as long as it takes")
	return cmd
}

func (a *app) outcomes(ctx context.Context, client *pipeline.Client, ids []string, follow bool, timeout time.Duration) error {
	seen := make(map[string]bool)
	open, err := a.follow(ctx, client, ids, follow, timeout, func(e pipeline.OutcomeEvent) error {
		seen[e.Data.EventID] = true
		return a.printOutcome(e)
	})
	if err != nil {
		return err
	}
	if follow && len(open) > 0 {
		return notEnded(open)
	}
	for _, id := range ids {
		if !seen[id] {
			return cli.WithHint(fmt.Errorf("there is no outcome of %s", id),
				"it was not published, no worker has admitted it yet, or it ended more than 30 days ago")
		}
	}
	return nil
}

// awaitFinals waits until each event has ended, prints how, and fails if one
// did as a dead letter.
func (a *app) awaitFinals(ctx context.Context, client *pipeline.Client, ids []string, timeout time.Duration) error {
	dead := 0
	open, err := a.follow(ctx, client, ids, true, timeout, func(e pipeline.OutcomeEvent) error {
		if e.Data.Result == pipeline.ResultQueued {
			if cli.IsTerminal(a.err) {
				a.say("%s is queued: %s", e.Data.EventID, detail(e.Data, a.now()))
			}
			return nil
		}
		if e.Data.Result == pipeline.ResultDead {
			dead++
		}
		return a.printOutcome(e)
	})
	switch {
	case err != nil:
		return err
	case len(open) > 0:
		return notEnded(open)
	case dead > 0:
		return cli.WithHint(fmt.Errorf("%s a dead letter", cli.Count(dead, "event became", "events became")),
			"see publisher dead show, and when the cause is mended publisher dead replay")
	}
	return nil
}

// filtered is the number of ids up to which the server is asked for these
// alone. It looks for each of its filters in turn.
const filtered = 100

// follow calls fn with the outcomes of the given events, or of all without
// ids, and returns which of the given ones have not ended. The end of the
// timeout, and of ctx without ids, is no error.
func (a *app) follow(ctx context.Context, client *pipeline.Client, ids []string, follow bool, timeout time.Duration, fn func(pipeline.OutcomeEvent) error) (open []string, err error) {
	outer := ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	left := make(map[string]bool, len(ids))
	for _, id := range ids {
		left[id] = true
	}
	wanted := ids
	if len(ids) > filtered {
		wanted = nil
	}
	err = client.Outcomes(ctx, wanted, follow, func(e pipeline.OutcomeEvent) error {
		id := e.Data.EventID
		if len(ids) > 0 && !left[id] {
			return nil
		}
		if err := fn(e); err != nil {
			return err
		}
		if e.Data.Result != pipeline.ResultQueued {
			delete(left, id)
		}
		if len(ids) > 0 && len(left) == 0 {
			return pipeline.ErrStop
		}
		return nil
	})
	for _, id := range ids {
		if left[id] && !slices.Contains(open, id) {
			open = append(open, id)
		}
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) && (outer.Err() == nil || len(ids) == 0) {
		err = nil
	}
	return open, err
}

func notEnded(open []string) error {
	some := open
	if len(some) > 10 {
		some = append(slices.Clone(open[:10]), "…")
	}
	return cli.WithHint(fmt.Errorf("%s not ended yet: %s", cli.Count(len(open), "event has", "events have"), strings.Join(some, " ")),
		"they may wait for days; see publisher status, and publisher outcomes --follow")
}

// printOutcome writes one outcome.
func (a *app) printOutcome(e pipeline.OutcomeEvent) error {
	if a.json {
		return a.line(e)
	}
	d := e.Data
	return a.print("%s  %s  %-28s  %-24s  %s\n", d.At.Local().Format(time.DateTime), a.paintResult(d.Result), d.EventID, e.Subject, detail(d, a.now()))
}

func (a *app) paintResult(r pipeline.Result) string {
	c, text := cli.ColorsOf(a.out), fmt.Sprintf("%-10s", r)
	switch r {
	case pipeline.ResultAccepted:
		return c.Green(text)
	case pipeline.ResultDead:
		return c.Red(text)
	case pipeline.ResultQueued:
		return c.Faint(text)
	case pipeline.ResultUnchanged, pipeline.ResultSuperseded:
		return c.Yellow(text)
	}
	return text
}
