package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tokenFile is the name of the token's file in the data directory.
const tokenFile = "nats.token"

// minTokenLen is the length below which a token is taken for damaged: an empty
// one would open the server to everybody.
const minTokenLen = 16

// Token is the token of the worker that uses dataDir, for a client on the same
// machine. The worker keeps it from one start to the next.
func Token(dataDir string) (string, error) {
	token, err := readToken(dataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("find the embedded NATS token: %w; no worker has started with DATA_DIR %s: "+
			"start one, set DATA_DIR to the directory of the one that runs, or set NATS_URL", err, dataDir)
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("read the embedded NATS token: %w; run as the user that runs the worker", err)
	case err != nil:
		return "", fmt.Errorf("read the embedded NATS token: %w", err)
	}
	return token, nil
}

func readToken(dataDir string) (string, error) {
	path := filepath.Join(dataDir, tokenFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	if len(token) < minTokenLen {
		return "", fmt.Errorf("%s holds %d characters, at least %d are needed; remove the file and restart the worker to get a new token",
			path, len(token), minTokenLen)
	}
	return token, nil
}

// createToken returns the token in dataDir, made if there is none. The caller
// holds the lock of dataDir. The file appears whole or not at all, so that a
// client which reads it meanwhile never gets half a token.
func createToken(dataDir string) (string, error) {
	path := filepath.Join(dataDir, tokenFile)
	token, err := readToken(dataDir)
	if err == nil {
		// A volume can come back with wider modes than it was left with.
		if err := os.Chmod(path, 0o600); err != nil {
			return "", fmt.Errorf("protect the embedded NATS token: %w", err)
		}
		return token, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the embedded NATS token: %w", err)
	}
	token = rand.Text()
	if err := writeFileAtomic(path, token+"\n"); err != nil {
		return "", dataDirError("write the NATS token to", dataDir, err)
	}
	return token, nil
}

// writeFileAtomic writes a file that only its owner may read, and syncs it.
func writeFileAtomic(path, content string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // CreateTemp's mode is 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.WriteString(content)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
