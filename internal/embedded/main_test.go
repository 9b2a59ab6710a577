package embedded

import (
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/kenar-addons/kenar-addons/internal/cli/clitest"
)

// serveEnv makes the test binary a worker of sorts: it starts the server on the
// data directory in this variable, prints its URL, and runs until it is killed
// or its standard input ends.
const serveEnv = "EMBEDDED_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveEnv); dir != "" {
		os.Exit(serve(dir))
	}
	goleak.VerifyTestMain(m, clitest.ServerLeaks()...)
}

func serve(dir string) int {
	n, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer n.Shutdown()
	fmt.Println(n.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}
