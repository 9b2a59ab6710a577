package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// TestGrantScripts tells the stories of testdata/grant: with a NATS that has the
// bucket of grants, and a simulated OAuth server. After each command, and in
// the store of NATS at the end, there must be no secret (G7).
//
//	grant CODE ARG…             run publisher grant, which must end with this code
//	tokens FILE AGE USER SCOPE… get tokens as another program, that long ago
//	browse USER [deny]          open the url of the last output as USER, who consents; sets BACK,
//	                            the address it comes back to, with STATE and CODE out of it
//	queue EVENT GRANT           an event that names a grant waits
//	finish EVENT                it has ended
//	damage GRANT                somebody overwrites an entry
//	forget                      somebody removes the bucket
func TestGrantScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "grant"), RequireExplicitExec: true, RequireUniqueNames: true,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:         setGrantScene,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"grant": grantAndScan, "tokens": getTokens, "browse": browse, "queue": queueEvent, "finish": queueEvent, "damage": damage, "forget": forget,
		},
	})
}

const (
	sceneApp    = "karshenas"
	sceneSecret = "client-secret-of-the-scene"
	sceneBack   = "https://app.example/kenar/back"
)

// secrets are what must be seen nowhere, in all forms that a scene makes.
var secrets = regexp.MustCompile(`ory_[a-z]{2}_[A-Za-z0-9]{6,}|AGE-SECRET-KEY-1[A-Z0-9]{4,}|` + sceneSecret)

type grantWorld struct{}

// A grantScene is the world of one story.
type grantScene struct {
	kenar *kenartest.Server
	js    jetstream.JetStream
}

func sceneOfGrants(ts *testscript.TestScript) *grantScene {
	s, _ := ts.Value(grantWorld{}).(*grantScene)
	return s
}

func setGrantScene(env *testscript.Env) error {
	var ids []*age.X25519Identity
	for _, name := range []string{"old", "new"} {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return err
		}
		ids = append(ids, id)
		if err := os.WriteFile(filepath.Join(env.WorkDir, name+".identity"), []byte("# "+name+"\n"+id.String()+"\n"), 0o600); err != nil {
			return err
		}
		env.Vars = append(env.Vars, strings.ToUpper(name)+"_RECIPIENT="+id.Recipient().String())
	}
	both := ids[1].String() + "\n" + ids[0].String() + "\n"
	if err := os.WriteFile(filepath.Join(env.WorkDir, "both.identity"), []byte(both), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(env.WorkDir, "client.secret"), []byte(sceneSecret+"\n"), 0o600); err != nil {
		return err
	}
	store := filepath.Join(env.WorkDir, "nats")
	nc, stop, err := startJetStream(store)
	if err != nil {
		return err
	}
	kenar, err := kenartest.Start(kenartest.Config{})
	if err != nil {
		stop()
		return err
	}
	kenar.SetClients(kenartest.Client{ID: sceneApp, Secrets: []string{sceneSecret}, RedirectURIs: []string{sceneBack}})
	env.Defer(func() {
		kenar.Close()
		stop()
		if where := secretIn(store); where != "" {
			env.T().Fatal("the store of NATS holds a secret in clear: " + where)
		}
	})
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	env.Values[grantWorld{}] = &grantScene{kenar: kenar, js: js}
	env.Vars = append(env.Vars,
		"TZ=UTC", "GORACE=atexit_sleep_ms=0", "LOG_LEVEL=trace", "NATS_URL="+nc.ConnectedUrl(), "GRANT_RECIPIENT="+ids[0].Recipient().String(),
		"KENAR_OAUTH_URL="+kenar.URL(), "KENAR_APP="+sceneApp, "KENAR_CLIENT_SECRET_FILE="+filepath.Join(env.WorkDir, "client.secret"), "KENAR_REDIRECT_URI="+sceneBack,
	)
	return makeStreams(js)
}

// startJetStream starts a server, and connects to it.
func startJetStream(store string) (_ *nats.Conn, stop func(), _ error) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: store, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, nil, err
	}
	srv.Start()
	shut := func() { srv.Shutdown(); srv.WaitForShutdown() }
	if !srv.ReadyForConnections(30 * time.Second) {
		shut()
		return nil, nil, errors.New("NATS server is not ready")
	}
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		shut()
		return nil, nil, err
	}
	return nc, func() { nc.Close(); shut() }, nil
}

// makeStreams does what an administrator, or a worker, has done.
func makeStreams(js jetstream.JetStream) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := (grants.Topology{}).Create(ctx, js); err != nil {
		return err
	}
	_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: pipeline.OutcomeStream, Subjects: []string{"kenar.outcomes.>"}})
	return err
}

// secretIn returns the first file below a directory that holds a secret.
func secretIn(dir string) (found string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if secrets.Match(data) {
			found = path
			return filepath.SkipAll
		}
		return err
	})
	return found
}

// grantAndScan runs publisher grant, and looks for secrets in what it writes.
func grantAndScan(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: grant CODE ARG…")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec("publisher", append([]string{"grant"}, args[1:]...)...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if found := secrets.FindString(ts.ReadFile(stream)); found != "" {
			ts.Fatalf("%s shows a secret: %s", stream, found)
		}
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func getTokens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: tokens FILE AGE USER SCOPE…")
	}
	ago, err := time.ParseDuration(args[1])
	ts.Check(err)
	t := sceneOfGrants(ts).kenar.Grant(args[2], args[3:]...)
	answer := map[string]any{
		"access_token": t.Access, "refresh_token": t.Refresh, "expires_in": 3600, "scope": strings.Join(args[3:], " "), "token_type": "bearer",
		"obtained_at": time.Now().Add(-ago), "user_id": args[2],
	}
	data, err := json.Marshal(answer)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

var authorizeURL = regexp.MustCompile(`https?://[^\s"]+/oauth2/auth\?[^\s"]+`)

func browse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: browse USER [deny]")
	}
	decision := "approve"
	if len(args) == 2 {
		decision = args[1]
	}
	back, err := consent(authorizeURL.FindString(ts.ReadFile("stdout")), args[0], decision)
	ts.Check(err)
	u, err := url.Parse(back)
	ts.Check(err)
	ts.Setenv("BACK", back)
	ts.Setenv("STATE", u.Query().Get("state"))
	ts.Setenv("CODE", u.Query().Get("code"))
}

// consent goes to an authorize URL as a user with a decision, and returns where
// the browser is sent.
func consent(address, user, decision string) (string, error) {
	browser := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       10 * time.Second,
	}
	resp, err := browser.Get(address + "&" + url.Values{"user": {user}, "auto": {decision}}.Encode())
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	back := resp.Header.Get("Location")
	if back == "" {
		return "", fmt.Errorf("the browser is not sent back: %s", resp.Status)
	}
	return back, nil
}

func queueEvent(ts *testscript.TestScript, neg bool, args []string) {
	m := &nats.Msg{Subject: "kenar.outcomes.final.", Data: []byte("{}"), Header: nats.Header{}}
	switch {
	case !neg && len(args) == 2:
		m.Subject = "kenar.outcomes.queued."
		m.Header.Set("Kenar-Grant", args[1])
	case neg || len(args) != 1:
		ts.Fatalf("usage: queue EVENT GRANT, finish EVENT")
	}
	m.Subject += args[0]
	_, err := sceneOfGrants(ts).js.PublishMsg(context.Background(), m)
	ts.Check(err)
}

func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage GRANT")
	}
	kv, err := sceneOfGrants(ts).js.KeyValue(context.Background(), grants.Bucket)
	ts.Check(err)
	_, err = kv.Put(context.Background(), args[0], []byte("{"))
	ts.Check(err)
}

func forget(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: forget")
	}
	ts.Check(sceneOfGrants(ts).js.DeleteKeyValue(context.Background(), grants.Bucket))
}

// The scan of the stories finds what it looks for.
func TestTheScanFindsSecrets(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), bytes.Repeat([]byte("x"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := secretIn(dir); found != "" {
		t.Errorf("%s is taken for a secret", found)
	}
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("xx ory_at_ABCDEFGHIJ xx"), 0o600); err != nil {
		t.Fatal(err)
	}
	if secretIn(dir) == "" {
		t.Error("an access token is not found")
	}
}
