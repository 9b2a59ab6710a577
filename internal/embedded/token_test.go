package embedded

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kenar-addons/kenar-addons/internal/natstoken"
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
	read, err := natstoken.Read(dir)
	if err != nil || read != n.Token() {
		t.Errorf("clients read the token %q, %v, want the server's", read, err)
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

// An empty token would let everybody in, so the server does not start with one.
func TestDamagedToken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "nats.token")
	writeFile(t, path, "\n")
	_, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
	wantError(t, err, path, "0 characters", "at least 16", "remove the file")
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
