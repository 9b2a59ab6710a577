package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// TestListingScripts tells the stories of testdata/listing: with a worker and a
// Kenar in which sara has a business, flats to let in Tehran have a price, and
// the app has money. The grant sara allows everything, the grant sara-unlisted
// all but to list her posts.
//
//	work [NAME=VALUE…]  run a worker, with more settings
//	rest                stop it
//	listing CODE ARG…   run publisher listing, which must end with this code
//	until COMMAND ARG…  run a command of the shell until it succeeds
//	lose OPERATION      the next call of an operation is carried out, its answer lost
//	refuse OPERATION    it is not carried out, and the connection lost
//	posts               print the posts that were submitted, with their state, and
//	                    what was spent; sets POST, the token of the last
func TestListingScripts(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "worker")
	if out, err := exec.Command("go", "build", "-o", bin, "../worker").CombinedOutput(); err != nil {
		t.Fatalf("build the worker: %v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "listing"), RequireExplicitExec: true, RequireUniqueNames: true,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:         func(env *testscript.Env) error { return setMarket(env, bin) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"work": work, "rest": rest, "listing": listingExits, "lose": lose(kenartest.Fault{LoseAnswer: true}), "refuse": lose(kenartest.Fault{CloseEarly: true}), "posts": printPosts, "until": until,
		},
	})
}

// saraScopes are what sara allows the app.
var saraScopes = []string{
	"SUBMIT_USER_POST", "PAYMENT_ALL_POSTS_PRICING_READ", "PAYMENT_ALL_POSTS_REORDER", "EDIT_USER_POST",
	"USER_SET_CUSTOMIZED_BUTTON", "USER_POSTS_ADDON_CREATE",
}

type marketWorld struct{}

// A market is the world of one story.
type market struct {
	kenar  *kenartest.Server
	nats   *nats.Conn
	bin    string   // of the worker
	env    []string // of the worker
	worker *exec.Cmd
	log    bytes.Buffer // of the worker
}

func marketOf(ts *testscript.TestScript) *market {
	m, _ := ts.Value(marketWorld{}).(*market)
	return m
}

func setMarket(env *testscript.Env, bin string) error {
	nc, stop, err := startJetStream(filepath.Join(env.WorkDir, "nats"))
	if err != nil {
		return err
	}
	m := &market{nats: nc, bin: bin}
	env.Defer(func() {
		if err := m.stop(); err != nil {
			env.T().Log(err)
		}
		if m.kenar != nil {
			m.kenar.Close()
		}
		stop()
	})
	if m.kenar, err = kenartest.Start(kenartest.Config{}); err != nil {
		return err
	}
	m.kenar.AddBusiness(kenartest.Business{Token: "amlak", Owner: "user-sara"})
	m.kenar.SetBalance("", 10_000_000)
	m.kenar.SetPrice("apartment-rent", "tehran", kenartest.Price{Submit: 1_500_000, Reorder: 200_000})
	identity, err := m.consents()
	if err != nil {
		return err
	}
	m.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + env.WorkDir, "NATS_URL=" + nc.ConnectedUrl(), "NATS_AUTO_CREATE=true", "GRANT_IDENTITY=" + identity,
		"KENAR_API_KEY=key-of-the-script", "KENAR_BASE_URL=" + m.kenar.URL(), "KENAR_LEGACY_URL=" + m.kenar.URL(), "KENAR_IMAGE_URL=" + m.kenar.URL(),
		"KENAR_TIMEOUT=2s", "BACKOFF_MIN=20ms", "BACKOFF_MAX=50ms", "ADMIN_ADDR=127.0.0.1:0", "LOG_LEVEL=debug",
	}
	env.Values[marketWorld{}] = m
	env.Vars = append(env.Vars, "TZ=UTC", "GORACE=atexit_sleep_ms=0", "NATS_URL="+nc.ConnectedUrl())
	return nil
}

// consents stores the grants of the stories, and returns what opens them.
func (m *market) consents() (identity string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	js, err := jetstream.New(m.nats)
	if err != nil {
		return "", err
	}
	if err := (grants.Topology{}).Create(ctx, js); err != nil {
		return "", err
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", err
	}
	to, err := grants.ParseRecipients(id.Recipient().String())
	if err != nil {
		return "", err
	}
	store, err := grants.NewStore(ctx, js, grants.Keys{Recipients: func() (grants.Recipients, error) { return to, nil }}, nil)
	if err != nil {
		return "", err
	}
	for name, scopes := range map[string][]string{
		"sara":          append([]string{"USER_POSTS_GET"}, saraScopes...),
		"sara-unlisted": saraScopes,
	} {
		got := m.kenar.Grant("user-sara", append(scopes, kenar.ScopeOfflineAccess)...)
		_, err := store.Put(ctx, grants.Consent{ID: name, UserID: "user-sara",
			Tokens: kenar.Tokens{Access: got.Access, Refresh: got.Refresh, Scope: scopes, ExpiresIn: time.Hour}})
		if err != nil {
			return "", err
		}
	}
	return id.String(), nil
}

// stop ends the worker, if one runs.
func (m *market) stop() error {
	if m.worker == nil {
		return nil
	}
	cmd := m.worker
	m.worker = nil
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the worker: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the worker ended badly: %w\n%s", err, &m.log)
	}
	return nil
}

func work(ts *testscript.TestScript, neg bool, args []string) {
	m := marketOf(ts)
	if neg || m.worker != nil {
		ts.Fatalf("usage: work [NAME=VALUE…], when none runs")
	}
	m.log.Reset()
	m.worker = exec.Command(m.bin)
	m.worker.Dir, m.worker.Env, m.worker.Stderr = ts.Getenv("WORK"), slices.Concat(m.env, args), &m.log
	ts.Check(m.worker.Start())
	client, err := pipeline.NewClient(m.nats, pipeline.Builder{})
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := client.Status(ctx) // an error while there are no streams
		if err == nil && len(status.Workers) > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("no worker answers: %v\n%s", err, &m.log)
		}
	}
}

func rest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: rest")
	}
	ts.Check(marketOf(ts).stop())
}

func listingExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: listing CODE ARG…")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec("publisher", append([]string{"listing"}, args[1:]...)...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: until COMMAND ARG…")
	}
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ts.Exec("sh", "-c", strings.Join(args, " "))
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no success: %v", err)
		}
		<-tick.C
	}
}

// lose makes a command that spoils the next call of an operation.
func lose(f kenartest.Fault) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: lose OPERATION, refuse OPERATION")
		}
		fault := f // of this story alone
		fault.Op = kenartest.Op(args[0])
		marketOf(ts).kenar.Script(fault)
	}
}

func printPosts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: posts")
	}
	k := marketOf(ts).kenar
	for _, l := range k.Submitted() {
		_, err := fmt.Fprintln(ts.Stdout(), l.Token, l.State)
		ts.Check(err)
		ts.Setenv("POST", l.Token)
	}
	books := k.Books("")
	ts.Check(books.Check())
	_, err := fmt.Fprintf(ts.Stdout(), "spent: %d\n", books.Completed)
	ts.Check(err)
}
