package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) deadReplayCommand() *cobra.Command {
	var s selection
	var r replaying
	cmd := &cobra.Command{
		Use:   "replay [ID…]",
		Short: "Publish dead letters again",
		Long: `Publish the events of dead letters again, each under a new id: <id>~1 for the
first replay. A replay keeps the place of the original in the order, so it loses to
anything newer that was published for its target since; with --force it takes its
place after everything. What is replayed is removed from the dead letters.

A replay costs calls. --dry-run tells how many, and when they are done.`,
		Example: `  publisher dead replay --dry-run --reason attempts_exhausted
  publisher dead replay inspection-4711 inspection-4712
  publisher dead replay --all --since 36h --kind post`,
		RunE: a.withDead(&s, func(cmd *cobra.Command, client *pipeline.Client, letters []pipeline.DeadRecord) error {
			return a.replay(cmd.Context(), client, letters, r)
		}),
	}
	s.register(cmd)
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "replay nothing, and tell what it would cost")
	cmd.Flags().BoolVar(&r.force, "force", false, "replay as the newest of its target, even over newer results")
	cmd.Flags().BoolVar(&r.keep, "keep", false, "keep the dead letters")
	return cmd
}

// replaying are the flags of replay.
type replaying struct{ dryRun, force, keep bool }

// replay publishes what can be replayed, and fails when something cannot.
func (a *app) replay(ctx context.Context, client *pipeline.Client, letters []pipeline.DeadRecord, r replaying) error {
	var ready []pipeline.Replay
	refused := 0
	for _, l := range letters {
		p, err := client.Prepare(l, r.force)
		if err != nil {
			refused++
			a.tellRefused(l, err)
			continue
		}
		ready = append(ready, p)
	}
	var err error
	if r.dryRun {
		err = a.price(ctx, client, ready)
	} else {
		err = a.replayAll(ctx, client, ready, r)
	}
	if err == nil && refused > 0 {
		a.say("%s be replayed as they are", cli.Count(refused, "dead letter cannot", "dead letters cannot"))
		err = &cli.Error{Hint: "mend the event (publisher dead show --json ID | jq .letter.data.event), give it a new id and publish it; then publisher dead drop ID"}
	}
	return err
}

// tellRefused says why a dead letter would only die again.
func (a *app) tellRefused(l pipeline.DeadRecord, err error) {
	var reason *pipeline.Reason
	if !errors.As(err, &reason) {
		a.say("%s: %v", l.EventID, err)
		return
	}
	for _, f := range cli.Faults(reason.Field, reason.Message) {
		a.say("%s: %s: %s", l.EventID, reason.Code, cli.Line(f))
	}
}

// price tells what the replays would cost.
func (a *app) price(ctx context.Context, client *pipeline.Client, ready []pipeline.Replay) error {
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	now := a.now()
	for _, p := range pipeline.PriceOf(ready, status, now) {
		if a.json {
			err = a.line(p)
		} else {
			err = a.print("%s of %s, %s\n", cli.Count(p.Calls, "call", "calls"), p.Lane, doneBy(p.Done, now))
		}
		if err != nil {
			return err
		}
	}
	if len(ready) == 0 {
		a.say("nothing to replay")
	}
	return nil
}

// doneBy tells when the last call gets its token.
func doneBy(done, now time.Time) string {
	switch {
	case done.IsZero():
		return "done at an unknown time: no worker tells the state of its tokens"
	case done.Sub(now) < time.Second:
		return "done at once"
	}
	return fmt.Sprintf("done by %s (%s)", cli.Day(done, now), cli.Distance(done, now))
}

// replayed is one replay as JSON.
type replayed struct {
	EventID  string `json:"event_id"`
	ReplayID string `json:"replay_id"`
	Subject  string `json:"subject"`
}

func (a *app) replayAll(ctx context.Context, client *pipeline.Client, ready []pipeline.Replay, r replaying) error {
	bar := newProgress(a.err, a.now, len(ready), "replayed")
	defer bar.clear()
	for i, p := range ready {
		bar.show(i)
		id, err := client.Replay(ctx, p)
		if err != nil {
			bar.clear()
			return fmt.Errorf("stopped after %d of %s: %w", i, cli.Count(len(ready), "replay", "replays"), err)
		}
		done := replayed{EventID: p.Record.EventID, ReplayID: id, Subject: p.Target.String()}
		if a.json {
			err = a.line(done)
		} else {
			err = a.print("replayed  %s  as  %s  %s\n", done.EventID, done.ReplayID, done.Subject)
		}
		if err != nil {
			return err
		}
		if r.keep {
			continue
		}
		if err := client.Drop(ctx, p.Record); err != nil {
			bar.clear()
			return cli.WithHint(fmt.Errorf("%s is replayed as %s, but its dead letter stays: %w", done.EventID, id, err),
				"remove it with publisher dead drop %s, or it is replayed once more next time", done.EventID)
		}
	}
	bar.clear()
	a.say("%s replayed", cli.Count(len(ready), "dead letter", "dead letters"))
	return nil
}
