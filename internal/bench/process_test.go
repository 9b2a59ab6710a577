package bench

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// buildWorker builds the worker as `make build` does.
func buildWorker(b *testing.B) string {
	b.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		b.Skip("needs /proc")
	}
	path := filepath.Join(b.TempDir(), "worker")
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "../../cmd/worker")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build the worker: %v\n%s", err, out)
	}
	return path
}

// A process is a worker that runs.
type process struct {
	cmd  *exec.Cmd
	log  bytes.Buffer // read it after stop
	stop func()
}

// startWorker starts a worker that takes its settings from env alone. It is
// asked to stop at the end of the benchmark at the latest, and must exit with 0.
func startWorker(b *testing.B, path string, env ...string) *process {
	b.Helper()
	p := &process{cmd: exec.Command(path)}
	p.cmd.Env = append([]string{"ADMIN_ADDR=127.0.0.1:0", "LOG_LEVEL=warn"}, env...)
	p.cmd.Stderr = &p.log
	must(b, p.cmd.Start())
	p.stop = sync.OnceFunc(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already, which Wait tells
		if err := p.cmd.Wait(); err != nil {
			b.Errorf("the worker ended with %v; its log:\n%s", err, p.log.String())
		}
	})
	b.Cleanup(p.stop)
	return p
}

// cpu is the time that the process has used, user and system together.
func (p *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	must(b, err)
	// The second field, the name, stands in parentheses and may hold anything.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	var ticks int64
	for _, field := range fields[11:13] { // utime and stime, of proc_pid_stat(5)
		n, err := strconv.ParseInt(field, 10, 64)
		must(b, err)
		ticks += n
	}
	const perSecond = 100 // USER_HZ, which Linux fixes for /proc on all its platforms
	return time.Duration(ticks) * time.Second / perSecond
}

// memory is the resident memory of the process in bytes.
func (p *process) memory(b *testing.B) int64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	must(b, err)
	pages, err := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	must(b, err)
	return pages * int64(os.Getpagesize())
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	defer func() { must(b, l.Close()) }()
	return l.Addr().String()
}

// eventually polls servers and processes, which do not know of the benchmark.
func eventually(b *testing.B, within time.Duration, what string, ok func() bool) {
	b.Helper()
	deadline := time.Now().Add(within)
	for tick := time.Tick(time.Millisecond); !ok(); <-tick {
		if time.Now().After(deadline) {
			b.Fatalf("%s: not within %s", what, within)
		}
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
