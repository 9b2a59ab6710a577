//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// A lock keeps other processes, and other servers of this one, off a data
// directory. The kernel gives it up when the process ends in whatever way, so
// a killed worker leaves nothing to clean up.
type lock struct{ file *os.File }

// acquireLock takes the lock of dir or says who has it.
func acquireLock(dir string) (*lock, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, dataDirError("lock", dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("another worker (pid %s) uses DATA_DIR %s: stop it, or give this one a DATA_DIR of its own", holder(path), dir)
		return nil, errors.Join(err, f.Close())
	}
	if err == nil {
		err = writePID(f)
	}
	if err != nil {
		return nil, errors.Join(dataDirError("lock", dir, err), f.Close())
	}
	return &lock{file: f}, nil
}

// release gives the lock up. The file stays: removing it would let two
// processes hold locks on two files of the same name.
func (l *lock) release() { _ = l.file.Close() } // nothing was written since writePID

// writePID leaves the holder's process id for whoever finds the lock taken.
func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder is the process id in the lock file, or "unknown" in the instant
// between another process's locking and writing it.
func holder(path string) string {
	b, err := os.ReadFile(path)
	pid, convErr := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || convErr != nil {
		return "unknown"
	}
	return strconv.Itoa(pid)
}
