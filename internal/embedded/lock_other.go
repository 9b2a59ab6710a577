//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package embedded

import (
	"fmt"
	"runtime"
)

// A lock keeps other processes off a data directory.
type lock struct{}

// acquireLock always fails: without a lock that dies with its holder, two
// servers could write to one store and destroy it.
func acquireLock(dir string) (*lock, error) {
	return nil, fmt.Errorf("lock DATA_DIR %s: the embedded JetStream does not run on %s; set NATS_URL to a NATS server", dir, runtime.GOOS)
}

func (*lock) release() {}
