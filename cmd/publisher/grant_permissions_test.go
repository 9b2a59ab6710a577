package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/internal/cli"
)

// documented are the subjects to which docs/operating.md lets a user publish.
func documented(t *testing.T, user string) []string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(doc), "{ user: "+user+",")
	block, _, closed := strings.Cut(block, "subscribe:")
	var subjects []string
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(block, -1) {
		subjects = append(subjects, m[1])
	}
	if !found || !closed || len(subjects) == 0 {
		t.Fatalf("docs/operating.md lists no permissions of user %s", user)
	}
	return subjects
}

// The permissions that the documentation gives operators are enough for all
// that is done with grants. NATS answers a missing one with silence, and says it
// on the side, where the log has it.
func TestOperatorsMayManageGrants(t *testing.T) {
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		Users: []*server.User{
			{Username: "admin", Password: "x"},
			{Username: "operator", Password: "x", Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: documented(t, "operator")},
				Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(30 * time.Second) {
		t.Fatal("NATS server is not ready")
	}
	admin, err := nats.Connect(srv.ClientURL(), nats.UserInfo("admin", "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	js, err := jetstream.New(admin)
	if err == nil {
		err = makeStreams(js)
	}
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	environ := []string{"NATS_URL=" + strings.Replace(srv.ClientURL(), "nats://", "nats://operator:x@", 1), "GRANT_IDENTITY=" + id.String()}
	const answer = `{"access_token":"a","refresh_token":"r","scope":"USER_ID offline_access"}`
	for _, args := range []string{"put sara", "put sara", "ls", "ls --at-risk", "show sara", "reseal", "revoke sara", "rm sara --yes"} {
		var out, stderr strings.Builder
		root := newCommand(&app{in: strings.NewReader(answer), out: &out, err: &stderr, environ: environ, now: time.Now})
		root.SetArgs(append([]string{"grant"}, strings.Fields(args)...))
		if code := cli.Run(t.Context(), root); code != cli.OK || strings.Contains(stderr.String(), "NATS reports an error") {
			t.Errorf("grant %s: exit code %d\n%s", args, code, &stderr)
		}
	}
}
