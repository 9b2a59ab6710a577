// Package clitest lets scripts tell stories about the commands: with a
// simulated Kenar, with servers that come and go, and with addresses that are
// free. The scripts are those of testscript.
//
// A script finds in its environment: KENAR_API_KEY, KENAR_BASE_URL and
// KENAR_LEGACY_URL of its own simulated Kenar; DATA_DIR, EMBEDDED_NATS_ADDR and
// ADMIN_ADDR for a worker; NATS_ADDR and REDIS_ADDR, where nothing listens until
// the script starts something; EXAMPLES, the directory of the sample events.
package clitest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest" //nolint:depguard // test support: only tests import this package
)

// Main runs the tests of a command, which scripts can run by its name, and
// checks that they leave no goroutine behind.
func Main(m *testing.M, name string, main func()) {
	testscript.Main(leakChecked{m}, map[string]func(){name: main})
}

type leakChecked struct{ m *testing.M }

func (c leakChecked) Run() int {
	code := c.m.Run()
	if err := goleak.Find(ServerLeaks()...); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Run runs the scripts in testdata. The other commands are packages of this
// module, such as "./cmd/worker", which are built for the scripts.
func Run(t *testing.T, others ...string) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for _, pkg := range others {
		cmd := exec.Command("go", "build", "-o", bin+string(filepath.Separator), pkg)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:               func(env *testscript.Env) error { return setup(env, root, bin) },
		Cmds:                commands(),
	})
}

// world is the key of a script's world among its values.
type world struct{}

// A scene is the world of one script.
type scene struct {
	kenar   *kenartest.Server
	servers map[string]func() // what stops them, by name
}

func sceneOf(ts *testscript.TestScript) *scene {
	s, _ := ts.Value(world{}).(*scene)
	return s
}

func setup(env *testscript.Env, root, bin string) error {
	kenar, err := kenartest.Start(kenartest.Config{})
	if err != nil {
		return err
	}
	kenar.AddPost(kenartest.SamplePosts()...)
	s := &scene{kenar: kenar, servers: make(map[string]func())}
	env.Values[world{}] = s
	env.Defer(func() {
		for _, stop := range s.servers {
			stop()
		}
		kenar.Close()
	})
	addrs, err := freeAddrs(4)
	if err != nil {
		return err
	}
	env.Vars = append(env.Vars,
		"TZ=UTC",
		"EXAMPLES="+filepath.Join(root, "examples"),
		"KENAR_API_KEY=key-of-the-script", "KENAR_BASE_URL="+kenar.URL(), "KENAR_LEGACY_URL="+kenar.URL(),
		"DATA_DIR="+filepath.Join(env.WorkDir, "data"), "EMBEDDED_NATS_ADDR="+addrs[0], "ADMIN_ADDR="+addrs[1],
		"NATS_ADDR="+addrs[2], "REDIS_ADDR="+addrs[3],
	)
	for i, v := range env.Vars {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			env.Vars[i] = "PATH=" + path + string(filepath.ListSeparator) + bin
		}
	}
	return nil
}

// freeAddrs returns loopback addresses with ports that were free a moment ago.
func freeAddrs(n int) (addrs []string, err error) {
	var taken []net.Listener
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		taken = append(taken, l)
		addrs = append(addrs, l.Addr().String())
	}
	for _, l := range taken { // only now, so that they differ
		err = errors.Join(err, l.Close())
	}
	return addrs, err
}
