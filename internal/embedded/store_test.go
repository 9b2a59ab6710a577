package embedded

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
)

func TestUnusableDataDir(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "")
	tests := []struct {
		name, dir string
		want      []string
	}{
		{"empty name", "", []string{"DATA_DIR is empty"}},
		{"a file", file, []string{"DATA_DIR " + file, "set DATA_DIR to a directory"}},
		{"below a file", filepath.Join(file, "data"), []string{"DATA_DIR", "set DATA_DIR to a directory"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := StartNATS(NATSConfig{DataDir: tt.dir, Addr: "127.0.0.1:0"})
			wantError(t, err, tt.want...)
		})
	}
	t.Run("not writable", func(t *testing.T) {
		dir := t.TempDir()
		want := "that user"
		if os.Getuid() == 0 { // root is above modes, not above a read-only file system
			mount(t, dir, "ro,size=1m")
			want = "read-only"
		} else if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		_, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
		wantError(t, err, "DATA_DIR "+dir, want)
	})
}

func TestDamagedStreamIsNotStartedWithout(t *testing.T) {
	damages := []struct {
		name   string
		damage func(t *testing.T, stream string)
	}{
		{"description overwritten", func(t *testing.T, stream string) {
			writeFile(t, filepath.Join(stream, "meta.inf"), "{}")
		}},
		{"description gone", func(t *testing.T, stream string) {
			remove(t, filepath.Join(stream, "meta.inf"))
		}},
		{"checksum gone", func(t *testing.T, stream string) {
			remove(t, filepath.Join(stream, "meta.sum"))
		}},
	}
	for _, tt := range damages {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			n := start(t, dir)
			js := connect(t, "", n.ConnectOptions()...)
			createQueue(t, js)
			publish(t, js, "queue.a", "precious")
			n.Shutdown()
			stream := filepath.Join(dir, "jetstream", "$G", "streams", "QUEUE")
			tt.damage(t, stream)

			_, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0", Logf: t.Logf})
			wantError(t, err, "stream QUEUE is damaged", stream, "from a backup", "meta")

			if err := os.RemoveAll(stream); err != nil {
				t.Fatal(err)
			}
			start(t, dir)
		})
	}
}

// What a kill in the middle of the creation of a stream leaves behind must not
// keep the worker from starting.
func TestHalfCreatedStreamIsNoDamage(t *testing.T) {
	dir := t.TempDir()
	n := start(t, dir)
	createQueue(t, connect(t, "", n.ConnectOptions()...))
	n.Shutdown()
	stream := filepath.Join(dir, "jetstream", "$G", "streams", "QUEUE")
	remove(t, filepath.Join(stream, "meta.sum"))
	if err := os.RemoveAll(filepath.Join(stream, "msgs")); err != nil {
		t.Fatal(err)
	}

	n = start(t, dir)
	js := connect(t, "", n.ConnectOptions()...)
	createQueue(t, js)
	publish(t, js, "queue.a", "x")
	if err := n.Health(); err != nil {
		t.Errorf("Health() = %v once the stream was created anew", err)
	}
}

// A store that has used up its share of the disk refuses messages, keeps those
// it acknowledged, and recovers by itself when they are worked off.
func TestFullStoreRefusesToPublish(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "size=4m")
	n := start(t, dir)
	js := connect(t, "", n.ConnectOptions()...)
	queue := createQueue(t, js)
	consumer, err := queue.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "worker"})
	if err != nil {
		t.Fatal(err)
	}

	want, err := fill(t, js)
	var refused *jetstream.APIError
	if !errors.As(err, &refused) {
		t.Fatalf("publishing to a full store: %v, want an answer from the server", err)
	}
	if diff := cmp.Diff(want, bodies(t, js)); diff != "" {
		t.Errorf("the store does not hold exactly what was acknowledged (-want +got):\n%s", clip(diff))
	}

	m, err := consumer.Next(jetstream.FetchMaxWait(5 * time.Second))
	if err != nil {
		t.Fatalf("fetch from a full store: %v", err)
	}
	if err := m.DoubleAck(t.Context()); err != nil {
		t.Fatalf("acknowledge in a full store: %v", err)
	}
	publish(t, js, "queue.a", "fits now")
	if err := n.Health(); err != nil {
		t.Errorf("Health() = %v", err)
	}
}

// When other programs fill the disk, the server's own limit does not help: the
// write fails, and what was not written must not be acknowledged.
func TestFullDiskAcknowledgesNothing(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "size=8m")
	n := start(t, dir)
	js := connect(t, "", n.ConnectOptions()...)
	createQueue(t, js)
	publish(t, js, "queue.a", "before")
	want := []string{"before"}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<20), 0o600); err == nil {
		t.Fatal("16 MiB fit on a disk of 8")
	}

	acked, err := fill(t, js)
	if err == nil {
		t.Fatal("publishing to a full disk went on for ever")
	}
	want = append(want, acked...)
	wantError(t, n.Health(), "QUEUE", "no space left", "free some space")
	n.Shutdown()

	remove(t, ballast)
	again := start(t, dir)
	js = connect(t, "", again.ConnectOptions()...)
	if diff := cmp.Diff(want, bodies(t, js)); diff != "" {
		t.Errorf("after a restart with space (-acknowledged +stored):\n%s", clip(diff))
	}
	publish(t, js, "queue.a", "after")
}

// fill publishes until that fails and returns what was acknowledged.
func fill(t *testing.T, js jetstream.JetStream) (acked []string, err error) {
	t.Helper()
	for range 1000 {
		body := bytes.Repeat([]byte{'a' + byte(len(acked)%26)}, 60_000)
		if _, err := js.Publish(t.Context(), "queue.a", body); err != nil {
			return acked, err
		}
		acked = append(acked, string(body))
	}
	return acked, nil
}

func clip(s string) string { return s[:min(len(s), 500)] }

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// mount puts a small file system of its own on dir for the length of the test.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	var flags uintptr
	if rest, ok := strings.CutPrefix(options, "ro,"); ok {
		flags, options = readOnly, rest
	}
	if err := mountTmpfs(dir, flags, options); err != nil {
		t.Skipf("needs a file system of its own: mount tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
}
