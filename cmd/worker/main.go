// Command worker carries events from NATS to Kenar: it admits them, waits for
// the quota, calls, and tells what became of each.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func main() {
	ctx := untilSignal(os.Stderr)
	os.Exit(cli.Run(ctx, newCommand(&app{
		out: os.Stdout, err: os.Stderr, environ: os.Environ(), now: time.Now,
	})))
}

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. The
// second one ends the process at once: whoever sends it does not want to wait
// for calls in flight any more. Their events are taken up again at the next
// start.
func untilSignal(stderr io.Writer) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		_, _ = fmt.Fprintln(stderr, "worker: error: stopped at once by a second signal; calls in flight were given up")
		os.Exit(cli.Failed)
	}()
	return ctx
}

// An app is what the subcommands share: the world outside.
type app struct {
	out, err io.Writer
	environ  []string
	now      func() time.Time
}

func newCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "worker",
		Short: "Carry events from NATS to Kenar, under its quota",
		Long: `Worker takes events from NATS, checks them, waits for the quota, and calls Kenar's
add-on endpoints: each event gets exactly one final outcome.

Without NATS_URL and REDIS_URL it runs both inside itself, durable in DATA_DIR;
one worker is a complete installation then. "worker" is the same as "worker run".

Every setting is a flag, an environment variable and a key of the file of --config:
--kenar-timeout, KENAR_TIMEOUT and kenar_timeout. Secrets are no flags; each can be
in a file that NAME_FILE names. "worker check" shows the settings in force.`,
		Example: `  worker demo
  KENAR_API_KEY_FILE=key worker
  worker check`,
		Version: cli.Version(),
		RunE:    a.run,
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.PersistentFlags().SortFlags = false
	config.Register(root.PersistentFlags(), config.Worker)
	root.AddCommand(
		&cobra.Command{
			Use:   "run",
			Short: "Work until SIGTERM",
			Long: `Work until SIGTERM or SIGINT: then nothing new is taken, calls in flight finish
within SHUTDOWN_GRACE, and the exit code is 0. A second signal ends it at once.

While NATS or Redis is away the worker waits, and resumes by itself. A
GRANT_IDENTITY that does not open the stored grants ends it with exit code 2,
and nothing is overwritten. Secrets in files are read again when they change.
ADMIN_ADDR serves /healthz, /readyz and /metrics.`,
			Args: cobra.NoArgs,
			RunE: a.run,
		},
		a.demoCommand(),
		a.checkCommand(),
		a.setupCommand(),
	)
	return root
}

// run works until the context ends.
func (a *app) run(cmd *cobra.Command, _ []string) error {
	cfg, err := config.Load(cmd.Flags(), a.environ, config.Worker, checks())
	if err != nil {
		return cli.Misconfigured(err)
	}
	log := cli.NewLogger(a.err, cfg.LogLevel, cfg.LogFormat)
	for _, w := range warnings(cfg) {
		log.Warn().Msg(w)
	}
	templates, err := cli.Templates(cfg.Templates)
	if err != nil {
		return cli.Misconfigured(err)
	}
	tracing := openTracing(cmd.Context(), a.environ, cfg.KenarApp, log)
	defer tracing.close() // after everything that may be traced
	s, err := newStack(cfg, templates, tracing, log)
	if err != nil {
		return err
	}
	defer s.Close()
	err = s.Run(cmd.Context())
	if errors.Is(err, grants.ErrWrongIdentity) {
		return cli.Misconfigured(err) // found only in the store, yet nothing was begun
	}
	return err
}
