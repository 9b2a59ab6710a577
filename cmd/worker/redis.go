package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// parseRedisURL reads the forms of REDIS_URL:
//
//	redis://user:password@host:6379/0                           one server
//	rediss://host:6380                                          the same over TLS
//	redis://:password@sentinel:26379/0?master_name=mymaster&addr=sentinel2:26379
//	                                                            Sentinel, of which the hosts are
//	redis://user:password@node1:6379?addr=node2:6379            a cluster, by some of its nodes
//	redis://node1:6379,redis://node2:6379                       the same
//	redis://node1:6379?cluster=true                             the same, by one of its nodes
//
// The other parameters are those of go-redis, such as dial_timeout=1s, and for
// Sentinel sentinel_username and sentinel_password.
//
// Errors do not hold credentials: those have no syntax to be wrong in.
func parseRedisURL(text string) (open func() redis.UniversalClient, err error) {
	u, err := redisNodes(text)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	cluster := q.Get("cluster") == "true" || q.Has("addr") && !q.Has("master_name")
	q.Del("cluster")
	u.RawQuery = q.Encode()

	// Everywhere: the limiter needs its deadlines kept, and itself retries what
	// is harmless; a script that was sent twice could take two tokens.
	switch {
	case q.Has("master_name") && cluster:
		return nil, errors.New("want either a cluster or Sentinel (master_name), not both; further sentinels are given as addr=host:port")
	case q.Has("master_name"):
		o, err := redis.ParseFailoverURL(u.String())
		if err != nil {
			return nil, redisURLError(err)
		}
		o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
		return func() redis.UniversalClient { return redis.NewFailoverClient(o) }, nil
	case cluster:
		o, err := redis.ParseClusterURL(u.String())
		if err != nil {
			return nil, redisURLError(err)
		}
		o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
		return func() redis.UniversalClient { return redis.NewClusterClient(o) }, nil
	}
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, redisURLError(err)
	}
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
	return func() redis.UniversalClient { return redis.NewClient(o) }, nil
}

// redisNodes reads a URL, or several separated by commas, of which the hosts
// of the others become parameters of the first.
func redisNodes(text string) (*url.URL, error) {
	first, more, several := strings.Cut(text, ",")
	u, err := url.Parse(strings.TrimSpace(first))
	if err != nil {
		return nil, errors.New("want a URL such as redis://host:6379/0, in which special characters of a password are percent-encoded")
	}
	if !several {
		return u, nil
	}
	q := u.Query()
	for part := range strings.SplitSeq(more, ",") {
		node, err := url.Parse(strings.TrimSpace(part))
		if err != nil || node.Port() == "" || node.User != nil || node.RawQuery != "" || strings.Trim(node.Path, "/") != "" {
			return nil, errors.New("want further addresses as redis://host:port, separated by commas; user, database and parameters belong into the first URL")
		}
		q.Add("addr", node.Host)
	}
	u.RawQuery = q.Encode()
	return u, nil
}

// redisLog takes the lines that go-redis would print to standard error, among
// the output of the command. What matters is told by the limiter, once.
type redisLog struct{ log zerolog.Logger }

// Printf implements the logger of go-redis.
func (l redisLog) Printf(_ context.Context, format string, v ...any) {
	l.log.Debug().Msgf("redis: "+format, v...)
}

func redisURLError(err error) error {
	return fmt.Errorf("%s; want redis:// or rediss:// with host:port, for Sentinel with ?master_name=NAME, for a cluster with ?addr=HOST:PORT or ?cluster=true",
		strings.TrimPrefix(err.Error(), "redis: "))
}
