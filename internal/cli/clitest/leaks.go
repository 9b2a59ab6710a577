package clitest

import "go.uber.org/goleak"

// ServerLeaks are options for tests that stop a NATS server of their own while
// somebody makes streams on it: the server may then forget to stop the store of
// one, whose goroutine stays, and so does its clock.
func ServerLeaks() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"),
	}
}
