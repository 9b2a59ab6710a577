package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// Health is nil while every stream can be read and written, and says what is
// wrong otherwise. A stream that could not be written once, for example because
// other programs filled the disk, acknowledges nothing more until a restart.
func (n *NATS) Health() error {
	var problems []error
	for _, e := range n.unhealthy() {
		problems = append(problems, fmt.Errorf("embedded JetStream: %s; see to the disk under DATA_DIR and restart the worker%s", e.Error, hint(e.Error)))
	}
	return errors.Join(problems...)
}

// checkRecovered makes sure that every stream on disk is there again. The
// server leaves one whose description it cannot read out, with no more than a
// line in its log; creating it anew in that place would then pass for an empty
// queue and lose what it held.
//
// Damage inside a stream's messages goes unnoticed here: the server keeps what
// comes before the damage and reports the rest only in its log, if at all.
func (n *NATS) checkRecovered(dataDir string, log *serverLog) error {
	var problems []error
	for _, e := range n.unhealthy() {
		dir := filepath.Join(dataDir, server.JetStreamStoreDir, e.Account, "streams", e.Stream)
		if e.Stream == "" {
			problems = append(problems, fmt.Errorf("start the embedded JetStream in %s: %s", dataDir, e.Error))
			continue
		}
		if empty(dir) {
			continue
		}
		problems = append(problems, fmt.Errorf("stream %s is damaged and was not recovered (%s): restore %s from a backup, "+
			"or move it away to go on without the messages in it", e.Stream, log.about(e.Stream), dir))
	}
	return errors.Join(problems...)
}

// unhealthy lists what the server finds wrong with JetStream or with a stream.
func (n *NATS) unhealthy() []server.HealthzError {
	var found []server.HealthzError
	for _, e := range n.server.Healthz(&server.HealthzOptions{Details: true}).Errors {
		// A directory in the store that belongs to no account, such as a volume's
		// lost+found, concerns nobody; a dot marks a stream that is being deleted.
		if e.Type == server.HealthzErrorAccount || strings.HasPrefix(e.Stream, ".") {
			continue
		}
		found = append(found, e)
	}
	return found
}

// empty reports whether the directory of a stream holds no message, which is
// what a process that is killed while it creates a stream leaves behind.
func empty(stream string) bool {
	entries, err := os.ReadDir(filepath.Join(stream, "msgs"))
	if errors.Is(err, os.ErrNotExist) {
		return true
	}
	if err != nil {
		return false
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Size() > 0 {
			return false
		}
	}
	return true
}
