package config

import (
	"fmt"
	"net"
)

// checkTogether looks at settings that depend on one another. What already has a
// problem is left alone: a second one could only be a consequence.
func (l *loader) checkTogether() {
	c := &l.config
	l.together(c.BackoffMin <= c.BackoffMax, "BACKOFF_MIN", "BACKOFF_MAX",
		fmt.Sprintf("want at most BACKOFF_MAX, which is %s", brief(c.BackoffMax)))
	// Whoever sets these means a server, so starting an empty one of our own
	// instead would send the events to the wrong place.
	l.together(c.NATSCreds == "" || !c.Embedded(), "NATS_CREDS", "NATS_URL", "set without NATS_URL; set that too, or remove this")
	l.together(c.NATSCA == "" || !c.Embedded(), "NATS_CA", "NATS_URL", "set without NATS_URL; set that too, or remove this")
	l.together(c.NATSReplicas <= 1 || !c.Embedded(), "NATS_REPLICAS", "NATS_URL",
		"the embedded JetStream is a single server; want 1, or set NATS_URL to a cluster")
	// Kenar's token endpoint wants both (Kenar docs, oauth).
	l.together(!c.KenarClientSecret.IsSet() || c.KenarRedirectURI != "", "KENAR_CLIENT_SECRET", "KENAR_REDIRECT_URI",
		"set without KENAR_REDIRECT_URI, which Kenar wants in each refresh; set that too")
}

// together reports a problem of the first setting unless ok, provided that the
// program uses both and that neither has one yet.
func (l *loader) together(ok bool, name, other, reason string) {
	if ok || l.failed[name] || l.failed[other] {
		return
	}
	for _, s := range l.settings {
		if s.Name != name && s.Name != other {
			continue
		}
		if !s.usedBy(l.program) {
			return
		}
	}
	o := l.config.origins[name]
	l.problem(&Problem{Setting: name, Source: o.source, Value: o.shown, Reason: reason})
}

// doubts are the combinations that work but are seldom meant.
func (l *loader) doubts() []string {
	c := &l.config
	var found []string
	works := l.program&(Worker|Demo) != 0
	if works && !c.Embedded() && c.EmbeddedRedis() {
		found = append(found, "NATS_URL is set and REDIS_URL is not, so the calls are counted inside this worker: run no second one, or set REDIS_URL")
	}
	if works && c.ShutdownGrace < c.KenarTimeout {
		found = append(found, fmt.Sprintf("SHUTDOWN_GRACE %s is shorter than KENAR_TIMEOUT %s, so a call in flight at a shutdown can be cut off",
			brief(c.ShutdownGrace), brief(c.KenarTimeout)))
	}
	if host, _, err := net.SplitHostPort(c.EmbeddedNATSAddr); err == nil && works && c.Embedded() && !isLoopback(host) {
		found = append(found, fmt.Sprintf("EMBEDDED_NATS_ADDR %s can be reached from other machines, and clients send its token unencrypted", c.EmbeddedNATSAddr))
	}
	return found
}
