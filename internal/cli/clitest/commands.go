package clitest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"         //nolint:depguard // test support: only tests import this package
	"github.com/nats-io/nats-server/v2/server" //nolint:depguard // test support: only tests import this package
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest" //nolint:depguard // test support: only tests import this package
)

// patience is how long a script waits for what has to come.
const patience = 30 * time.Second

// commands are those that scripts have beside testscript's own:
//
//	exits CODE COMMAND ARG…     run a command, which must end with this code
//	ready CODE [REGEXP]         wait until /readyz answers so
//	admin PATH                  get a path of the admin server
//	start nats|redis|taken ADDR start a server, or one that only takes the port
//	stop nats|redis             stop it, without forgetting what it holds
//	await DURATION COMMAND ARG…  run a command until it succeeds
//	term COMMAND                send SIGTERM to a command in the background
//	kenar fault TARGET STATUS BODY   answer the next POST about a target so
//	kenar delay TARGET DURATION      answer it late
//	kenar hang TARGET                answer it never
//	kenar await N               wait for so many calls
//	kenar calls                 print all calls, and how many they are
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits, "ready": ready, "admin": admin, "start": start, "stop": stop, "kenar": kenar, "term": term, "await": await,
	}
}

func check(ts *testscript.TestScript, neg bool, args []string, least int) {
	if neg || len(args) < least {
		ts.Fatalf("usage: see clitest")
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 2)
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// await repeats a command against a server that is about to come up.
func await(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 2)
	within, err := time.ParseDuration(args[0])
	ts.Check(err)
	deadline := time.Now().Add(within)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no success within %s: %v", within, err)
		}
		<-tick.C
	}
}

// get asks the admin server of the script's worker.
func get(ts *testscript.TestScript, path string) (status int, body string, err error) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + ts.Getenv("ADMIN_ADDR") + path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	return r.StatusCode, string(b), err
}

func ready(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 1)
	pattern := regexp.MustCompile("")
	if len(args) > 1 {
		pattern = regexp.MustCompile("(?m)" + args[1])
	}
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, body, err := get(ts, "/readyz")
		if err == nil && strconv.Itoa(status) == args[0] && pattern.MatchString(body) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("/readyz says %d %q (%v) after %s, want %v", status, body, err, patience, args)
		}
		<-tick.C
	}
}

func admin(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 1)
	status, body, err := get(ts, args[0])
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d\n%s", status, body)
	ts.Check(err)
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 2)
	s := sceneOf(ts)
	host, port, err := net.SplitHostPort(args[1])
	ts.Check(err)
	switch args[0] {
	case "nats":
		n, err := strconv.Atoi(port)
		ts.Check(err)
		srv, err := server.NewServer(&server.Options{Host: host, Port: n, JetStream: true, StoreDir: ts.MkAbs("nats"), NoSigs: true, NoLog: true})
		ts.Check(err)
		srv.Start()
		if !srv.ReadyForConnections(patience) {
			ts.Fatalf("NATS server is not ready")
		}
		s.servers["nats"] = func() { srv.Shutdown(); srv.WaitForShutdown() }
	case "redis":
		m := miniredis.NewMiniRedis()
		ts.Check(m.StartAddr(args[1]))
		s.servers["redis"] = m.Close
	case "taken":
		l, err := net.Listen("tcp", args[1])
		ts.Check(err)
		s.servers["taken "+args[1]] = func() { _ = l.Close() }
	default:
		ts.Fatalf("start what? %s", args[0])
	}
}

func stop(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 1)
	s := sceneOf(ts)
	if s.servers[args[0]] == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	s.servers[args[0]]()
	delete(s.servers, args[0])
}

// term is testscript's kill for the signal that it does not know.
func term(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 1)
	for _, cmd := range ts.BackgroundCmds() {
		if filepath.Base(cmd.Path) == args[0] {
			ts.Check(cmd.Process.Signal(syscall.SIGTERM))
			return
		}
	}
	ts.Fatalf("%s does not run in the background", args[0])
}

func kenar(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, neg, args, 1)
	k := sceneOf(ts).kenar
	switch {
	case args[0] == "fault" && len(args) == 4:
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		k.Script(kenartest.Fault{Method: http.MethodPost, Target: args[1], Status: status, Body: args[3]})
	case args[0] == "delay" && len(args) == 3:
		d, err := time.ParseDuration(args[2])
		ts.Check(err)
		k.Script(kenartest.Fault{Method: http.MethodPost, Target: args[1], Delay: d})
	case args[0] == "hang" && len(args) == 2:
		k.Script(kenartest.Fault{Method: http.MethodPost, Target: args[1], Hang: true})
	case args[0] == "await" && len(args) == 2:
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, err = k.WaitCalls(ctx, n)
		ts.Check(err)
	case args[0] == "calls" && len(args) == 1:
		calls := k.Calls()
		for _, c := range calls {
			_, err := fmt.Fprintln(ts.Stdout(), c)
			ts.Check(err)
		}
		_, err := fmt.Fprintf(ts.Stdout(), "calls: %d\n", len(calls))
		ts.Check(err)
	default:
		ts.Fatalf("usage: see clitest")
	}
}
