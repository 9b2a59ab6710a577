package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/internal/grantkeys"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// keyPair is a new identity and its recipient.
func keyPair(t *testing.T) (identity, recipient string) {
	t.Helper()
	k, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return k.String(), k.Recipient().String()
}

// storeGrant makes the bucket with one grant, and returns the identity that opens
// it.
func storeGrant(t *testing.T, js jetstream.JetStream) (identity string) {
	t.Helper()
	identity, _ = keyPair(t)
	ids, err := grants.ParseIdentities(identity)
	if err == nil {
		err = grants.Topology{}.Create(t.Context(), js)
	}
	if err != nil {
		t.Fatal(err)
	}
	keys := grants.Keys{Identities: func() (grants.Identities, error) { return ids, nil }}
	store, err := grants.NewStore(t.Context(), js, keys, nil)
	if err == nil {
		_, err = store.Put(t.Context(), grants.Consent{ID: "sara", Tokens: kenar.Tokens{
			Access: "ory_at_1", Refresh: "ory_rt_1", Scope: []string{"USER_POSTS_ADDON_CREATE"}, ExpiresIn: time.Hour}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func loaded(t *testing.T, environ ...string) config.Config {
	t.Helper()
	cfg, err := config.Load(nil, append([]string{"KENAR_API_KEY=k"}, environ...), config.Worker, checks())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestWhereTheIdentitiesAre(t *testing.T) {
	a, ra := keyPair(t)
	b, rb := keyPair(t)
	dir := t.TempDir()
	if err := grantkeys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	made, err := grantkeys.Recipient(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		environ []string
		newest  string // recipient; "": there are none
		says    string // of an error
	}{
		{"those of the setting", []string{"GRANT_IDENTITY=" + a, "DATA_DIR=" + dir}, ra, ""},
		{"several, newest first", []string{"GRANT_IDENTITY=" + b + "\n" + a}, rb, ""},
		{"embedded, in the data directory", []string{"DATA_DIR=" + dir}, made, ""},
		{"another server and no setting", []string{"NATS_URL=nats://host", "DATA_DIR=" + dir}, "", ""},
		{"a recipient of the older one", []string{"GRANT_IDENTITY=" + b + "\n" + a, "GRANT_RECIPIENT=" + ra}, rb, ""},
		{"a recipient of nobody", []string{"GRANT_IDENTITY=" + a, "GRANT_RECIPIENT=" + rb}, "", "GRANT_RECIPIENT: it belongs to no identity"},
		{"a damaged identity", []string{"GRANT_IDENTITY=" + a[:30]}, "", "GRANT_IDENTITY: identity 1 is not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids, err := newIdentities(loaded(t, c.environ...), zerolog.Nop())
			if (err != nil) != (c.says != "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), a[20:30])) {
				t.Fatalf("error %v, want %q", err, c.says)
			}
			if (ids != nil) != (c.newest != "") {
				t.Fatalf("identities %v, want of recipient %q", ids, c.newest)
			}
			if ids != nil {
				if got := ids.good.Newest()[0].String(); got != c.newest {
					t.Errorf("the newest is that of %s, want %s", got, c.newest)
				}
			}
		})
	}
}

// A changed text is used at once; a bad one is complained of, once, and the last
// good one stays.
func TestIdentitiesChange(t *testing.T) {
	a, ra := keyPair(t)
	b, rb := keyPair(t)
	foreign, _ := keyPair(t)
	var text string
	var err error
	var log bytes.Buffer
	ids := &identities{text: func() (string, error) { return text, err }, recipient: ra, log: zerolog.New(&log)}
	for _, c := range []struct {
		name   string
		text   string
		err    error
		newest string
		logs   string // a new line of the log; "": none
	}{
		{"first", a, nil, ra, "have changed"},
		{"the same", a, nil, ra, ""},
		{"a newer one in front", b + "\n" + a, nil, rb, "have changed"},
		{"damaged", b[:30], nil, rb, "the last good ones stay in use"},
		{"still damaged", b[:30], nil, rb, ""},
		{"without that of the recipient", foreign, nil, rb, "belongs to no identity"},
		{"not to be read", "", errors.New("no such file"), rb, "no such file"},
		{"good again", b + "\n" + a, nil, rb, ""},
		{"damaged once more", b[:30], nil, rb, "the last good ones stay in use"},
	} {
		text, err = c.text, c.err
		log.Reset()
		got, failed := ids.current()
		if failed != nil {
			t.Fatalf("%s: %v", c.name, failed)
		}
		if newest := got.Newest()[0].String(); newest != c.newest {
			t.Errorf("%s: the newest is that of %s, want %s", c.name, newest, c.newest)
		}
		if said := log.String(); (said == "") != (c.logs == "") || !strings.Contains(said, c.logs) || strings.Contains(said, b[20:30]) || strings.Contains(said, foreign[20:30]) {
			t.Errorf("%s: the log says %q, want %q", c.name, said, c.logs)
		}
	}
}

// Without the client secret a refresh says so, and that the tokens are as good
// as before.
func TestNoRefresh(t *testing.T) {
	_, err := noRefresh(t.Context(), "ory_rt_1", "ory_at_1")
	if !errors.Is(err, kenar.ErrClientSecret) || kenar.TokensLost(err) || kenar.IsInvalidGrant(err) || !strings.Contains(err.Error(), "KENAR_CLIENT_SECRET is not set") {
		t.Errorf("error %v", err)
	}
}

// With an identity that opens none of the grants the worker ends at once, says
// what to do, and overwrites nothing. The check says so beforehand.
func TestWrongIdentity(t *testing.T) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	right := storeGrant(t, js)
	wrong, _ := keyPair(t)
	file := filepath.Join(t.TempDir(), "identity")
	environ := []string{
		"NATS_URL=" + srv.ClientURL(), "NATS_AUTO_CREATE=true", "KENAR_API_KEY=k", "GRANT_IDENTITY_FILE=" + file,
		"ADMIN_ADDR=127.0.0.1:0", "KENAR_BASE_URL=http://127.0.0.1:1", "KENAR_LEGACY_URL=http://127.0.0.1:1",
	}
	run := func(identity string, args ...string) (code int, said string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(identity+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := os.Create(filepath.Join(t.TempDir(), "out")) // which, unlike a buffer, many may write to
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Close() }()
		cmd := newCommand(&app{out: out, err: out, environ: environ, now: time.Now})
		cmd.SetArgs(args)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		code = cli.Run(ctx, cmd)
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return code, string(b)
	}

	before, err := js.Stream(t.Context(), "KV_"+grants.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	code, said := run(wrong, "run")
	if code != cli.Misused || !strings.Contains(said, "1 of 1 grants, first sara: no known identity opens it; add the identity they were sealed with to GRANT_IDENTITY") {
		t.Errorf("exit code %d, said:\n%s", code, said)
	}
	code, said = run(wrong, "check", "--json")
	if code != cli.Failed || !strings.Contains(said, `{"check":"grants","status":"failed"`) {
		t.Errorf("exit code %d of the check, said:\n%s", code, said)
	}
	if strings.Contains(said, wrong) {
		t.Error("the check tells the identity")
	}
	after, err := js.Stream(t.Context(), "KV_"+grants.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	if b, a := before.CachedInfo().State.LastSeq, after.CachedInfo().State.LastSeq; a != b {
		t.Errorf("the bucket was written to: %d, then %d", b, a)
	}
	_, said = run(right+"\n"+wrong, "check", "--json")
	if !strings.Contains(said, `{"check":"grants","status":"ok","detail":"1 grant can be opened, with 2 identities"}`) {
		t.Errorf("with the right one beside it, the check said:\n%s", said)
	}
}
