package embedded

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTokenIsForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	n := start(t, dir)
	for path, want := range map[string]os.FileMode{
		dir:                              0o700 | os.ModeDir,
		filepath.Join(dir, "jetstream"):  0o700 | os.ModeDir,
		filepath.Join(dir, "nats.token"): 0o600,
	} {
		if got := mode(t, path); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
	}
	read, err := Token(dir)
	if err != nil || read != n.Token() {
		t.Errorf("Token(dir) = %q, %v, want the server's", read, err)
	}
	if other := start(t, t.TempDir()); other.Token() == n.Token() {
		t.Error("two data directories have one token")
	}
}

func TestStartNarrowsTheTokensMode(t *testing.T) {
	dir := t.TempDir()
	start(t, dir).Shutdown()
	path := filepath.Join(dir, "nats.token")
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	if got := mode(t, path); got != 0o600 {
		t.Errorf("mode %v after a start, want 0600", got)
	}
}

func TestTokenFileIsTrimmedOfSpace(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "nats.token"), "  0123456789abcdef\r\n")
	if got := start(t, dir).Token(); got != "0123456789abcdef" {
		t.Errorf("Token() = %q, want the one in the file", got)
	}
}

func TestTokenErrors(t *testing.T) {
	t.Run("no worker here", func(t *testing.T) {
		dir := t.TempDir()
		_, err := Token(dir)
		wantError(t, err, dir, "no worker has started", "DATA_DIR", "NATS_URL")
	})
	t.Run("no such directory", func(t *testing.T) {
		_, err := Token(filepath.Join(t.TempDir(), "gone"))
		wantError(t, err, "no worker has started")
	})
	t.Run("damaged", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "nats.token")
		writeFile(t, path, "\n")
		_, err := Token(dir)
		wantError(t, err, path, "0 characters", "at least 16", "remove the file")
		// An empty token would let everybody in.
		_, err = StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
		wantError(t, err, path, "at least 16")
	})
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
