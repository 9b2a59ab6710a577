package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) probeCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "See whether a worker answers, without any call to Kenar",
		Long: `Publish a small event of its own that is only to be validated, and wait until a
worker has answered it. It goes the way of any other event through the inbox and
admission, is never queued, and costs no token.

The exit code is 0 when a worker answered, 1 when none did in time or the event was
refused; then it tells what to look at.`,
		Example: `  publisher probe
  publisher probe --timeout 5s --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if timeout <= 0 {
				return cli.Usage(cmd, fmt.Errorf("--timeout is %s, it must be more than 0", timeout))
			}
			client, done, err := a.connect(cmd)
			if err != nil {
				return err
			}
			defer done()
			final, took, err := client.Probe(cmd.Context(), timeout)
			return a.tellProbed(final, took, err)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "wait no longer than this for the answer")
	return cmd
}

// probed is the result of a probe as JSON.
type probed struct {
	Answered bool             `json:"answered"`
	EventID  string           `json:"event_id"`
	TookMS   float64          `json:"took_ms"`
	Result   pipeline.Result  `json:"result,omitempty"`
	Reason   *pipeline.Reason `json:"reason,omitempty"`
	Inbox    int              `json:"inbox,omitempty"`   // not answered: events that wait for admission
	Workers  int              `json:"workers,omitempty"` // not answered: those that tell their status
}

func (a *app) tellProbed(d pipeline.OutcomeData, took time.Duration, err error) error {
	silence, unanswered := errors.AsType[*pipeline.NoAnswerError](err)
	if err != nil && !unanswered {
		return err
	}
	if a.json {
		p := probed{Answered: !unanswered, EventID: d.EventID, TookMS: float64(took.Microseconds()) / 1000, Result: d.Result, Reason: d.Reason}
		if unanswered {
			p.EventID, p.Inbox, p.Workers = silence.EventID, silence.Inbox, len(silence.Workers)
		}
		if err := a.line(p); err != nil {
			return err
		}
	}
	switch {
	case unanswered:
		return cli.WithHint(err, "%s", whereToLook(silence))
	case d.Reason == nil || d.Reason.Code != pipeline.ValidateOnly:
		return cli.WithHint(fmt.Errorf("a worker answered after %s that event %s is %s: %s", took.Round(time.Millisecond), d.EventID, d.Result, detail(d, a.now())),
			"see publisher status for the versions of the workers: one before validateonly was known answers so; update it")
	case a.json:
		return nil
	}
	return a.print("a worker answered in %s\n", max(took.Round(time.Millisecond), time.Millisecond))
}

// whereToLook is what to do about a probe that nobody answered.
func whereToLook(e *pipeline.NoAnswerError) string {
	switch {
	case len(e.Workers) == 0:
		return "start a worker, or look at its log: it may wait for NATS, for its streams, or for credentials"
	case e.Inbox > 0:
		return "the workers run and do not admit events, or are behind: look at /readyz and the log of each, and at the store of NATS"
	}
	return "the event was taken and its outcome was not stored: look at the log of the workers and at the stream " + pipeline.OutcomeStream
}
