package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
)

func (a *app) grantRevokeCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "End a grant whose consent was taken back",
		Long: `End a grant: its tokens are destroyed, and events that name it become dead letters
grant_revoked with the reason. Unlike with rm it stays listed, until another consent
is put under its id. Divar is not told: it documents no call for that.`,
		Example: `  publisher grant revoke sara --why "the user asked us by phone"`,
		Args:    grantArgs(0),
		RunE: a.withVault(func(cmd *cobra.Command, v *vault, args []string) error {
			if n := len([]rune(why)); strings.TrimSpace(why) == "" || n > maxWhy {
				return cli.Usage(cmd, fmt.Errorf("--why: want a reason of 1 to %d characters; it has %d", maxWhy, n))
			}
			return a.revokeGrant(cmd, v, args[0], why)
		}),
	}
	cmd.Flags().StringVar(&why, "why", "the user took the consent back", "the reason, which whoever uses the grant is told")
	return cmd
}

// maxWhy bounds a reason, which each dead letter repeats.
const maxWhy = 200

func (a *app) revokeGrant(cmd *cobra.Command, v *vault, id, why string) error {
	before, err := v.Get(cmd.Context(), id)
	if err != nil {
		return unknownGrant(err)
	}
	if err := v.Revoke(cmd.Context(), id, why); err != nil {
		return unknownGrant(err)
	}
	after, err := v.Get(cmd.Context(), id)
	if err != nil {
		return err
	}
	if after.Revoked == nil { // another consent was put meanwhile
		return errors.New("revoke grant " + id + ": another consent was put under this id at the same time; see publisher grant show, and revoke that if it is meant")
	}
	waiting, err := v.client.GrantsWaiting(cmd.Context())
	if err != nil {
		return err
	}
	if before.Revoked != nil {
		a.say("grant %s had ended before, at %s: %s", id, before.Revoked.At.UTC().Format(time.RFC3339), before.Revoked.Message)
	}
	if n := waiting[id]; n > 0 {
		a.say("%s it; they become dead letters unless there is a consent under this id at their turn", cli.Count(n, "queued event names", "queued events name"))
	}
	if a.json {
		return a.line(listed{after, waiting[id]})
	}
	return a.print("revoked  %s\n", id)
}
