package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// A finding is what the check of one document found.
type finding struct {
	document
	event    pipeline.Event      // as far as it could be read
	code     pipeline.ReasonCode // of the dead letter it would become; empty for a valid event
	faults   []widgets.Fault
	warnings []widgets.Warning
}

func (f finding) valid() bool { return f.code == "" }

// review checks documents as admission would, and against each other.
func review(b pipeline.Builder, docs []document, now time.Time) []finding {
	findings := make([]finding, len(docs))
	first := make(map[string]int, len(docs)) // by id
	for i, d := range docs {
		f := finding{document: d}
		var err error
		if err = d.err; err == nil {
			f.event, f.warnings, err = b.Validate(d.raw)
		}
		f.refuse(err)
		if id := f.event.ID; id != "" {
			if j, again := first[id]; !again {
				first[id] = i
			} else if bytes.Equal(d.raw, docs[j].raw) {
				f.warn("id", "%q is that of %s too: the second one is ignored", id, strings.TrimSuffix(docs[j].place(), ":"))
			} else {
				f.refuse(&pipeline.Reason{Code: pipeline.InvalidEvent, Field: "id",
					Message: fmt.Sprintf("%q is that of %s too, with another content, of which one would be ignored; give each event an id of its own", id, strings.TrimSuffix(docs[j].place(), ":"))})
			}
		}
		if e := f.event.ExpiresAt; !e.IsZero() && !now.Before(e) {
			f.warn("expiresat", "%s has passed: the event becomes a dead letter", e.Format(time.RFC3339))
		}
		findings[i] = f
	}
	return findings
}

// refuse adds the faults of an error; nil is none.
func (f *finding) refuse(err error) {
	var reason *pipeline.Reason
	switch {
	case err == nil:
		return
	case errors.As(err, &reason):
		f.faults = append(f.faults, cli.Faults(reason.Field, reason.Message)...)
	default:
		reason = &pipeline.Reason{Code: pipeline.InvalidEvent}
		f.faults = append(f.faults, widgets.Fault{Message: err.Error()})
	}
	if f.code == "" {
		f.code = reason.Code
	}
}

func (f *finding) warn(path, format string, args ...any) {
	f.warnings = append(f.warnings, widgets.Warning{Path: path, Message: fmt.Sprintf(format, args...)})
}

// lines are the faults and warnings for people, each with its place.
func (f finding) lines() []string {
	place := f.place()
	if f.event.ID != "" {
		place += " " + f.event.ID + ":"
	}
	var lines []string
	for _, x := range f.faults {
		lines = append(lines, place+" "+cli.Line(x))
	}
	for _, x := range f.warnings {
		lines = append(lines, place+" warning: "+cli.Line(widgets.Fault(x)))
	}
	return lines
}

// A record is a finding as JSON.
type record struct {
	File     string              `json:"file"`
	Line     int                 `json:"line"`
	Index    *int                `json:"index,omitempty"` // in an array, from 0
	ID       string              `json:"id,omitempty"`
	Subject  string              `json:"subject,omitempty"`
	Valid    bool                `json:"valid"`
	Reason   pipeline.ReasonCode `json:"reason,omitempty"`
	Faults   []widgets.Warning   `json:"faults,omitempty"` // the same shape as warnings
	Warnings []widgets.Warning   `json:"warnings,omitempty"`
}

func (f finding) record() record {
	l := record{File: f.file, Line: f.line, ID: f.event.ID, Valid: f.valid(), Reason: f.code, Warnings: f.warnings}
	if f.index >= 0 {
		l.Index = &f.index
	}
	if f.event.Target != (pipeline.Target{}) {
		l.Subject = f.event.Target.String()
	}
	for _, x := range f.faults {
		l.Faults = append(l.Faults, widgets.Warning(x))
	}
	return l
}

// count returns how many findings are invalid, and how many warnings there are.
func count(findings []finding) (invalid, warnings int) {
	for _, f := range findings {
		warnings += len(f.warnings)
		if !f.valid() {
			invalid++
		}
	}
	return invalid, warnings
}
