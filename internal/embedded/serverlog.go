package embedded

import (
	"fmt"
	"strings"
	"sync"
)

// serverLog passes the server's warnings and errors on and drops the rest. It
// remembers those of the start, because a line of the log is all the server
// gives when it cannot listen or leaves a stream out.
type serverLog struct {
	logf func(format string, args ...any)

	mu      sync.Mutex
	started bool
	fatal   string   // the first fatal line of the start
	lines   []string // the warnings and errors of the start
}

// failure is the reason for which the server did not start, or empty.
func (l *serverLog) failure() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// about is what was logged about a stream during the start.
func (l *serverLog) about(stream string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.lines {
		if strings.Contains(line, stream) {
			found = append(found, line)
		}
	}
	if found == nil {
		return "the server gave no reason"
	}
	return strings.Join(found, "; ")
}

// endStart stops remembering.
func (l *serverLog) endStart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started, l.lines = true, nil
}

// Fatalf is called where nats-server as a program would exit.
func (l *serverLog) Fatalf(format string, v ...any) {
	line := l.pass(format, v...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started && l.fatal == "" {
		l.fatal = line
	}
}

// Errorf passes an error on.
func (l *serverLog) Errorf(format string, v ...any) { l.pass(format, v...) }

// Warnf passes a warning on.
func (l *serverLog) Warnf(format string, v ...any) { l.pass(format, v...) }

func (l *serverLog) pass(format string, v ...any) string {
	line := strings.TrimSpace(fmt.Sprintf(format, v...))
	l.mu.Lock()
	if !l.started {
		l.lines = append(l.lines, line)
	}
	l.mu.Unlock()
	l.logf("nats-server: %s", line)
	return line
}

// Noticef drops news of the normal course of things.
func (l *serverLog) Noticef(string, ...any) {}

// Debugf drops what is for the server's own developers.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef drops the protocol, which holds payloads.
func (l *serverLog) Tracef(string, ...any) {}
