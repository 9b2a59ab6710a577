package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE|-",
		Short: "Check events without publishing them",
		Long: `Check one event, an array of events, or events one on each line (NDJSON), as a
worker would, and tell everything that is wrong with each: place, path, limit
and value. It needs no connection. Events of types of your own are checked with the
templates that the workers will use: --templates.`,
		Example: `  publisher validate event.json
  publisher validate --templates templates/ examples.ndjson
  make-events | publisher validate -
  publisher validate --json events.ndjson | jq -r 'select(.valid | not) | .id'`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error { return a.validate(cmd, args[0]) },
	}
}

func (a *app) validate(cmd *cobra.Command, file string) error {
	builder, err := a.builder(cmd)
	if err != nil {
		return err
	}
	docs, err := a.readInput(file)
	if err != nil {
		return err
	}
	findings := review(builder, docs, a.now())
	for _, f := range findings {
		if a.json {
			if err := a.line(f.record()); err != nil {
				return err
			}
			continue
		}
		for _, l := range f.lines() {
			if err := a.print("%s\n", l); err != nil {
				return err
			}
		}
	}
	invalid, warnings := count(findings)
	summary := cli.Count(len(findings), "event", "events") + ", "
	if invalid == 0 {
		summary += "all valid"
	} else {
		summary += fmt.Sprintf("%d invalid", invalid)
	}
	if warnings > 0 {
		summary += ", " + cli.Count(warnings, "warning", "warnings")
	}
	a.say("%s", summary)
	if invalid > 0 {
		return cli.Said()
	}
	return nil
}
