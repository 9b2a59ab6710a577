package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) deadDropCommand() *cobra.Command {
	var s selection
	var yes bool
	cmd := &cobra.Command{
		Use:   "drop [ID…]",
		Short: "Remove dead letters for good",
		Long: `Remove dead letters for good. For more than one it asks first; where it cannot ask,
it wants --yes.`,
		Example: `  publisher dead drop inspection-4711
  publisher dead drop --yes --reason expired --until 30d`,
		RunE: a.withDead(&s, func(cmd *cobra.Command, client *pipeline.Client, letters []pipeline.DeadRecord) error {
			if len(letters) > 1 && !yes {
				if err := a.confirm(cmd, len(letters)); err != nil {
					return err
				}
			}
			return a.drop(cmd.Context(), client, letters)
		}),
	}
	s.register(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// confirm asks whether so many dead letters may be removed.
func (a *app) confirm(cmd *cobra.Command, n int) error {
	if !cli.IsTerminal(a.in) {
		return cli.Usage(cmd, fmt.Errorf("this would remove %d dead letters for good; say --yes to do so", n))
	}
	_, _ = fmt.Fprintf(a.err, "Remove %d dead letters for good? [y/N] ", n)
	answer, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was removed")
}

// dropped is one removal as JSON.
type dropped struct {
	EventID string `json:"event_id"`
	Dropped bool   `json:"dropped"`
}

func (a *app) drop(ctx context.Context, client *pipeline.Client, letters []pipeline.DeadRecord) error {
	bar := newProgress(a.err, a.now, len(letters), "dropped")
	defer bar.clear()
	for i, l := range letters {
		bar.show(i)
		if err := client.Drop(ctx, l); err != nil {
			bar.clear()
			return fmt.Errorf("stopped after %d of %s: %w", i, cli.Count(len(letters), "dead letter", "dead letters"), err)
		}
		if a.json {
			if err := a.line(dropped{EventID: l.EventID, Dropped: true}); err != nil {
				return err
			}
		} else if err := a.print("dropped  %s\n", l.EventID); err != nil {
			return err
		}
	}
	bar.clear()
	a.say("%s dropped", cli.Count(len(letters), "dead letter", "dead letters"))
	return nil
}
