package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) statusCommand() *cobra.Command {
	var calendar, all bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what waits in each lane, and when it leaves",
		Long: `Show each lane, which is one permission of the API key: what waits there, what is
being called, how many tokens are free, when the next one comes back, when the
last waiting event gets its own, and whether the lane is paused, and why. Lanes that
have no limit and nothing to do are only counted; --all shows them. A line that
begins with "store:" tells what is wrong with the store of an embedded NATS.

What is queued is read from NATS. Tokens, pauses and outages are known to the
workers only, which are asked over NATS; without one they are unknown.

With --json there is one object for each lane, and a last one with the inbox, the
dead letters and the workers.`,
		Example: `  publisher status
  publisher status --calendar
  publisher status --json | jq 'select(.lane) | {lane, next_token}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, done, err := a.connect(cmd)
			if err != nil {
				return err
			}
			defer done()
			s, err := client.Status(cmd.Context())
			if err != nil {
				return err
			}
			return a.status(s, calendar, all)
		},
	}
	cmd.Flags().BoolVar(&calendar, "calendar", false, "show when the spent tokens come back")
	cmd.Flags().BoolVar(&all, "all", false, "show lanes without a limit that have nothing to do, too")
	return cmd
}

func (a *app) status(s pipeline.Status, calendar, all bool) error {
	if a.json {
		for _, l := range s.Lanes {
			if err := a.line(l); err != nil {
				return err
			}
		}
		return a.line(map[string]any{"inbox": s.Inbox, "dead": s.Dead, "workers": s.Workers})
	}
	now := a.now()
	t := &cli.Table{Right: []bool{1: true, 2: true, 3: true, 4: true}}
	t.Add("LANE", "URGENT", "NORMAL", "RETRIES", "IN FLIGHT", "TOKENS FREE", "NEXT TOKEN", "LAST EVENT", "STATE")
	idle := 0
	for _, l := range s.Lanes {
		if !all && isIdle(l) {
			idle++
			continue
		}
		t.Add(string(l.Lane), strconv.Itoa(l.WaitingUrgent), strconv.Itoa(l.WaitingNormal), strconv.Itoa(l.Retries),
			strconv.Itoa(l.InFlight), tokens(s, l), nextToken(l, now), lastEvent(l, now), a.state(s, l, now))
	}
	if err := a.table(t); err != nil {
		return err
	}
	if idle > 0 {
		if err := a.print("%s without a limit and with nothing to do (--all)\n", cli.Count(idle, "more lane", "more lanes")); err != nil {
			return err
		}
	}
	if err := a.print("\n%s in the inbox, %s, %s\n", cli.Count(s.Inbox, "event", "events"),
		cli.Count(s.Dead, "dead letter", "dead letters"), answers(s.Workers, now)); err != nil {
		return err
	}
	if err := a.stores(s.Workers); err != nil {
		return err
	}
	if calendar {
		if err := a.calendar(s, now); err != nil {
			return err
		}
	}
	if len(s.Workers) == 0 {
		a.say("no worker answered, so tokens, pauses and times are unknown, and nothing is sent: start one with \"worker\"")
	}
	for _, w := range s.Workers {
		if w.Error != "" {
			a.say("worker %s: %s", w.Worker, w.Error)
		}
	}
	return nil
}

// isIdle reports whether there is nothing to say of a lane.
func isIdle(l pipeline.LaneStatus) bool {
	for _, w := range l.Windows {
		if w.Permission == string(l.Lane) {
			return false
		}
	}
	return l.Waiting() == 0 && l.InFlight == 0 && l.OutageSince.IsZero() && l.PausedUntil.IsZero() && l.PausedWhy == ""
}

// stores tells what is wrong with the store in the process of a worker, one
// line for each stream.
func (a *app) stores(workers []pipeline.WorkerStatus) error {
	c := cli.ColorsOf(a.out)
	for _, w := range workers {
		for problem := range strings.Lines(w.Store) {
			if err := a.print("store: %s\n", c.Red(strings.TrimSpace(problem))); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reports whether a worker told the windows of the limiter.
func known(s pipeline.Status) bool {
	for _, w := range s.Workers {
		if w.Error == "" {
			return true
		}
	}
	return false
}

// tokens tells the free tokens of each window, as in "12/100 in 7 d".
func tokens(s pipeline.Status, l pipeline.LaneStatus) string {
	if !known(s) {
		return "unknown"
	}
	var all []string
	for _, w := range l.Windows {
		if w.Every == 0 {
			continue // a pause of a permission without windows
		}
		text := "?"
		if w.Known {
			text = strconv.Itoa(w.Free)
		}
		text += fmt.Sprintf("/%d in %s", w.Limit, every(w.Every))
		if w.Permission != string(l.Lane) {
			text += " (" + w.Permission + ")"
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return "no limit"
	}
	return strings.Join(all, ", ")
}

// every is the length of a window in its largest unit, as in "7 d" or "1 min".
func every(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if d >= u.unit && d%u.unit == 0 {
			return fmt.Sprintf("%d %s", d/u.unit, u.name)
		}
	}
	return d.String()
}

func nextToken(l pipeline.LaneStatus, now time.Time) string {
	switch {
	case l.NextToken.IsZero():
		return "-"
	case !l.NextToken.After(now):
		return "now"
	}
	return cli.When(l.NextToken, now)
}

func lastEvent(l pipeline.LaneStatus, now time.Time) string {
	switch {
	case l.Waiting() == 0:
		return "-"
	case !l.LastETA.IsZero() && !l.LastETA.After(now):
		return "now"
	}
	return cli.When(l.LastETA, now)
}

// state tells why a lane does not send, if so.
func (a *app) state(s pipeline.Status, l pipeline.LaneStatus, now time.Time) string {
	c := cli.ColorsOf(a.out)
	var all []string
	if !l.OutageSince.IsZero() {
		all = append(all, c.Red(fmt.Sprintf("Kenar is down since %s, next probe %s", cli.When(l.OutageSince, now), cli.Clock(l.NextProbe, now))))
	}
	switch {
	case l.PausedUntil.After(now):
		all = append(all, c.Red(fmt.Sprintf("paused until %s: %s", cli.When(l.PausedUntil, now), l.PausedWhy)))
	case !l.PausedUntil.IsZero() || l.PausedWhy != "":
		all = append(all, c.Yellow("the pause is over and one call probes: "+l.PausedWhy))
	}
	for _, w := range l.Windows {
		if w.Every > 0 && !w.Known {
			all = append(all, c.Yellow("the limiter is being rebuilt"))
			break
		}
	}
	switch {
	case len(all) > 0:
		return strings.Join(all, "; ")
	case !known(s):
		return "unknown"
	case l.Waiting() > 0 && l.NextToken.After(now):
		return "waits for a token"
	}
	return c.Green("ok")
}

// answers tells which workers answered.
func answers(workers []pipeline.WorkerStatus, now time.Time) string {
	if len(workers) == 0 {
		return "no worker"
	}
	var all []string
	for _, w := range workers {
		all = append(all, fmt.Sprintf("version %s of app %s since %s", w.Version, w.App, cli.When(w.Started, now)))
	}
	return cli.Count(len(workers), "worker", "workers") + ": " + strings.Join(all, ", ")
}
