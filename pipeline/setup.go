package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/kenar-addons/kenar-addons/pipeline/provision"
)

// Create makes the streams and consumers that are missing and brings the
// others up to date. It needs the permissions of an administrator.
func (t Topology) Create(ctx context.Context, js jetstream.JetStream) error {
	return t.Setup(ctx, js, func(provision.Change) {})
}

// Setup is Create that tells of each stream and consumer what it did. It is
// also what an upgrade needs: the streams of a newer version are added, and
// settings that changed are updated, while workers run.
//
// What the server refuses does not keep it from the others: the error joins a
// *provision.RefusedError for each, which names the stream and its settings. So
// does one for each stream whose limits, set by somebody else, drop what is
// needed. With any other error, one of the way to the server, it stops. The
// streams of another app it leaves alone: an *OtherAppError, in a RefusedError.
func (t Topology) Setup(ctx context.Context, js jetstream.JetStream, tell func(provision.Change)) error {
	if err := t.claim(ctx, js); err != nil {
		return err
	}
	streams := t.streams()
	problems, on := setupAll(ctx, tell, len(streams), func(ctx context.Context, i int) (provision.Change, error) {
		return t.setupStream(ctx, js, streams[i])
	})
	if !on {
		return errors.Join(problems...)
	}
	refused := make(map[string]bool) // streams
	for i, problem := range problems {
		refused[streams[i].Name] = problem != nil
	}
	consumers := slices.DeleteFunc(t.consumers(), func(c consumer) bool {
		return refused[c.stream] // it may not exist, or not as the consumer needs it
	})
	more, _ := setupAll(ctx, tell, len(consumers), func(ctx context.Context, i int) (provision.Change, error) {
		return provision.Consumer(ctx, js, consumers[i].stream, consumers[i].ConsumerConfig)
	})
	return errors.Join(append(problems, more...)...)
}

// claim refuses to set up the streams of another app, before anything is changed.
func (t Topology) claim(ctx context.Context, js jetstream.JetStream) error {
	if t.App == "" {
		return nil
	}
	s, err := js.Stream(ctx, LedgerStream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("look whose stream %s is: %w", LedgerStream, explainJetStream(err))
	}
	if err := t.owned(s.CachedInfo().Config); err != nil {
		return &provision.RefusedError{Doing: "set up the streams of app " + t.App, Err: err}
	}
	return nil
}

// setupStream sets up one stream, and looks what somebody has added to it.
func (t Topology) setupStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (provision.Change, error) {
	c, err := provision.Stream(ctx, js, want)
	if err != nil {
		return c, err
	}
	s, err := js.Stream(ctx, want.Name)
	if err != nil {
		return c, fmt.Errorf("look at stream %s: %w", want.Name, err)
	}
	have := s.CachedInfo().Config
	if err = differs(want, have); err == nil && want.Name == LedgerStream {
		err = t.owned(have) // another app was faster
	}
	if err != nil {
		return c, &provision.RefusedError{Doing: "set up stream " + want.Name, Err: err}
	}
	return c, nil
}

// atOnce is how many streams are made at the same time: in a cluster each waits
// for the others' disks.
const atOnce = 8

// setupAll sets up n things and tells of each in their order. It returns what
// each was refused for, and whether the way to the server held.
func setupAll(ctx context.Context, tell func(provision.Change), n int, setup func(context.Context, int) (provision.Change, error)) (problems []error, on bool) {
	changes := make([]provision.Change, n)
	problems = make([]error, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range n {
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err // another one has ended it
			}
			changes[i], err = setup(ctx, i)
			if err == nil {
				return nil
			}
			problems[i] = explainJetStream(err)
			if _, ok := errors.AsType[*provision.RefusedError](err); ok {
				return nil
			}
			return err
		})
	}
	err := g.Wait()
	for i, c := range changes {
		if problems[i] == nil && c.Result != "" {
			tell(c)
		}
	}
	return problems, err == nil
}
