package ratelimit

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// TestACL does everything the package does as a user with no other rights.
func TestACL(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		admin, single := s.client().(*redis.Client)
		if s.mini != nil || !single {
			t.Skip("needs a real single server: miniredis has no ACL, and a cluster would need the user on each node")
		}
		name, secret := "rl-"+uuid.NewString(), uuid.NewString()
		rules := append([]string{"on", ">" + secret}, strings.Fields(ACL(s.app))...)
		if err := admin.ACLSetUser(t.Context(), name, rules...).Err(); err != nil {
			t.Skipf("the server does not let us make a user: %v", err)
		}
		t.Cleanup(func() { admin.ACLDelUser(t.Context(), name) })
		options := *admin.Options()
		options.Username, options.Password = name, secret
		client := redis.NewClient(&options)
		t.Cleanup(func() { _ = client.Close() })

		source := &journal{}
		as := func(c *Config) { c.Redis, c.Source = client, source }
		l := s.stranger("P=2/168h; app=50/24h", as)
		start(t, l)
		holds, err := l.Bucket("P").Acquire(t.Context(), 2, true)
		if err != nil || len(holds) != 2 {
			t.Fatalf("Acquire = %d holds, %v", len(holds), err)
		}
		source.record("P", time.Now(), holds...)
		spend(t, l.Bucket("P"), "11", holds...)
		l.Bucket("P").Commit(holds[0], time.Now())
		granted := waiting(t, l.Bucket("P"), false)
		l.Bucket("P").Refund(holds[1]) // and the hint arrives
		expect(t, granted, "a refund")
		if err := l.Bucket("FREE").Pause(t.Context(), Pause{Until: time.Now().Add(-time.Second), Probe: true}); err != nil {
			t.Fatal(err)
		}
		reserve(t, l.Bucket("FREE"), 1)
		if err := l.Bucket("FREE").Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if run := client.HGet(t.Context(), l.keys.meta(), "run").Val(); len(run) != 40 {
			t.Errorf("run id = %q: INFO is not allowed", run)
		}
		if s := status(t, l, "P"); !s.Known {
			t.Errorf("Status = %+v", s)
		}
		// Nothing beyond that is allowed.
		if err := client.Set(t.Context(), "kenar:{other}:x", 1, 0).Err(); err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("a key of another application: %v", err)
		}
		if err := client.FlushAll(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("FLUSHALL: %v", err)
		}
	})
}

func TestDocumentedACL(t *testing.T) {
	doc := strings.Join(strings.Fields(documentedACL(t)), " ")
	if got := ACL("shop"); doc != got {
		t.Errorf("the package comment has\n%s\nACL returns\n%s", doc, got)
	}
}

// documentedACL returns the rules that the package comment prints.
func documentedACL(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, found := strings.Cut(string(text), "//\tresetkeys")
	if !found {
		t.Fatal("doc.go has no rules")
	}
	rules, _, _ = strings.Cut(rules, "package ")
	return "resetkeys" + strings.ReplaceAll(rules, "//", "")
}
