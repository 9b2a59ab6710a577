package ratelimit

import "strings"

// ACL returns the rules that give a Redis user the least rights this package needs
// for an application, with the default Prefix: for ACL SETUSER, after the name, "on" and
// the password. A client of a Cluster or a Sentinel, or one that selects a database,
// needs no more.
func ACL(app string) string {
	k := keys{prefix: defaultPrefix, app: app}
	return strings.Join([]string{
		"resetkeys", "~" + k.key("*"),
		"resetchannels", "&" + k.key("*"),
		"-@all",
		"+eval", "+evalsha", "+time", "+info", // info: only for the run id
		"+hget", "+hmget", "+hset", "+hdel", "+hgetall", "+hkeys", "+hexists",
		"+get", "+set", "+del",
		"+zadd", "+zrem", "+zcard", "+zrange", "+zscore", "+zremrangebyscore",
		"+pexpire", "+pttl",
		"+publish", "+subscribe", "+unsubscribe",
		// The handshake and the topology, by go-redis.
		"+hello", "+auth", "+ping", "+select", "+readonly",
		"+cluster|slots", "+cluster|shards", "+cluster|nodes",
	}, " ")
}
