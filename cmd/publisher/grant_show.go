package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func (a *app) grantShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show a grant: everything but its tokens",
		Example: `  publisher grant show sara
  publisher grant show --json sara | jq .scopes`,
		Args: grantArgs(0),
		RunE: a.withVault(func(cmd *cobra.Command, v *vault, args []string) error {
			info, err := v.Get(cmd.Context(), args[0])
			if err != nil {
				return unknownGrant(err)
			}
			waiting, err := v.client.GrantsWaiting(cmd.Context())
			if err != nil {
				return err
			}
			return a.showGrant(listed{info, waiting[info.ID]})
		}),
	}
}

func (a *app) showGrant(g listed) error {
	if a.json {
		return a.line(g)
	}
	c, now := cli.ColorsOf(a.out), a.now()
	when := func(t time.Time) string {
		return t.Local().Format(time.DateTime) + " (" + cli.Distance(t, now) + ")"
	}
	t := &cli.Table{}
	t.Add("grant", c.Bold(g.ID))
	t.Add("user", dash(g.UserID))
	t.Add("state", a.paintState(g.State))
	if r := g.Revoked; r != nil {
		t.Add("ended", when(r.At)+": "+string(r.Code)+", "+r.Message)
	}
	t.Add("consented", when(g.CreatedAt))
	if !g.RefreshedAt.IsZero() {
		t.Add("refreshed", when(g.RefreshedAt))
	}
	if g.Revoked == nil {
		t.Add("access token", "expires "+when(g.AccessExpiry))
		if g.RefreshExpiry.IsZero() {
			t.Add("refresh token", "none: the grant ends with the access token")
		} else {
			t.Add("refresh token", "dies "+when(g.RefreshExpiry))
		}
	}
	if !g.NeededUntil.IsZero() && g.Revoked == nil {
		t.Add("kept alive", "until "+when(g.NeededUntil)+", since work may wait for it")
	}
	for _, line := range troubles(g.Info, when) {
		t.Add("trouble", c.Yellow(line))
	}
	t.Add("queued events", fmt.Sprint(g.QueuedEvents))
	rows(t, "scopes", g.Scopes)
	rows(t, "businesses", g.Businesses)
	rows(t, "sealed to", g.SealedTo)
	return a.table(t)
}

// troubles tells what is wrong with the refreshes of a grant.
func troubles(i grants.Info, when func(time.Time) string) []string {
	var all []string
	if !i.InDoubt.IsZero() {
		all = append(all, "a refresh that began "+when(i.InDoubt)+" has no answer yet; workers repeat it while the tokens before it work, which is two minutes")
	}
	if i.Fails > 0 {
		text := cli.Count(i.Fails, "refresh has", "refreshes in a row have") + " failed"
		if !i.RetryAt.IsZero() {
			text += "; the next is tried " + when(i.RetryAt)
		}
		all = append(all, text)
	}
	return all
}

// rows adds a list to a table, one row for each value, none for an empty list.
func rows(t *cli.Table, name string, values []string) {
	for _, v := range values {
		t.Add(name, strings.TrimSpace(v))
		name = ""
	}
}
