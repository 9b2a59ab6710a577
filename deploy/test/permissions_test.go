package charttest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"sigs.k8s.io/yaml"

	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// permissions is a file of the ConfigMap with the rights of users.
func permissions(t *testing.T, file string) string {
	t.Helper()
	all := release{values: minimal(t, "permissions: {enabled: true}")}.installed(t)
	text := str(find(t, all, "ConfigMap", "kenar-kenar-addons-permissions").tree, "data", file)
	if text == "" {
		t.Fatalf("the ConfigMap has no %s", file)
	}
	return text
}

// A server takes the users as they are, and each may do its part: an administrator
// creates what workers need, a worker finds it as it should be and creates nothing.
func TestNATSUsers(t *testing.T) {
	users := []string{"admin", "operator", "producer", "worker"}
	for _, user := range users {
		t.Setenv("KENAR_"+strings.ToUpper(user)+"_PASSWORD", "pass-"+user)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "nats.conf")
	text := "include accounts.conf\njetstream { store_dir: " + dir + "/data }\n"
	for file, text := range map[string]string{conf: text, filepath.Join(dir, "accounts.conf"): permissions(t, "nats-accounts.conf")} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opts, err := server.ProcessConfigFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	opts.Host, opts.Port, opts.NoSigs, opts.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
	srv, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(30 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	as := func(user string) jetstream.JetStream {
		nc, err := nats.Connect(srv.ClientURL(), nats.UserInfo(user, "pass-"+user),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // refusals are wanted here
		if err != nil {
			t.Fatalf("%s: %v", user, err)
		}
		t.Cleanup(nc.Close)
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		return js
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	streams := pipeline.Topology{AckWait: pipeline.AckWait(15 * time.Second)}
	for range 2 { // created, and brought up to date
		if err := streams.Create(ctx, as("admin")); err != nil {
			t.Fatalf("an administrator cannot create the streams: %v", err)
		}
		if err := (grants.Topology{}).Create(ctx, as("admin")); err != nil {
			t.Fatalf("an administrator cannot create the bucket of grants: %v", err)
		}
	}
	if err := streams.Check(ctx, as("worker")); err != nil {
		t.Errorf("a worker cannot look at the streams: %v", err)
	}
	if err := (grants.Topology{}).Check(ctx, as("worker")); err != nil {
		t.Errorf("a worker cannot look at the bucket of grants: %v", err)
	}
	for _, user := range users {
		if user == "admin" {
			continue
		}
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond) // NATS refuses with silence
		if _, err := as(user).CreateStream(short, jetstream.StreamConfig{Name: "X"}); err == nil {
			t.Errorf("a %s may create streams", user)
		}
		cancel()
	}
}

// The chart and docs/operating.md give users the same rights.
func TestNATSUsersAreAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	conf := permissions(t, "nats-accounts.conf")
	subjects := func(t *testing.T, text, user string) map[string][]string {
		t.Helper()
		_, block, found := strings.Cut(text, "{ user: "+user+",")
		block, _, closed := strings.Cut(block, "} }")
		publish, subscribe, both := strings.Cut(block, "subscribe:")
		if !found || !closed || !both {
			t.Fatalf("no rights of user %s", user)
		}
		of := make(map[string][]string)
		for name, part := range map[string]string{"publish": publish, "subscribe": subscribe} {
			for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(part, -1) {
				of[name] = append(of[name], m[1])
			}
			slices.Sort(of[name])
		}
		return of
	}
	for _, user := range []string{"worker", "operator", "producer"} {
		if diff := cmp.Diff(subjects(t, string(doc), user), subjects(t, conf, user)); diff != "" {
			t.Errorf("%s: documented (-) and in the chart (+):\n%s", user, diff)
		}
	}
}

// The values for the official charts of NATS and Valkey say the same as the files for
// plain servers.
func TestValuesOfOtherCharts(t *testing.T) {
	var nats struct {
		Config struct {
			Merge struct {
				Accounts map[string]struct {
					Users []struct {
						User        string
						Permissions struct{ Publish, Subscribe []string }
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(permissions(t, "nats-chart-values.yaml")), &nats); err != nil {
		t.Fatal(err)
	}
	conf, script := permissions(t, "nats-accounts.conf"), permissions(t, "nats-users.sh")
	users := nats.Config.Merge.Accounts["KENAR"].Users
	if len(users) != 4 {
		t.Fatalf("%d users, want 4", len(users))
	}
	for _, u := range users {
		for _, subjects := range [][]string{u.Permissions.Publish, u.Permissions.Subscribe} {
			if quoted := `["` + strings.Join(subjects, `", "`) + `"]`; !strings.Contains(conf, quoted) {
				t.Errorf("%s: the configuration lacks %s", u.User, quoted)
			}
			if list := "'" + strings.Join(subjects, ",") + "'"; !strings.Contains(script, list) {
				t.Errorf("%s: the script for nsc lacks %s", u.User, list)
			}
		}
	}
	var valkey struct {
		Auth struct {
			ACLUsers map[string]struct{ Permissions string } `json:"aclUsers"`
		}
	}
	if err := yaml.Unmarshal([]byte(permissions(t, "valkey-chart-values.yaml")), &valkey); err != nil {
		t.Fatal(err)
	}
	want := ratelimit.ACL("shop")
	if got := valkey.Auth.ACLUsers["kenar"].Permissions; got != want {
		t.Errorf("Valkey user has\n%s, want\n%s", got, want)
	}
	if got := permissions(t, "redis-users.acl"); !strings.HasSuffix(strings.TrimSpace(got), "> "+want) {
		t.Errorf("Redis user has\n%s, want\n%s", got, want)
	}
}
