package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) demoCommand() *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: everything in one process, against a simulated Kenar",
		Long: fmt.Sprintf(`Run a worker with an embedded NATS and Redis against a simulated Kenar, publish the
sample events of examples/, and tell what becomes of each. Then it stays up, for you
to try publisher on it, until Ctrl-C.

The quota is small, so that you see it at work: %d calls in any %s. The real
Kenar is never called. Of the settings, only the flags --data-dir,
--embedded-nats-addr, --admin-addr and --log-format count; variables do not.`, demoCalls, demoWindow),
		Example: `  worker demo
  worker demo --once`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.app = a
			return d.run(cmd)
		},
	}
	cmd.Flags().BoolVar(&d.once, "once", false, "end after the samples, with exit code 1 when one did not end as it should")
	cmd.Flags().BoolVarP(&d.verbose, "verbose", "v", false, "log what the worker does, not only what goes wrong")
	return cmd
}

// The quota of the demo. The first round of samples uses it up, so that the
// second one has to wait.
const (
	demoCalls  = examples.FirstRoundCalls
	demoWindow = 12 * time.Second
)

// samplesTime bounds the samples; the waiting for tokens is about a window.
const samplesTime = time.Minute

// A demo is one run of the demo.
type demo struct {
	app           *app
	once, verbose bool

	kenar *kenartest.Server
	stack *stack
}

func (d *demo) run(cmd *cobra.Command) (err error) {
	cfg, err := config.Load(cmd.Flags(), nil, config.Demo, nil)
	if err != nil {
		return cli.Misconfigured(err)
	}
	if d.kenar, err = simulate(); err != nil {
		return err
	}
	defer d.kenar.Close()
	if !cmd.Flags().Changed("data-dir") {
		if cfg.DataDir, err = os.MkdirTemp("", "kenar-demo-"); err != nil {
			return fmt.Errorf("make a directory for the demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(cfg.DataDir)) }()
	}
	cfg = d.configure(cfg)
	if err := d.open(cfg); err != nil {
		return err
	}
	defer d.stack.Close()
	return d.play(cmd.Context())
}

// configure overrides every setting that could reach out of this process.
func (d *demo) configure(cfg config.Config) config.Config {
	cfg.NATSURL, cfg.RedisURL = config.Secret{}, config.Secret{}
	cfg.NATSCreds, cfg.NATSCA, cfg.NATSReplicas, cfg.NATSAutoCreate = "", "", 1, nil
	url := d.kenar.URL()
	cfg.KenarBaseURL, cfg.KenarLegacyURL, cfg.KenarImageURL, cfg.KenarOAuthURL = url, url, url, url
	cfg.KenarApp, cfg.KenarAPIKey = demoApp, config.NewSecret("demo")
	cfg.KenarClientSecret, cfg.KenarRedirectURI = config.NewSecret(demoClientSecret), demoRedirectURI
	cfg.GrantIdentity, cfg.GrantRecipient = config.Secret{}, "" // those of the data directory
	cfg.Templates, cfg.ImageHosts = "", ""
	cfg.KenarTimeout, cfg.ShutdownGrace = 2*time.Second, 5*time.Second
	cfg.BackoffMin, cfg.BackoffMax = 2*time.Second, 3*time.Second
	cfg.Limits = fmt.Sprintf("%s=%d/%s; %s=10000/168h", pipeline.PostCreate, demoCalls, demoWindow, pipeline.PermissionGetPost)
	cfg.Preflight, cfg.RequireGrant, cfg.SpendCap = string(pipeline.PreflightRequire), false, 0
	switch {
	case d.verbose:
		cfg.LogLevel = "info"
	case cli.IsTerminal(d.app.out) && cli.IsTerminal(d.app.err):
		cfg.LogLevel = "error" // warnings would stand between the lines that tell the same
	default:
		cfg.LogLevel = "warn"
	}
	return cfg
}

// open wires the stack. An address that is taken is replaced by a free one.
func (d *demo) open(cfg config.Config) (err error) {
	log := cli.NewLogger(d.app.err, cfg.LogLevel, cfg.LogFormat)
	for _, addr := range []*string{&cfg.EmbeddedNATSAddr, &cfg.AdminAddr} {
		if host, _, err := net.SplitHostPort(*addr); err == nil && listening(*addr) {
			_, _ = fmt.Fprintf(d.app.err, "%s is taken, so the demo uses another port\n", *addr)
			*addr = net.JoinHostPort(host, "0")
		}
	}
	templates, err := examples.Templates()
	if err != nil {
		return err
	}
	d.stack, err = newStack(cfg, templates, nil, log)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = cli.WithHint(err, "start the demo again")
	}
	return err
}

// play runs the worker and the samples beside it.
func (d *demo) play(ctx context.Context) error {
	js, err := jetstream.New(d.stack.nats)
	if err != nil {
		return err
	}
	top := pipeline.Topology{AckWait: pipeline.AckWait(d.stack.cfg.KenarTimeout)}
	if err := top.Create(ctx, js); err != nil {
		return err
	}
	if err := d.consent(ctx, js); err != nil {
		return err
	}
	client, err := pipeline.NewClient(d.stack.nats, pipeline.Builder{})
	if err != nil {
		return err
	}
	story := newStory(d.app, d.kenar, client)

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.stack.Run(ctx) })
	g.Go(func() error { return story.follow(ctx) })
	g.Go(func() error {
		defer stop()
		return d.tell(ctx, story)
	})
	return g.Wait()
}

// tell publishes the samples, sums up, and stays up unless asked not to.
func (d *demo) tell(ctx context.Context, story *story) error {
	story.intro(d.stack.cfg.Limits)
	samples, cancel := context.WithTimeout(ctx, samplesTime)
	defer cancel()
	rounds := []func(context.Context) error{
		func(ctx context.Context) error { return story.round(ctx, 1) },
		func(ctx context.Context) error { return story.round(ctx, 2) },
		story.listings,
	}
	for _, round := range rounds {
		if err := round(samples); err != nil {
			if ctx.Err() != nil {
				return nil // Ctrl-C
			}
			return fmt.Errorf("the samples did not end within %s: %w", samplesTime, err)
		}
	}
	if err := story.summary(samples); ctx.Err() != nil {
		return nil // Ctrl-C
	} else if err != nil {
		return err
	}
	broken := append(story.broken(d.kenar), story.unbalanced()...)
	for _, b := range broken {
		_, _ = fmt.Fprintf(d.app.err, "worker: error: %s\n", b)
	}
	if d.once {
		if len(broken) > 0 {
			return cli.Said()
		}
		return nil
	}
	d.invite()
	story.live()
	<-ctx.Done()
	return nil
}

// invite says how to reach the demo with publisher.
func (d *demo) invite() {
	publisher, addr := "publisher", strings.TrimPrefix(d.stack.server.URL(), "nats://")
	if self, err := os.Executable(); err == nil && strings.Contains(self, string(filepath.Separator)+"go-build") {
		publisher = "go run ./cmd/publisher" // as this was started
	}
	c := cli.ColorsOf(d.app.out)
	_, _ = fmt.Fprintf(d.app.out, `
The demo stays up until Ctrl-C. In another terminal:

  %s
  %s status --calendar
  %s publish --wait examples/20-your-turn.json
  %s listing status sample-33-apartment
  %s listing schema apartment-rent
  %s grant ls
  %s dead ls
  %s dead replay --dry-run --reason rejected
  %s dead replay --reason rejected
  %s

`, c.Bold(fmt.Sprintf("export DATA_DIR=%s EMBEDDED_NATS_ADDR=%s", quoteShell(d.stack.cfg.DataDir), addr)),
		publisher, publisher, publisher, publisher, publisher, publisher, publisher, publisher, c.Bold(fmt.Sprintf("curl http://%s/metrics", d.stack.admin.addr())))
}

// quoteShell quotes a path for a POSIX shell, when it needs that.
func quoteShell(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
