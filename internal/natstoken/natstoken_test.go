package natstoken

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          string
		says          []string // of the error
	}{
		{"as a worker writes it", "0123456789abcdef\n", "0123456789abcdef", nil},
		{"edited by hand", "  0123456789abcdef\r\n", "0123456789abcdef", nil},
		// An empty token would let everybody in.
		{"empty", "\n", "", []string{"nats.token", "0 characters", "at least 16", "remove the file"}},
		{"cut", "0123456789abcde", "", []string{"15 characters"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(Path(dir), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Read(dir)
			if got != c.want {
				t.Errorf("token %q, want %q", got, c.want)
			}
			says(t, err, c.says...)
		})
	}
}

func TestNoToken(t *testing.T) {
	for name, dir := range map[string]string{"no worker here": t.TempDir(), "no such directory": filepath.Join(t.TempDir(), "gone")} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(dir)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("error %v, want one of a file that does not exist", err)
			}
			says(t, err, dir, "no worker has started", "DATA_DIR", "NATS_URL")
		})
	}
}

// A damaged token is not shown: it may be most of a good one.
func TestErrorsDoNotTellTheToken(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(Path(dir), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || strings.Contains(err.Error(), "0123456789") {
		t.Errorf("error %v", err)
	}
}

// says expects an error with all these words, or none without words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if (err == nil) != (len(words) == 0) {
		t.Fatalf("error %v, want one that says %q", err, words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}
