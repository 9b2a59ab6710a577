package main

import (
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// stands tells where an event about a post stands: in the first line how, in
// those after it why, and what can be done.
func (a *app) stands(s pipeline.ListingStatus, lane *pipeline.LaneStatus) []string {
	c, d := cli.ColorsOf(a.out), s.Outcome
	if d == nil {
		return a.waits(s, lane)
	}
	switch d.Result {
	case pipeline.ResultAccepted:
		return []string{c.Green(achieved(s))}
	case pipeline.ResultUnchanged:
		return []string{c.Yellow("unchanged") + ": it was done before, and nothing was called or paid"}
	case pipeline.ResultSuperseded:
		return []string{c.Yellow("superseded") + " by " + d.SupersededBy}
	case pipeline.ResultDead:
		return a.dead(s)
	}
	return []string{string(d.Result)}
}

// achieved is what an event that was accepted has brought about.
func achieved(s pipeline.ListingStatus) string {
	d := s.Outcome
	paid := ""
	if d.CostRials != nil {
		paid = fmt.Sprintf(", paid %s by transaction %s", rials(*d.CostRials), d.Transaction)
	}
	switch s.Lane {
	case pipeline.ListingSubmit, pipeline.UserListingSubmit:
		if d.CostRials == nil {
			return "submitted as post " + d.PostToken + ", and left unpublished, as the event asked"
		}
		return "published as post " + d.PostToken + paid
	case pipeline.ListingRenew:
		return "renewed" + paid
	case pipeline.ListingReorder:
		return "reordered" + paid
	case pipeline.ListingEdit:
		return fmt.Sprintf("edited (HTTP %d)", d.HTTPStatus)
	case pipeline.ListingDelete:
		return fmt.Sprintf("deleted (HTTP %d)", d.HTTPStatus)
	}
	return fmt.Sprintf("accepted (HTTP %d)", d.HTTPStatus)
}

// dead is why an event was given up, and how it can go on.
func (a *app) dead(s pipeline.ListingStatus) []string {
	c, reason := cli.ColorsOf(a.out), s.Outcome.Reason
	if reason == nil {
		return []string{c.Red("dead")}
	}
	lines := []string{c.Red("dead: " + string(reason.Code))}
	for _, f := range cli.Faults(reason.Field, reason.Message) {
		lines = append(lines, cli.Line(f))
	}
	if !s.InDoubt.IsZero() {
		return append(lines, a.doubt(s))
	}
	return append(lines, "see publisher dead show "+s.Event)
}

// doubt tells that there may be a post, and since when.
func (a *app) doubt(s pipeline.ListingStatus) string {
	return cli.ColorsOf(a.out).Yellow("in doubt") + " since " + cli.When(s.InDoubt, a.now()) + ": the answer to its submission was lost, and there may be a post"
}

// waits tells of an event that has not ended what it waits for.
func (a *app) waits(s pipeline.ListingStatus, lane *pipeline.LaneStatus) (lines []string) {
	c, now := cli.ColorsOf(a.out), a.now()
	name := currentLane(s)
	switch {
	case s.NotBefore.After(now):
		text := fmt.Sprintf("waiting until %s, then in lane %s", cli.When(s.NotBefore, now), name)
		if why := lastFailure(s.Attempts); why != "" {
			text += ", because " + why
		}
		lines = append(lines, text)
	case name != s.Lane:
		lines = append(lines, fmt.Sprintf("submitted as post %s, queued in lane %s", s.PostToken, name))
	default:
		lines = append(lines, "queued in lane "+string(name))
	}
	if !s.InDoubt.IsZero() {
		lines = append(lines, a.doubt(s))
	}
	switch {
	case lane == nil:
	case lane.PausedUntil.After(now):
		lines = append(lines, c.Red(fmt.Sprintf("the lane is paused until %s: %s", cli.When(lane.PausedUntil, now), lane.PausedWhy)))
	case !lane.OutageSince.IsZero():
		lines = append(lines, c.Red("Kenar is down since "+cli.When(lane.OutageSince, now)))
	case lane.NextToken.After(now.Add(time.Second)):
		lines = append(lines, "the lane waits for a token until "+cli.When(lane.NextToken, now))
	}
	return lines
}

// lastFailure is why the last attempt failed, if it did.
func lastFailure(attempts []pipeline.Attempt) string {
	if len(attempts) == 0 {
		return ""
	}
	return failure(attempts[len(attempts)-1])
}

// failure is why an attempt failed, empty when it did not.
func failure(x pipeline.Attempt) string {
	if x.Error == "" && x.HTTPStatus >= 300 {
		return fmt.Sprintf("Kenar answered %d", x.HTTPStatus)
	}
	return x.Error
}
