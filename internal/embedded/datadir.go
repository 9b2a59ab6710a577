package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
)

// createDataDir makes dir and the store's directory in it. A directory that was
// there before keeps its mode, since it may be shared or a mounted volume; the
// store's own is closed to others in either case, because events can hold
// personal data.
func createDataDir(dir string) error {
	if dir == "" {
		return errors.New("DATA_DIR is empty: set it to a directory in which the embedded JetStream may keep its data")
	}
	store := filepath.Join(dir, server.JetStreamStoreDir)
	if err := os.MkdirAll(store, 0o700); err != nil {
		return dataDirError("create", dir, err)
	}
	if err := os.Chmod(store, 0o700); err != nil {
		return dataDirError("protect", dir, err)
	}
	probe, err := os.CreateTemp(store, ".probe-*")
	if err != nil {
		return dataDirError("write to", dir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// dataDirError is err, which an operation on something in dir gave, with what to
// do about it.
func dataDirError(doing, dir string, err error) error {
	return fmt.Errorf("%s DATA_DIR %s: %w%s", doing, dir, err, hint(err.Error()))
}

// hint is advice on a file error, with a separator in front, or empty. It goes
// by the text because the server reports errors of the store only as text.
func hint(text string) string {
	contains := func(err error) bool { return strings.Contains(text, err.Error()) }
	switch {
	case contains(syscall.ENOSPC):
		return "; the disk is full: free some space and start again"
	case contains(syscall.EROFS):
		return "; the file system is read-only: set DATA_DIR to a directory on a writable one"
	case contains(syscall.EACCES), contains(syscall.EPERM), strings.Contains(text, "not writable"):
		return fmt.Sprintf("; set DATA_DIR to a directory that user %d may write to", os.Getuid())
	case contains(syscall.ENOTDIR), strings.Contains(text, "not a directory"):
		return "; set DATA_DIR to a directory, or remove the file in its place"
	}
	return ""
}
