package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/pipeline/provision"
)

func (a *app) setupCommand() *cobra.Command {
	var asJSON bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Create the streams, or bring them up to date, as an administrator of NATS",
		Long: `Create the streams, their consumers and the bucket of grants on the servers of
NATS_URL, or bring them up to date, and print what was done. Workers can then run with
credentials that do not allow it. Run it before the first worker, before an upgrade,
and after KENAR_TIMEOUT was raised; to repeat it is harmless, and workers may run
meanwhile. It takes nothing away: what is kept for longer, waits for longer or takes
more subjects than needed stays so, and so does what an administrator has added, such
as a placement. A limit that would drop events or records without a word is refused.

It needs NATS_URL, NATS_CREDS and NATS_CA of an administrator, and NATS_REPLICAS,
KENAR_TIMEOUT and KENAR_APP as the workers have them; neither the API key nor Redis. An embedded
JetStream needs no setup.

The exit code is 0 when all is as needed, 1 when something could not be set up, which
the others are not kept from, 2 when the configuration is wrong.`,
		Example: `  NATS_URL=nats://nats:4222 NATS_CREDS=admin.creds NATS_REPLICAS=3 worker setup
  worker setup --json | jq 'select(.result == "updated")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait < 0 {
				return cli.Usage(cmd, fmt.Errorf("--wait %s is negative; 0 tries once", wait))
			}
			cfg, err := config.Load(cmd.Flags(), a.environ, config.Setup, nil)
			if err != nil {
				return cli.Misconfigured(err)
			}
			if cfg.Embedded() {
				return &cli.Error{Code: cli.Misused, Err: errors.New("there is nothing to set up: without NATS_URL, JetStream runs inside the worker, which makes its streams itself"),
					Hint: "set NATS_URL to set up servers of your own, else just start the worker"}
			}
			s := &setup{app: a, cfg: cfg, json: asJSON, told: make(map[string]bool)}
			return s.run(cmd.Context(), wait)
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", time.Minute, "wait so long for servers that are away, or for a cluster that is not complete; 0 tries once")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write what was done as JSON, one object per line")
	return cmd
}

// A setup is one run of the command.
type setup struct {
	*app
	cfg  config.Config
	json bool

	told             map[string]bool // what was printed
	created, updated int
}

const (
	setupDial = 3 * time.Second        // for one connection
	setupTime = 30 * time.Second       // for all streams, once the server is there
	setupRest = 500 * time.Millisecond // between two tries
)

// run tries until all is set up, the server refuses something, or the time is
// over.
func (s *setup) run(ctx context.Context, wait time.Duration) error {
	deadline, waiting := s.now().Add(wait), false
	for {
		again, err := s.try(ctx)
		switch {
		case err == nil:
			return s.summary()
		case ctx.Err() != nil:
			return ctx.Err()
		case !again || !s.now().Before(deadline):
			return err
		case !waiting:
			waiting = true
			_, _ = fmt.Fprintf(s.err, "waiting up to %s: %v\n", wait, err)
		}
		t := time.NewTimer(setupRest)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// try sets everything up once. After an error, again says whether another try
// may succeed: the server is away, or has not judged.
func (s *setup) try(ctx context.Context) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, setupTime)
	defer cancel()
	ctx, deny := context.WithCancelCause(ctx)
	defer deny(nil)
	nc, err := cli.DialNATS(s.cfg, "kenar worker setup", setupDial, zerolog.Nop())
	if err != nil {
		return !errors.Is(err, nats.ErrAuthorization), err // credentials do not get better
	}
	defer nc.Close()
	// A missing permission is told here alone: the request gets no answer.
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			deny(err)
		}
	})
	if err := pipeline.CheckServer(nc); err != nil {
		return errors.Is(err, nats.ErrConnectionClosed), err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return false, fmt.Errorf("open JetStream: %w", err)
	}
	err = s.topology().Setup(ctx, js, s.tell)
	if _, others := errors.AsType[*pipeline.OtherAppError](err); !others && (err == nil || refused(err)) {
		c, bucketErr := grants.Topology{Replicas: s.cfg.NATSReplicas}.Setup(ctx, js)
		if bucketErr == nil {
			s.tell(c)
		}
		err = errors.Join(err, bucketErr)
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, nats.ErrPermissionViolation) {
		return false, cli.WithHint(cause, "let this user publish to %s and subscribe to _INBOX.>, or use an administrator's NATS_CREDS", strings.Join(askedOfSetup, ", "))
	}
	return !refused(err), err
}

// topology is what the streams are to be. Without a KENAR_APP they are whoever's
// they were: setup does not need to know.
func (s *setup) topology() pipeline.Topology {
	top := pipeline.Topology{App: s.cfg.KenarApp, Replicas: s.cfg.NATSReplicas, AckWait: pipeline.AckWait(s.cfg.KenarTimeout)}
	if top.App == pipeline.UnnamedApp {
		top.App = ""
	}
	return top
}

// refused reports whether the server will not have something.
func refused(err error) bool {
	_, ok := errors.AsType[*provision.RefusedError](err)
	return ok
}

// askedOfSetup are the subjects to which setup publishes.
var askedOfSetup = []string{
	"$JS.API.STREAM.INFO.*", "$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.UPDATE.*",
	"$JS.API.CONSUMER.INFO.*.*", "$JS.API.CONSUMER.CREATE.>",
}

// tell prints what was done. What an earlier try has told is not told again.
func (s *setup) tell(c provision.Change) {
	if s.told[c.Name()] {
		return
	}
	s.told[c.Name()] = true
	switch c.Result {
	case provision.Created:
		s.created++
	case provision.Updated:
		s.updated++
	case provision.Found:
	}
	if s.json {
		_ = cli.WriteJSON(s.out, c)
		return
	}
	line := fmt.Sprintf("%s  %-8s  %s", paintChange(cli.ColorsOf(s.out), c.Result), c.Kind, c.Name())
	for _, setting := range c.Settings {
		line += "\n" + strings.Repeat(" ", 19) + setting.String()
	}
	_, _ = fmt.Fprintln(s.out, line)
}

func paintChange(c cli.Colors, r provision.Result) string {
	text := fmt.Sprintf("%-7s", r)
	switch r {
	case provision.Created:
		return c.Green(text)
	case provision.Updated:
		return c.Yellow(text)
	case provision.Found:
	}
	return c.Faint(text)
}

func (s *setup) summary() error {
	if s.json {
		return nil
	}
	_, err := fmt.Fprintf(s.out, "\n%d created, %d updated, %d as needed already\n", s.created, s.updated, len(s.told)-s.created-s.updated)
	return err
}
