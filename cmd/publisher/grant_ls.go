package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func (a *app) grantLsCommand() *cobra.Command {
	var atRisk bool
	var within time.Duration
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List grants, and how many queued events name each",
		Long: `List grants by id: whose they are, their state, when the access token expires and
the refresh token dies, how many queued events name them, and what they allow.

Workers refresh access tokens as they need them, so that one has expired is nothing
to worry about. With --at-risk only those are listed whose refresh token dies within a
week, or within --within, unless they are refreshed before; without a refresh token it
is the access token that counts. Workers refresh those that work may wait for a week
before: one with queued events that is listed for longer than a day has no worker, or
cannot be refreshed. One without dies of its age; nothing is lost but the consent.`,
		Example: `  publisher grant ls
  publisher grant ls --at-risk --within 72h
  publisher grant ls --json | jq -r 'select(.state == "revoked" and .queued_events > 0) | .id'`,
		Args: noGrantArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !atRisk && cmd.Flags().Changed("within"):
				return cli.Usage(cmd, errors.New("--within is of use with --at-risk only"))
			case within <= 0:
				return cli.Usage(cmd, fmt.Errorf("--within %s: want a duration above zero, such as 72h", within))
			}
			return a.withVault(func(cmd *cobra.Command, v *vault, _ []string) error {
				return a.listGrants(cmd.Context(), v, atRisk, within)
			})(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&atRisk, "at-risk", false, "only those that end soon unless they are refreshed, the first to end first")
	cmd.Flags().DurationVar(&within, "within", grants.ExpiringWithin, "how soon, for --at-risk")
	return cmd
}

// A listed grant is one with how many events wait for it, as JSON.
type listed struct {
	grants.Info
	QueuedEvents int `json:"queued_events"` // that name it and have no final outcome
}

func (a *app) listGrants(ctx context.Context, v *vault, atRisk bool, within time.Duration) error {
	var infos []grants.Info
	var damaged error // of single grants: the others are listed all the same
	if atRisk {
		infos, damaged = v.AtRisk(ctx, a.now(), within)
	} else {
		infos, damaged = v.List(ctx)
	}
	if len(infos) == 0 && damaged != nil {
		return damaged
	}
	waiting, err := v.client.GrantsWaiting(ctx)
	if err != nil {
		return err
	}
	all := make([]listed, len(infos))
	for i, info := range infos {
		all[i] = listed{info, waiting[info.ID]}
	}
	if err := a.tellGrants(all, atRisk); err != nil {
		return err
	}
	if damaged != nil {
		return cli.WithHint(damaged, "publisher grant rm removes a damaged one")
	}
	return nil
}

func (a *app) tellGrants(all []listed, atRisk bool) error {
	t := &cli.Table{Right: []bool{5: true}}
	t.Add("ID", "USER", "STATE", "ACCESS EXPIRES", "REFRESH DIES", "QUEUED", "SCOPES")
	for _, g := range all {
		if a.json {
			if err := a.line(g); err != nil {
				return err
			}
			continue
		}
		access, refresh := a.expiries(g.Info)
		t.Add(g.ID, dash(g.UserID), a.paintState(g.State), access, refresh, strconv.Itoa(g.QueuedEvents), shortened(g.Scopes, scopesWidth))
	}
	switch {
	case a.json:
		return nil
	case len(all) > 0:
		return a.table(t)
	case atRisk:
		a.say("no grant is at risk")
	default:
		a.say("no grants")
	}
	return nil
}

// expiries are the times at which the two tokens of a grant end. One that has
// ended has none.
func (a *app) expiries(i grants.Info) (access, refresh string) {
	if i.Revoked != nil {
		return "-", "-"
	}
	access, refresh = cli.When(i.AccessExpiry, a.now()), "-"
	if !i.RefreshExpiry.IsZero() {
		refresh = cli.When(i.RefreshExpiry, a.now())
	}
	return access, refresh
}

func (a *app) paintState(s grants.State) string {
	c := cli.ColorsOf(a.out)
	switch s {
	case grants.StateActive:
		return c.Green(string(s))
	case grants.StateExpiring:
		return c.Yellow(string(s))
	case grants.StateRevoked:
		return c.Red(string(s))
	}
	return string(s)
}

// scopesWidth is the room for scopes in a list, in characters.
const scopesWidth = 48

// shortened names the first scopes that fit, and how many there are more. One
// is always named.
func shortened(scopes []string, width int) string {
	text := ""
	for i, s := range scopes {
		next := s
		if i > 0 {
			next = text + " " + s
		}
		if i > 0 && len(next) > width {
			return fmt.Sprintf("%s +%d", text, len(scopes)-i)
		}
		text = next
	}
	return dash(text)
}
