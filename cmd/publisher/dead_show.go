package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) deadShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID…",
		Short: "Show dead letters in full: the reason, every attempt, the event",
		Example: `  publisher dead show inspection-4711
  publisher dead show --json inspection-4711 | jq .letter.data.event > event.json`,
		Args: func(_ *cobra.Command, ids []string) error {
			if len(ids) == 0 {
				return errors.New("give the ids of the events")
			}
			return nil
		},
		RunE: a.withDead(new(selection), func(_ *cobra.Command, _ *pipeline.Client, letters []pipeline.DeadRecord) error {
			for i, r := range letters {
				if err := a.showDead(r, i > 0); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

func (a *app) showDead(r pipeline.DeadRecord, another bool) error {
	if a.json {
		return a.line(r)
	}
	if another {
		if err := a.print("\n"); err != nil {
			return err
		}
	}
	c, l, d, now := cli.ColorsOf(a.out), r.Letter, r.Letter.Data, a.now()
	t := &cli.Table{}
	t.Add("event", c.Bold(r.EventID))
	t.Add("target", dash(l.Subject))
	t.Add("lane", dash(string(d.Lane)))
	t.Add("written", l.Time.Local().Format(time.DateTime)+" ("+cli.Distance(l.Time, now)+")")
	t.Add("reason", c.Red(string(d.Reason.Code)))
	for _, f := range cli.Faults(d.Reason.Field, d.Reason.Message) {
		t.Add("", cli.Line(f))
	}
	t.Add("attempts", attempts(d.Attempts))
	for _, x := range d.Attempts {
		t.Add("", attempt(x))
	}
	if err := a.table(t); err != nil {
		return err
	}
	return a.print("\n%s\n", indented(d.Event))
}

func attempts(all []pipeline.Attempt) string {
	if len(all) == 0 {
		return "none: no call was made"
	}
	return cli.Count(len(all), "call", "calls")
}

func attempt(x pipeline.Attempt) string {
	text := fmt.Sprintf("%s  %d ms  ", x.At.Local().Format(time.DateTime), x.DurationMS)
	switch {
	case x.Error != "":
		text += x.Error
	case x.HTTPStatus != 0:
		text += fmt.Sprintf("HTTP %d", x.HTTPStatus)
	}
	if x.BodyExcerpt != "" {
		text += fmt.Sprintf("  %q", x.BodyExcerpt)
	}
	return text
}

// indented is JSON for reading.
func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}
