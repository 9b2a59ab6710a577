package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// A chapter is the way of one event. Times are of this process.
type chapter struct {
	name      string // empty: of an event that is no sample
	sample    examples.Sample
	target    string
	grant     string // in whose name the call is made; empty: nobody's
	published time.Time
	duplicate bool // published in an earlier run on the same data
	queued    *pipeline.OutcomeData
	final     *pipeline.OutcomeData
}

// tell writes the way of an event that has ended.
func (s *story) tell(c *chapter) {
	now, d := s.app.now(), *c.final
	name, steps := c.name, []string{"published"}
	if c.published.IsZero() { // by somebody else
		steps = nil
	}
	if name == "" {
		name = d.EventID
	}
	if c.duplicate {
		steps = append(steps, s.colors.Yellow("known from an earlier run"))
	}
	if c.queued != nil {
		steps = append(steps, s.queuedStep(c))
	}
	steps = append(steps, s.finalStep(c, now))
	indent := strings.Repeat(" ", 24)
	s.print("  %-20s  %-26s  %s\n", name, c.target, strings.Join(steps, " → "))
	if c.sample.Shows != "" {
		s.print("%s%s\n", indent, s.colors.Faint(c.sample.Shows))
	}
	for _, l := range s.details(c) {
		s.print("%s%s\n", indent, l)
	}
}

// queuedStep tells the place in the queue, and the time when there was a wait.
func (s *story) queuedStep(c *chapter) string {
	q := c.queued
	text := fmt.Sprintf("queued: position %d", q.Position)
	if q.ETA.After(q.At.Add(time.Second)) {
		text += ", ETA " + cli.Clock(q.ETA, s.app.now())
	}
	return text
}

func (s *story) finalStep(c *chapter, now time.Time) string {
	d, after := c.final, ""
	if !c.published.IsZero() && !c.duplicate {
		after = " after " + cli.Span(now.Sub(c.published))
	}
	switch d.Result {
	case pipeline.ResultAccepted:
		text := s.colors.Green("accepted") + fmt.Sprintf(" (HTTP %d", d.HTTPStatus)
		if d.Attempts > 1 {
			text += fmt.Sprintf(" at attempt %d", d.Attempts)
		}
		return text + ")" + after
	case pipeline.ResultUnchanged:
		return s.colors.Yellow("unchanged") + after + ": no call"
	case pipeline.ResultSuperseded:
		return s.colors.Yellow("superseded by "+d.SupersededBy) + after + ": no call"
	case pipeline.ResultDead:
		code := ""
		if d.Reason != nil {
			code = " " + string(d.Reason.Code)
		}
		return s.colors.Red("dead letter"+code) + after
	}
	return string(d.Result) + after
}

// mostWidgets is how many widgets of an add-on are shown.
const mostWidgets = 3

// details are what is worth telling below the line of an event: what is wrong
// with it, what was changed on the way, and what a visitor reads now.
func (s *story) details(c *chapter) (lines []string) {
	d := c.final
	if d.Reason != nil {
		for _, f := range cli.Faults(d.Reason.Field, d.Reason.Message) {
			lines = append(lines, s.colors.Red("✗ ")+cli.Line(f))
		}
	}
	if c.queued != nil {
		for _, w := range c.queued.Warnings {
			lines = append(lines, s.colors.Yellow("! ")+w.String())
		}
	}
	if d.Result != pipeline.ResultAccepted || c.duplicate { // this Kenar knows nothing of earlier runs
		return lines
	}
	if line, ok := s.inTheNameOf(c.grant); ok {
		lines = append(lines, s.colors.Green("✓ ")+line)
	}
	if ofListing(d.Lane) {
		return append(lines, s.listingDetails(c)...)
	}
	addon, there := s.kenar.Attached(c.target)
	if !there {
		return append(lines, s.colors.Cyan("◦ ")+"no add-on there any more")
	}
	for i, w := range addon.Widgets {
		if i == mostWidgets {
			lines = append(lines, s.colors.Cyan("◦ ")+fmt.Sprintf("and %s", cli.Count(len(addon.Widgets)-i, "more widget", "more widgets")))
			break
		}
		lines = append(lines, s.colors.Cyan("◦ ")+w.String())
	}
	return lines
}
