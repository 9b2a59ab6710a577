package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func (a *app) grantRmCommand() *cobra.Command {
	var yes, force bool
	cmd := &cobra.Command{
		Use:   "rm ID",
		Short: "Remove a grant for good",
		Long: `Remove a grant with its tokens. Only a new consent of the user brings it back, so it
asks first; where it cannot ask, it wants --yes.

While queued events name the grant it refuses: at their turn they would become dead
letters. With --force it removes the grant all the same.`,
		Example: `  publisher grant rm sara
  publisher grant rm --yes --force sara`,
		Args: grantArgs(0),
		RunE: a.withVault(func(cmd *cobra.Command, v *vault, args []string) error {
			return a.removeGrant(cmd, v, args[0], yes, force)
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&force, "force", false, "even if queued events name the grant")
	return cmd
}

// removed is one removal as JSON.
type removed struct {
	ID           string `json:"id"`
	Removed      bool   `json:"removed"`
	QueuedEvents int    `json:"queued_events"`
}

func (a *app) removeGrant(cmd *cobra.Command, v *vault, id string, yes, force bool) error {
	_, err := v.Get(cmd.Context(), id)
	if _, missing := errors.AsType[*grants.MissingError](err); missing {
		return unknownGrant(err)
	} // any other error may be that of a damaged one, which can be removed
	waiting, err := v.client.GrantsWaiting(cmd.Context())
	if err != nil {
		return err
	}
	n := waiting[id]
	if n > 0 && !force {
		return cli.WithHint(fmt.Errorf("grant %s was not removed: %s it, and would become dead letters grant_missing", id, cli.Count(n, "queued event names", "queued events name")),
			"wait until they have ended, put another consent under this id, or remove it with --force")
	}
	if !yes {
		if err := a.confirmRemoval(cmd, id, n); err != nil {
			return err
		}
	}
	if err := v.Delete(cmd.Context(), id); err != nil {
		return unknownGrant(err)
	}
	if n > 0 {
		a.say("%s it; they become dead letters unless there is a consent under this id at their turn", cli.Count(n, "queued event names", "queued events name"))
	}
	if a.json {
		return a.line(removed{ID: id, Removed: true, QueuedEvents: n})
	}
	return a.print("removed  %s\n", id)
}

// confirmRemoval asks whether a grant may be removed.
func (a *app) confirmRemoval(cmd *cobra.Command, id string, waiting int) error {
	if !cli.IsTerminal(a.in) {
		return cli.Usage(cmd, fmt.Errorf("this would remove grant %s for good, which %s; say --yes to do so", id, cli.Count(waiting, "queued event names", "queued events name")))
	}
	_, _ = fmt.Fprintf(a.err, "Remove grant %s, which %s, for good? [y/N] ", id, cli.Count(waiting, "queued event names", "queued events name"))
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
