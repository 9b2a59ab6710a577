package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) deadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "See, replay and drop dead letters",
		Long: `A dead letter is an event that cannot succeed, with the reason and everything that
was tried. It is kept for 90 days.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cli.Usage(cmd, errors.New("say what to do: ls, show, replay or drop"))
		},
	}
	cmd.AddCommand(a.deadLsCommand(), a.deadShowCommand(), a.deadReplayCommand(), a.deadDropCommand())
	return cmd
}

// A selection is the flags that select dead letters.
type selection struct {
	reasons, kinds []string
	key            string
	since, until   string
	all, mayBeAll  bool // mayBeAll: selecting nothing selects everything, without --all
}

// register defines the flags, with --all unless nothing selected means all.
func (s *selection) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&s.reasons, "reason", nil, "only those with one of these reasons: "+strings.Join(names(pipeline.ReasonCodes()), ", "))
	f.StringSliceVar(&s.kinds, "kind", nil, "only those of events for these kinds of target: "+strings.Join(names(kinds), ", "))
	f.StringVar(&s.key, "key", "", "only those of events for this post token, business token or user id")
	f.StringVar(&s.since, "since", "", "only those written after this time: 2006-01-02, 2006-01-02T15:04:05Z, or an age such as 36h or 7d")
	f.StringVar(&s.until, "until", "", "only those written before this time")
	if !s.mayBeAll {
		f.BoolVar(&s.all, "all", false, "all dead letters")
	}
}

var kinds = []pipeline.Kind{pipeline.KindPost, pipeline.KindBusiness, pipeline.KindUser, pipeline.KindListing}

func names[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// filter is the selection as the pipeline takes it. The error is one of usage.
func (s *selection) filter(ids []string, now time.Time) (pipeline.DeadFilter, error) {
	f := pipeline.DeadFilter{IDs: ids, Key: s.key}
	var errs []error
	for _, r := range s.reasons {
		if code := pipeline.ReasonCode(r); slices.Contains(pipeline.ReasonCodes(), code) {
			f.Reasons = append(f.Reasons, code)
		} else {
			errs = append(errs, fmt.Errorf("--reason %q: use %s", r, strings.Join(names(pipeline.ReasonCodes()), ", ")))
		}
	}
	for _, k := range s.kinds {
		if kind := pipeline.Kind(k); slices.Contains(kinds, kind) {
			f.Kinds = append(f.Kinds, kind)
		} else {
			errs = append(errs, fmt.Errorf("--kind %q: use %s", k, strings.Join(names(kinds), ", ")))
		}
	}
	var err error
	if f.Since, err = moment(s.since, now); err != nil {
		errs = append(errs, fmt.Errorf("--since %w", err))
	}
	if f.Until, err = moment(s.until, now); err != nil {
		errs = append(errs, fmt.Errorf("--until %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return f, err
	}
	if s.empty(ids) && !s.all && !s.mayBeAll {
		return f, errors.New("say which dead letters: give ids, a filter, or --all")
	}
	return f, nil
}

// empty reports whether nothing was selected, which only --all may mean.
func (s *selection) empty(ids []string) bool {
	return len(ids) == 0 && len(s.reasons) == 0 && len(s.kinds) == 0 && cmp.Or(s.key, s.since, s.until) == ""
}

// moment reads a time: a date or a time in the zone of this machine, a time in
// another zone, or how long ago it was. Empty is no time.
func moment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04", time.DateTime, time.RFC3339Nano} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if n, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.ParseUint(n, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(days)), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q: want a time such as 2006-01-02 or 2006-01-02T15:04:05Z, or an age such as 36h or 7d", text)
}

// withDead makes the body of a command on dead letters: it reads those that the
// flags and the ids select, oldest first, and calls do with them.
func (a *app) withDead(s *selection, do func(*cobra.Command, *pipeline.Client, []pipeline.DeadRecord) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, ids []string) error {
		f, err := s.filter(ids, a.now())
		if err != nil {
			return cli.Usage(cmd, err)
		}
		client, done, err := a.connect(cmd)
		if err != nil {
			return err
		}
		defer done()
		letters, err := deadLetters(cmd.Context(), client, f)
		if err != nil {
			return err
		}
		return do(cmd, client, letters)
	}
}

// deadLetters reads the selected dead letters, oldest first. Each of the given
// ids must have one.
func deadLetters(ctx context.Context, client *pipeline.Client, f pipeline.DeadFilter) ([]pipeline.DeadRecord, error) {
	var all []pipeline.DeadRecord
	found := make(map[string]bool)
	err := client.DeadLetters(ctx, f, func(r pipeline.DeadRecord) error {
		all = append(all, r)
		found[r.EventID] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, id := range f.IDs {
		if !found[id] {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return nil, cli.WithHint(fmt.Errorf("there is no such dead letter: %s", strings.Join(missing, " ")),
			"see publisher dead ls; ids are those of the events")
	}
	return all, nil
}
