package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) resumeCommand() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "resume [LANE…]",
		Short: "End pauses before their time",
		Long: `End the pauses of the named lanes before their time, or all pauses without a name:
for when their cause is gone, such as a key that was refused and has been replaced.
It prints what was paused, since when, until when, and why.

The pause named app is that of the whole app; it stops every lane, so it ends when
any lane is named. A worker must run: pauses are kept by the workers.

One call then finds out whether the cause is gone. If Kenar refuses it too, the lane
is paused again, and the token of that call is spent.`,
		Example: `  publisher resume --dry-run
  publisher resume ADD_ON_CREATE`,
		RunE: func(cmd *cobra.Command, lanes []string) error {
			for _, l := range lanes {
				if all := pipeline.PauseScopes(); !slices.Contains(all, l) {
					return cli.Usage(cmd, fmt.Errorf("%q cannot be paused: use %s", l, strings.Join(all, ", ")))
				}
			}
			client, done, err := a.connect(cmd)
			if err != nil {
				return err
			}
			defer done()
			ended, err := client.Resume(cmd.Context(), lanes, dryRun)
			if err != nil {
				return err
			}
			return a.tellResumed(ended, lanes, dryRun)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "end nothing, and print what is paused")
	return cmd
}

// resumed is one pause as JSON.
type resumed struct {
	pipeline.EndedPause
	Resumed bool `json:"resumed"` // false: a dry run
}

func (a *app) tellResumed(ended []pipeline.EndedPause, lanes []string, dryRun bool) error {
	probe := false
	for _, p := range ended {
		probe = probe || p.Probe
		var err error
		if a.json {
			err = a.line(resumed{EndedPause: p, Resumed: !dryRun})
		} else {
			err = a.print("%s\n", pausedLine(p, dryRun, a.now()))
		}
		if err != nil {
			return err
		}
	}
	switch {
	case len(ended) == 0 && len(lanes) == 0:
		a.say("nothing to resume")
	case len(ended) == 0:
		a.say("nothing to resume: no pause of %s", strings.Join(lanes, ", "))
	case probe && !dryRun:
		a.say("one call finds out whether the cause is gone; see publisher status")
	}
	return nil
}

// pausedLine is one pause for people.
func pausedLine(p pipeline.EndedPause, dryRun bool, now time.Time) string {
	text := "resumed  "
	if dryRun {
		text = "paused   "
	}
	return text + fmt.Sprintf("%s  since %s, until %s: %s", p.Scope, cli.When(p.Since, now), cli.When(p.Until, now), p.Reason)
}
