package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func (a *app) grantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grant",
		Short: "Get, keep and end users' grants",
		Long: `A grant is what a user has allowed the app: the tokens for calls on the user's
behalf. Events name it by their attribute grantid; workers keep it fresh.

Tokens are stored encrypted to GRANT_RECIPIENT, or without one to the key that an
embedded worker made in DATA_DIR. They are taken from a file or from standard input,
never from the command line, and shown nowhere.`,
		Args: noGrantArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cli.Usage(cmd, errors.New("say what to do: url, exchange, login, put, ls, show, revoke, rm or reseal"))
		},
	}
	cmd.AddCommand(
		a.grantURLCommand(), a.grantExchangeCommand(), a.grantLoginCommand(), a.grantPutCommand(),
		a.grantLsCommand(), a.grantShowCommand(), a.grantRevokeCommand(), a.grantRmCommand(), a.grantResealCommand(),
	)
	return cmd
}

// secretForm is what tokens of Divar's OAuth server, age identities, JSON Web
// Tokens and the fields of a token answer look like.
var secretForm = regexp.MustCompile(`(?i)ory_[ar]t_|AGE-SECRET-KEY-|\bey[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.|(access_token|refresh_token|client_secret)["=]`)

// refuseSecrets fails when an argument or the value of a flag looks like a
// token, without quoting it: others on this machine can see it, and the shell
// keeps it.
func refuseSecrets(cmd *cobra.Command, args []string) error {
	found := false
	for _, arg := range args {
		found = found || secretForm.MatchString(arg)
	}
	cmd.Flags().Visit(func(f *pflag.Flag) { found = found || secretForm.MatchString(f.Value.String()) })
	if !found {
		return nil
	}
	return errors.New("an argument looks like a token or a key, and none is taken from the command line: give it in a file, or on standard input; " +
		"your shell's history has it now, and others on this machine may have seen it: remove it there, and have the user consent again")
}

// noGrantArgs is the check of the arguments of a command that has none.
func noGrantArgs(cmd *cobra.Command, args []string) error {
	if err := refuseSecrets(cmd, args); err != nil {
		return err
	}
	return cobra.NoArgs(cmd, args)
}

// grantArgs makes the check of the arguments of a command on one grant: its id,
// and at most so many others.
func grantArgs(others int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := refuseSecrets(cmd, args); err != nil {
			return err
		}
		switch {
		case len(args) == 0:
			return errors.New("give the id of the grant")
		case len(args) > 1+others && others == 0:
			return fmt.Errorf("give the id of one grant; %d arguments were given", len(args))
		case len(args) > 1+others:
			return fmt.Errorf("give the id of the grant and at most one argument more; %d were given", len(args))
		case !grantID.MatchString(args[0]):
			return fmt.Errorf("the id of the grant is not 1 to 64 of A-Z a-z 0-9 _ -; it has %d characters", len([]rune(args[0])))
		}
		return nil
	}
}

// grantID is the form of the attribute grantid of an event.
var grantID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// A vault is the store of grants, with what else is known of them.
type vault struct {
	*grants.Store
	nats   *nats.Conn
	client *pipeline.Client
}

// openVault connects to the store. The caller closes it.
func (a *app) openVault(ctx context.Context, cfg config.Config, log zerolog.Logger, keys grants.Keys) (_ *vault, err error) {
	nc, err := cli.DialNATS(cfg, "kenar publisher", dialTimeout, log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			nc.Close()
		}
	}()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	store, err := grants.NewStore(ctx, js, keys, a.now)
	if err != nil {
		return nil, err
	}
	client, err := pipeline.NewClient(nc, pipeline.Builder{})
	if err != nil {
		return nil, err
	}
	return &vault{Store: store, nats: nc, client: client}, nil
}

func (v *vault) close() { v.nats.Close() }

// withVault makes the body of a command that needs no keys: what it does can
// be done without opening a grant.
func (a *app) withVault(do func(cmd *cobra.Command, v *vault, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cfg, log, err := a.configure(cmd)
		if err != nil {
			return err
		}
		v, err := a.openVault(cmd.Context(), cfg, log, grants.Keys{})
		if err != nil {
			return err
		}
		defer v.close()
		return do(cmd, v, args)
	}
}

// unknownGrant adds advice to the error of a grant that is not there.
func unknownGrant(err error) error {
	if _, missing := errors.AsType[*grants.MissingError](err); missing {
		return cli.WithHint(err, "see publisher grant ls")
	}
	return err
}
