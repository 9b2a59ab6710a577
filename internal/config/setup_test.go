package config

import "testing"

// The setup of the streams needs nothing that only calls need, and is not kept
// from its work by settings of theirs that are wrong.
func TestSetupNeedsNATSAlone(t *testing.T) {
	environ := []string{"NATS_URL=nats://nats:4222", "NATS_REPLICAS=3", "KENAR_TIMEOUT=30s",
		"LIMITS=many", "REDIS_URL=nowhere", "KENAR_API_KEY_FILE=/nowhere", "SHUTDOWN_GRACE=-1s"}
	c, err := Load(nil, environ, Setup, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Embedded() || c.NATSReplicas != 3 || c.KenarTimeout.String() != "30s" {
		t.Errorf("loaded %+v", c)
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("it warns of what it does not use: %q", w)
	}
	if _, err := Load(nil, []string{"NATS_URL=nats://nats:4222", "NATS_REPLICAS=2"}, Setup, nil); err == nil {
		t.Error("two replicas are taken")
	}
}
