package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

func TestRedisURL(t *testing.T) {
	for _, c := range []struct {
		url  string
		want any
	}{
		{"redis://me:secret@host:6379/2", single{"host:6379", "me", "secret", 2, false}},
		{"redis://host", single{"host:6379", "", "", 0, false}},
		{"rediss://host:6380", single{"host:6380", "", "", 0, true}},
		{"redis://me:secret@a:6379?addr=b:6379", cluster{[]string{"a:6379", "b:6379"}, "me", "secret", false}},
		{"rediss://a:6379, rediss://b:6379,rediss://c:6379", cluster{[]string{"a:6379", "b:6379", "c:6379"}, "", "", true}},
		{"redis://a:6379?cluster=true", cluster{[]string{"a:6379"}, "", "", false}},
		{"redis://:secret@s1:26379/0?master_name=main&addr=s2:26379", single{"FailoverClient", "", "", 0, false}},
		{"redis://s1:26379?master_name=main,redis://s2:26379", single{"FailoverClient", "", "", 0, false}},
		{"redis://s1:26379,redis://s2:26379?master_name=main", "the parameters are not in the first URL"},
		{"redis://a:6379,redis://me@b:6379", "the user is not in the first URL"},
		{"redis://a:6379?cluster=true&master_name=main", "both a cluster and Sentinel"},
		{"redis://a:6379?bogus=1", "no such parameter"},
	} {
		t.Run(c.url, func(t *testing.T) {
			open, err := parseRedisURL(c.url)
			if want, bad := c.want.(string); bad {
				if err == nil {
					t.Errorf("is taken; want an error: %s", want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			client := open()
			defer func() { _ = client.Close() }()
			if diff := cmp.Diff(c.want, settingsOf(t, client), cmp.AllowUnexported(single{}, cluster{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What a client was made of, as far as a URL decides it.
type (
	single struct {
		addr, user, password string
		db                   int
		tls                  bool
	}
	cluster struct {
		addrs          []string
		user, password string
		tls            bool
	}
)

// settingsOf also checks what the limiter needs of every client.
func settingsOf(t *testing.T, client redis.UniversalClient) any {
	t.Helper()
	switch c := client.(type) {
	case *redis.Client:
		o := c.Options()
		if !o.ContextTimeoutEnabled || o.MaxRetries > 0 {
			t.Errorf("deadlines %t, retries %d", o.ContextTimeoutEnabled, o.MaxRetries)
		}
		return single{o.Addr, o.Username, o.Password, o.DB, o.TLSConfig != nil}
	case *redis.ClusterClient:
		o := c.Options()
		if !o.ContextTimeoutEnabled || o.MaxRetries > 0 {
			t.Errorf("deadlines %t, retries %d", o.ContextTimeoutEnabled, o.MaxRetries)
		}
		return cluster{o.Addrs, o.Username, o.Password, o.TLSConfig != nil}
	}
	t.Fatalf("a %T", client)
	return nil
}

func TestRedisURLErrorsTellNoSecrets(t *testing.T) {
	for _, url := range []string{
		"redis://me:hunter2@host:6379/many", "redis://me:hunter2@host:6379?bogus=1", "redis://me:hunter2@host:6379?pool_size=big",
		"redis://me:hunter2@a:6379,redis://me:hunter2@", "redis://me:hunter2@a:6379?cluster=true&master_name=m", "redis://me:hunter2%zz@a:6379",
	} {
		_, err := parseRedisURL(url)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
