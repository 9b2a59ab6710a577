package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kenar-addons/kenar-addons/internal/natstoken"
)

// createToken returns the token in dataDir, made if there is none. The caller
// holds the lock of dataDir. The file appears whole or not at all, so that a
// client which reads it meanwhile never gets half a token.
func createToken(dataDir string) (string, error) {
	path := natstoken.Path(dataDir)
	token, err := natstoken.Read(dataDir)
	if err == nil {
		// A volume can come back with wider modes than it was left with.
		if err := os.Chmod(path, 0o600); err != nil {
			return "", fmt.Errorf("protect the embedded NATS token: %w", err)
		}
		return token, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
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
