// Package natstoken knows the file in which a worker with an embedded NATS
// server keeps the token of that server, for clients on the same machine. It is
// apart from the server, so that a client does not have one in its binary.
package natstoken

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// minLen is the length below which a token is taken for damaged: an empty one
// would open the server to everybody.
const minLen = 16

// Path is the file of the token in a data directory.
func Path(dataDir string) string { return filepath.Join(dataDir, "nats.token") }

// Read returns the token of the worker that uses dataDir. The worker keeps it
// from one start to the next. Without a file the error is [fs.ErrNotExist].
func Read(dataDir string) (string, error) {
	path := Path(dataDir)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("find the embedded NATS token: %w; no worker has started with DATA_DIR %s: "+
			"start one, set DATA_DIR to the directory of the one that runs, or set NATS_URL", err, dataDir)
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("read the embedded NATS token: %w; run as the user that runs the worker", err)
	case err != nil:
		return "", fmt.Errorf("read the embedded NATS token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if len(token) < minLen {
		return "", fmt.Errorf("read the embedded NATS token: %s holds %d characters, at least %d are needed; "+
			"remove the file and restart the worker to get a new token", path, len(token), minLen)
	}
	return token, nil
}
