package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// detail tells what there is to say about an outcome beside its result, in one
// line.
func detail(d pipeline.OutcomeData, now time.Time) string {
	var parts []string
	switch d.Result {
	case pipeline.ResultQueued:
		parts = append(parts, fmt.Sprintf("position %d", d.Position))
		switch {
		case d.ETA.IsZero():
			parts = append(parts, "ETA unknown")
		case d.ETA.After(now):
			parts = append(parts, "ETA "+cli.When(d.ETA, now))
		default:
			parts = append(parts, "ETA "+cli.Clock(d.ETA, now))
		}
	case pipeline.ResultAccepted:
		parts = append(parts, fmt.Sprintf("HTTP %d", d.HTTPStatus))
		if d.Attempts > 1 {
			parts = append(parts, fmt.Sprintf("attempt %d", d.Attempts))
		}
		if d.AddonID != "" {
			parts = append(parts, "add-on "+d.AddonID)
		}
	case pipeline.ResultUnchanged:
		if d.Reason != nil {
			parts = append(parts, brief(d.Reason))
		} else {
			parts = append(parts, "the same was accepted before: no call")
		}
	case pipeline.ResultSuperseded:
		parts = append(parts, "by "+d.SupersededBy+": no call")
	case pipeline.ResultDead:
		if d.Reason != nil {
			parts = append(parts, brief(d.Reason))
		}
	}
	switch n := len(d.Warnings); {
	case n == 1:
		parts = append(parts, "warning: "+d.Warnings[0].String())
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d warnings: %s, …", n, d.Warnings[0]))
	}
	return strings.Join(parts, ", ")
}

// brief is a reason in one line: its code and its first fault.
func brief(r *pipeline.Reason) string {
	faults := cli.Faults(r.Field, r.Message)
	text := string(r.Code) + ": " + cli.Line(faults[0])
	if more := len(faults) - 1; more > 0 {
		text += fmt.Sprintf(" (and %s)", cli.Count(more, "more fault", "more faults"))
	}
	return text
}
