// Command publisher puts events into the inbox of the workers and looks at what
// becomes of them. It talks to NATS alone: it needs neither Redis nor the API
// key.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return cli.Run(ctx, newCommand(&app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), now: time.Now,
	}))
}

// An app is what the subcommands share: the world outside, and the flags that
// all of them have.
type app struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	now      func() time.Time
	json     bool
}

func newCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "publisher",
		Short: "Publish events for add-ons, and see what became of them",
		Long: `Publisher puts events into the inbox of the workers and looks at what becomes
of them. It talks to NATS alone: to NATS_URL, or without one to the server that
a worker on this machine has embedded (DATA_DIR, EMBEDDED_NATS_ADDR).

Data is on standard output, everything for people on standard error. The exit
code is 0 when all went well, 1 when the work failed, 2 for wrong usage.`,
		Example: `  publisher validate event.json
  publisher publish --wait event.json
  publisher status
  publisher resume ADD_ON_CREATE
  publisher dead ls`,
		Version: cli.Version(),
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.PersistentFlags().SortFlags = false
	root.PersistentFlags().BoolVar(&a.json, "json", false, "write JSON, one object per line")
	config.Register(root.PersistentFlags(), config.Publisher)
	root.AddCommand(
		a.publishCommand(), a.validateCommand(), a.previewCommand(), a.outcomesCommand(), a.statusCommand(), a.probeCommand(),
		a.resumeCommand(), a.deadCommand(), a.listingCommand(), a.grantCommand(),
	)
	return root
}

// configure reads the configuration, and makes the log that its level and
// format ask for.
func (a *app) configure(cmd *cobra.Command) (config.Config, zerolog.Logger, error) {
	cfg, err := config.Load(cmd.Flags(), a.environ, config.Publisher, nil)
	if err != nil {
		return cfg, zerolog.Nop(), cli.Misconfigured(err)
	}
	log := cli.NewLogger(a.err, cfg.LogLevel, cfg.LogFormat)
	for _, w := range cfg.Warnings() {
		log.Warn().Msg(w)
	}
	return cfg, log, nil
}

// builder checks events as a worker does, as far as that goes without one:
// from which hosts images may come, workers know.
func (a *app) builder(cmd *cobra.Command) (pipeline.Builder, error) {
	cfg, _, err := a.configure(cmd)
	if err != nil {
		return pipeline.Builder{}, err
	}
	return builderOf(cfg)
}

func builderOf(cfg config.Config) (pipeline.Builder, error) {
	templates, err := cli.Templates(cfg.Templates)
	if err != nil {
		return pipeline.Builder{}, cli.Misconfigured(err)
	}
	return pipeline.Builder{Templates: templates}, nil
}

// dialTimeout bounds the connecting: somebody waits for it.
const dialTimeout = 3 * time.Second

// connect opens a client of the pipeline. The caller calls done when it is
// finished with it.
func (a *app) connect(cmd *cobra.Command) (_ *pipeline.Client, done func(), _ error) {
	cfg, log, err := a.configure(cmd)
	if err != nil {
		return nil, nil, err
	}
	builder, err := builderOf(cfg)
	if err != nil {
		return nil, nil, err
	}
	nc, err := cli.DialNATS(cfg, "kenar publisher", dialTimeout, log)
	if err != nil {
		return nil, nil, err
	}
	client, err := pipeline.NewClient(nc, builder)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return client, nc.Close, nil
}
