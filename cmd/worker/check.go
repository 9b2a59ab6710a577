package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
)

func (a *app) checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and the connections, without any call to Kenar",
		Long: `Print the settings in force, masked and with where they came from, and try every
connection: NATS with its version, JetStream and streams; Redis; the hosts of Kenar
and its OAuth server, to which it only connects: no call is made and no token spent.
The identities of grants are tried on those that are stored.

The exit code is 0 when all is well, 1 when a check failed, 2 when the configuration
is wrong.`,
		Example: `  worker check
  worker check --json | jq 'select(.status == "failed")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), a.environ, config.Worker, checks())
			if err != nil {
				return cli.Misconfigured(err)
			}
			return a.check(cmd.Context(), cfg, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the checks as JSON, one object per line, without the settings")
	return cmd
}

// The results of a check.
const (
	checkOK      = "ok"
	checkFailed  = "failed"
	checkSkipped = "skipped"
)

// A check is one thing that was looked at.
type check struct {
	Name   string `json:"check"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"` // what to do about a failure
}

func passed(name, format string, args ...any) check {
	return check{Name: name, Status: checkOK, Detail: fmt.Sprintf(format, args...)}
}

func skipped(name, format string, args ...any) check {
	return check{Name: name, Status: checkSkipped, Detail: fmt.Sprintf(format, args...)}
}

func failed(name string, err error, do string) check {
	return check{Name: name, Status: checkFailed, Detail: err.Error(), Do: do}
}

// checkTime bounds each connection.
const checkTime = 5 * time.Second

func (a *app) check(ctx context.Context, cfg config.Config, asJSON bool) error {
	if !asJSON {
		if err := cfg.Print(a.out); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(a.out)
	}
	colors, bad := cli.ColorsOf(a.out), 0
	tell := func(checks ...check) {
		t := &cli.Table{}
		for _, c := range checks {
			if c.Status == checkFailed {
				bad++
			}
			if asJSON {
				_ = cli.WriteJSON(a.out, c)
				continue
			}
			t.Add(paintStatus(colors, c.Status), fmt.Sprintf("%-14s", c.Name), c.Detail)
			if c.Do != "" {
				t.Add("", "", colors.Bold("→ ")+c.Do)
			}
		}
		_, _ = t.WriteTo(a.out)
	}
	tell(checkConfig(cfg)...)
	tell(checkNATS(ctx, cfg)...)
	tell(checkRedis(ctx, cfg))
	tell(checkKenar(ctx, cfg)...)
	tell(checkOAuth(ctx, cfg))
	if bad > 0 {
		return &cli.Error{Err: fmt.Errorf("%s failed", cli.Count(bad, "check", "checks"))}
	}
	return nil
}

func paintStatus(c cli.Colors, status string) string {
	text := fmt.Sprintf("%-7s", status)
	switch status {
	case checkOK:
		return c.Green(text)
	case checkFailed:
		return c.Red(text)
	}
	return c.Faint(text)
}

// checkConfig passes when it is reached; what looks odd is told beside.
func checkConfig(cfg config.Config) []check {
	all := []check{passed("configuration", "complete and consistent")}
	for _, w := range warnings(cfg) {
		all = append(all, passed("configuration", "but: %s", w))
	}
	return all
}
