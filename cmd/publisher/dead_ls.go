package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) deadLsCommand() *cobra.Command {
	s := selection{mayBeAll: true}
	cmd := &cobra.Command{
		Use:   "ls [ID…]",
		Short: "List dead letters, oldest first",
		Example: `  publisher dead ls
  publisher dead ls --reason rejected,forbidden --since 7d
  publisher dead ls --json | jq -r '.letter.data.reason.code' | sort | uniq -c`,
		RunE: a.withDead(&s, func(_ *cobra.Command, _ *pipeline.Client, letters []pipeline.DeadRecord) error {
			return a.listDead(letters)
		}),
	}
	s.register(cmd)
	return cmd
}

func (a *app) listDead(letters []pipeline.DeadRecord) error {
	t := &cli.Table{Right: []bool{3: true}}
	t.Add("WRITTEN", "ID", "TARGET", "ATTEMPTS", "REASON")
	for _, r := range letters {
		if a.json {
			if err := a.line(r); err != nil {
				return err
			}
			continue
		}
		l := r.Letter
		t.Add(l.Time.Local().Format(time.DateTime), r.EventID, dash(l.Subject), strconv.Itoa(len(l.Data.Attempts)), brief(&l.Data.Reason))
	}
	if a.json {
		return nil
	}
	if len(letters) == 0 {
		a.say("no dead letters")
		return nil
	}
	return a.table(t)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
