package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func (a *app) grantResealCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reseal",
		Short: "Encrypt all grants to the newest identity alone",
		Long: `Encrypt the tokens of all grants anew, to the newest identity of GRANT_IDENTITY alone,
or of DATA_DIR without one. Afterwards the older identities are not needed any more.
It needs the identities, newest first, and so a place that may hold them.

Workers may run meanwhile; all of them must know the newest identity before. What
was interrupted is finished by running it again. It fails when a grant could not be
opened; that one is left as it is.`,
		Example: `  GRANT_IDENTITY_FILE=identities.txt publisher grant reseal`,
		Args:    noGrantArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := a.configure(cmd)
			if err != nil {
				return err
			}
			keys, err := openingKeys(cfg)
			if err != nil {
				return err
			}
			v, err := a.openVault(cmd.Context(), cfg, log, keys)
			if err != nil {
				return err
			}
			defer v.close()
			return a.reseal(cmd.Context(), v)
		},
	}
}

// resealed is what reseal did, as JSON.
type resealed struct {
	Total    int `json:"total"`
	Resealed int `json:"resealed"`
	Skipped  int `json:"skipped"` // they had the newest key already, or have ended
	Failed   int `json:"failed"`
}

func (a *app) reseal(ctx context.Context, v *vault) error {
	var p grants.Progress
	bar := newProgress(a.err, a.now, 0, "resealed")
	err := v.Reseal(ctx, func(now grants.Progress) {
		p, bar.total = now, now.Total
		bar.show(p.Done)
	})
	bar.clear()
	if err != nil && p.Total == 0 { // it never began
		return err
	}
	if a.json {
		if err := a.line(resealed{p.Total, p.Resealed, p.Skipped, p.Failed}); err != nil {
			return err
		}
	}
	a.say("%d of %s resealed, %d left as they were, %d failed", p.Resealed, cli.Count(p.Total, "grant", "grants"), p.Skipped, p.Failed)
	switch {
	case ctx.Err() != nil:
		return err
	case errors.Is(err, grants.ErrWrongIdentity):
		return cli.WithHint(firstOf(err), "add the identity that these are sealed to after the newest, and run it again; the recipients are those of publisher grant show")
	case err != nil:
		return cli.WithHint(firstOf(err), "run it again when this is mended: it goes on with what is left")
	}
	return nil
}

// toldErrors bounds how many grants an error tells one by one.
const toldErrors = 10

// firstOf leaves out of an error that joins many all but the first.
func firstOf(err error) error {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok || len(many.Unwrap()) <= toldErrors {
		return err
	}
	all := many.Unwrap()
	return errors.Join(append(all[:toldErrors:toldErrors], fmt.Errorf("and %d more of the kind", len(all)-toldErrors))...)
}
