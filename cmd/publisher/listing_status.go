package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) listingStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status ID",
		Short: "Show how far an event about a post has come, and what was paid",
		Long: `Show how far an event about a post has come: what it is about, where it stands, each
step with its time and its cost, and what follows it. ID is the id of the event, or of
a replay of it; both tell the steps of all.

The steps are read from the ledger, so the credentials for NATS must allow that. While
an event waits, the workers are asked whether its lane is paused.`,
		Example: `  publisher listing status flat-7
  publisher listing status flat-7 --json | jq '.payment.cost'`,
		Args: oneEvent,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, done, err := a.connect(cmd)
			if err != nil {
				return err
			}
			defer done()
			s, err := client.Listing(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.line(s)
			}
			lane, err := laneOf(cmd.Context(), client, s)
			if err != nil {
				return err
			}
			return a.listingStatus(s, lane)
		},
	}
}

// laneOf is the lane in which an event waits, as the workers know it; nil when
// it has ended.
func laneOf(ctx context.Context, client *pipeline.Client, s pipeline.ListingStatus) (*pipeline.LaneStatus, error) {
	if s.Outcome != nil {
		return nil, nil
	}
	status, err := client.Status(ctx)
	if err != nil {
		return nil, err
	}
	now := currentLane(s)
	i := slices.IndexFunc(status.Lanes, func(l pipeline.LaneStatus) bool { return l.Lane == now })
	if i < 0 {
		return nil, nil
	}
	return &status.Lanes[i], nil
}

// currentLane is the lane of the step at which an event is.
func currentLane(s pipeline.ListingStatus) pipeline.Lane {
	if s.Target.Kind == pipeline.KindListing && s.PostToken != "" {
		return pipeline.ListingPublish
	}
	return s.Lane
}

func (a *app) listingStatus(s pipeline.ListingStatus, lane *pipeline.LaneStatus) error {
	c, now := cli.ColorsOf(a.out), a.now()
	about := "-"
	if s.Target != (pipeline.Target{}) {
		about = s.Target.String()
	}
	t := &cli.Table{}
	t.Add("event", c.Bold(s.Event))
	t.Add("about", about)
	rows(t, "stands", a.stands(s, lane))
	if !s.QueuedAt.IsZero() {
		t.Add("queued", moments(s.QueuedAt, now))
	}
	if s.Outcome != nil {
		t.Add("ended", moments(s.Outcome.At, now))
	}
	t.Add("post", dash(cmp.Or(s.PostToken, ownPost(s.Target))))
	if s.Payment != nil && s.Payment.ID != "" {
		t.Add("payment", payment(s.Payment))
	}
	var failed, follows []string
	for _, x := range s.Attempts {
		if failure(x) != "" { // the others are steps
			failed = append(failed, attempt(x))
		}
	}
	for _, id := range s.FollowUps {
		follows = append(follows, fmt.Sprintf("%s: publisher outcomes %s", id, id))
	}
	rows(t, "failed calls", failed)
	rows(t, "followed by", follows)
	if id := latestEvent(s); id != s.Event && s.Outcome != nil {
		t.Add("went on as", fmt.Sprintf("%s: publisher listing status %s", id, id))
	}
	if err := a.table(t); err != nil {
		return err
	}
	return a.steps(s)
}

// latestEvent is the event, or the replay of it, by which something was done
// last.
func latestEvent(s pipeline.ListingStatus) string {
	if len(s.Steps) == 0 {
		return s.Event
	}
	return s.Steps[len(s.Steps)-1].Event
}

// ownPost is the post that an event about a post names.
func ownPost(t pipeline.Target) string {
	if t.Kind == pipeline.KindPost {
		return t.Key
	}
	return ""
}

func moments(t, now time.Time) string {
	return t.Local().Format(time.DateTime) + " (" + cli.Distance(t, now) + ")"
}

// steps draws what was done so far.
func (a *app) steps(s pipeline.ListingStatus) error {
	if len(s.Steps) == 0 {
		return nil
	}
	t := &cli.Table{Right: []bool{2: true, 3: true}}
	t.Add("STEP", "AT", "HTTP", "RIALS", "NOTE")
	for _, x := range s.Steps {
		status, cost := "-", "-"
		if x.HTTPStatus != 0 {
			status = strconv.Itoa(x.HTTPStatus)
		}
		if x.CostRials != 0 {
			cost = thousands(x.CostRials)
		}
		var notes []string
		if x.Note != "" {
			notes = append(notes, x.Note)
		}
		if p := s.Payment; x.Transaction != "" && (p == nil || p.ID != x.Transaction) {
			notes = append(notes, "transaction "+x.Transaction)
		}
		if x.Event != s.Event {
			notes = append(notes, "by "+x.Event)
		}
		t.Add(x.Name, x.At.Local().Format(time.DateTime), status, cost, strings.Join(notes, ", "))
	}
	if err := a.print("\n"); err != nil {
		return err
	}
	return a.table(t)
}

// payment tells of a purchase, as far as it has come.
func payment(p *pipeline.Payment) string {
	text := rials(p.Price)
	if p.Cost != 0 {
		text = rials(p.Cost)
	}
	switch p.State {
	case kenar.TransactionCompleted:
		text += " paid"
	case kenar.TransactionPending:
		text += " held, not settled yet"
	case kenar.TransactionFailed, kenar.TransactionRefunded:
		text += " given back"
	default:
		switch {
		case p.Tries == 0 && p.Price == 0: // it was not asked for yet
			return "not paid yet"
		case p.Tries == 0:
			return text + ", not paid yet"
		}
		text += " tried, and not known whether they were paid"
	}
	return text + ", transaction " + p.ID
}
