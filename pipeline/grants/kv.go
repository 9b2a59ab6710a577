package grants

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// errConflict: another worker wrote the entry first.
var errConflict = errors.New("the grant was changed by another worker")

// A record is what a key holds. A key that never was has revision 0; one that
// was removed has a revision and no value.
type record struct {
	value    []byte
	revision uint64
}

// A change is a record as a watch tells it, and the mark between what there
// was and what comes.
type change struct {
	key string
	record
	present bool // the mark: everything there was when the watch began has been told
}

// kv is what the store needs of a bucket.
type kv interface {
	// get reads the last record that was acknowledged to anyone.
	get(ctx context.Context, key string) (record, error)
	// put and remove write if the key still has the revision, else they
	// return errConflict. Any other error leaves open whether they have.
	put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	remove(ctx context.Context, key string, revision uint64) error
	// watch tells the record of a key, or of all with "", then the mark, then
	// changes until ctx ends. The channel is closed when it ends early.
	watch(ctx context.Context, key string) (<-chan change, error)
}

// bucket is the real one.
type bucket struct {
	kv     jetstream.KeyValue
	stream jetstream.Stream
}

func openBucket(ctx context.Context, js jetstream.JetStream) (bucket, error) {
	s, err := js.Stream(ctx, bucketStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return bucket{}, errNoBucket
	}
	if err != nil {
		return bucket{}, fmt.Errorf("open bucket %s: %w", Bucket, explain(err))
	}
	if err := differs(Topology{}.config(), s.CachedInfo().Config); err != nil {
		return bucket{}, err
	}
	kv, err := js.KeyValue(ctx, Bucket)
	if err != nil {
		return bucket{}, fmt.Errorf("open bucket %s: %w", Bucket, explain(err))
	}
	return bucket{kv, s}, nil
}

// get reads the stream: KeyValue.Get hides the revision of a key that was
// removed, on which the next write must build.
func (b bucket) get(ctx context.Context, key string) (record, error) {
	m, err := b.stream.GetLastMsgForSubject(ctx, bucketPrefix+key)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return record{}, nil
	case err != nil:
		return record{}, explain(err)
	case m.Header.Get(operationHeader) != "":
		return record{revision: m.Sequence}, nil
	}
	return record{m.Data, m.Sequence}, nil
}

// operationHeader marks what is not a value: a removal (NATS ADR-8).
const operationHeader = "KV-Operation"

func (b bucket) put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	n, err := b.kv.Update(ctx, key, value, revision)
	return n, writeError(err)
}

func (b bucket) remove(ctx context.Context, key string, revision uint64) error {
	return writeError(b.kv.Delete(ctx, key, jetstream.LastRevision(revision)))
}

func writeError(err error) error {
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return errConflict
	}
	return explain(err)
}

func (b bucket) watch(ctx context.Context, key string) (<-chan change, error) {
	if key == "" {
		key = jetstream.AllKeys
	}
	ctx, cancel := context.WithCancel(ctx)
	w, err := b.kv.Watch(ctx, key)
	if err != nil {
		cancel()
		return nil, explain(err)
	}
	out := make(chan change)
	go func() {
		defer close(out)
		defer func() {
			cancel()
			_ = w.Stop() // it is stopped already when ctx has ended
			for range w.Updates() {
				continue // its sender must not be left blocked
			}
		}()
		for {
			select {
			case <-ctx.Done():
				return
			case e, ok := <-w.Updates():
				if !ok {
					return
				}
				select {
				case out <- changeOf(e):
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out, nil
}

func changeOf(e jetstream.KeyValueEntry) change {
	switch {
	case e == nil:
		return change{present: true}
	case e.Operation() != jetstream.KeyValuePut:
		return change{key: e.Key(), record: record{revision: e.Revision()}}
	}
	return change{key: e.Key(), record: record{e.Value(), e.Revision()}}
}

// explain adds what to do to errors that are hard to read.
func explain(err error) error {
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%w: turn JetStream on for this server and account", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("%w: no answer; the server is away, or these credentials lack the permission (NATS answers that with silence)", err)
	}
	return err
}
