package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// publishing are the flags of publish.
type publishing struct {
	skipInvalid bool
	wait        bool
	timeout     time.Duration
}

func (a *app) publishCommand() *cobra.Command {
	var p publishing
	cmd := &cobra.Command{
		Use:   "publish FILE|-",
		Short: "Publish events",
		Long: `Publish one event, an array of events, or events one on each line (NDJSON), in
the order in which they stand there.

All are checked first, and if any is invalid, nothing is published. Publishing an
event again is harmless: its id is recognised, and it is reported as a duplicate.`,
		Example: `  publisher publish event.json
  publisher publish --wait --timeout 1m event.json
  make-events | publisher publish --skip-invalid -`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error { return a.publish(cmd, args[0], p) },
	}
	cmd.Flags().BoolVar(&p.skipInvalid, "skip-invalid", false, "publish the valid events even if others are not")
	cmd.Flags().BoolVar(&p.wait, "wait", false, "wait for the final outcome of each event, and fail if one is a dead letter")
	cmd.Flags().DurationVar(&p.timeout, "timeout", 0, "wait no longer than this; 0 waits as long as it takes")
	return cmd
}

// published is what became of the publishing of one event, as JSON.
type published struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Result  string `json:"result"` // published, or duplicate
}

func (a *app) publish(cmd *cobra.Command, file string, p publishing) error {
	if p.timeout != 0 && !p.wait {
		return cli.Usage(cmd, errors.New("--timeout is of use with --wait only"))
	}
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
		for _, l := range f.lines() {
			a.say("%s", l)
		}
	}
	invalid, _ := count(findings)
	if invalid > 0 && !p.skipInvalid {
		return cli.WithHint(fmt.Errorf("nothing was published: %s among %d", cli.Count(invalid, "invalid event", "invalid events"), len(findings)),
			"mend what is listed above, or publish the others with --skip-invalid")
	}
	client, done, err := a.connect(cmd)
	if err != nil {
		return err
	}
	defer done()
	ids, err := a.publishAll(cmd.Context(), client, findings, p)
	if err != nil {
		return err
	}
	var bad error
	if invalid > 0 {
		a.say("%s skipped", cli.Count(invalid, "invalid event", "invalid events"))
		bad = cli.Said()
	}
	if !p.wait || len(ids) == 0 {
		return bad
	}
	if err := a.awaitFinals(cmd.Context(), client, ids, p.timeout); err != nil {
		return err
	}
	return bad
}

// publishAll publishes the valid events one after the other, since the order
// in which the results of one target arrive is the order of their versions.
func (a *app) publishAll(ctx context.Context, client *pipeline.Client, findings []finding, p publishing) (ids []string, err error) {
	var duplicates int
	bar := newProgress(a.err, a.now, len(findings), "published")
	defer bar.clear()
	for i, f := range findings {
		bar.show(i)
		if !f.valid() {
			continue
		}
		duplicate, err := client.Publish(ctx, f.event, f.raw)
		if err != nil {
			bar.clear()
			return ids, cli.WithHint(fmt.Errorf("stopped after %d of %s: %w", len(ids), cli.Count(len(findings), "event", "events"), err),
				"run the same command again when this is mended: what was published is recognised")
		}
		r := published{ID: f.event.ID, Subject: f.event.Target.String(), Result: "published"}
		if duplicate {
			r.Result = "duplicate"
			duplicates++
		}
		ids = append(ids, r.ID)
		if err := a.printPublished(r, p); err != nil {
			return ids, err
		}
	}
	bar.clear()
	summary := cli.Count(len(ids)-duplicates, "event", "events") + " published"
	if duplicates > 0 {
		summary += ", " + cli.Count(duplicates, "duplicate", "duplicates")
	}
	a.say("%s", summary)
	return ids, nil
}

// printPublished writes one line per event. With --wait and --json the lines
// are those of the outcomes.
func (a *app) printPublished(r published, p publishing) error {
	switch {
	case !a.json:
		return a.print("%-10s  %s  %s\n", r.Result, r.ID, r.Subject)
	case p.wait:
		return nil
	}
	return a.line(r)
}
