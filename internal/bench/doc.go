// Package bench measures what the worker costs as a process: at rest with a
// long queue and no quota, and from its start to its first call. It holds
// benchmarks only:
//
//	go test -run '^$' -bench . -benchtime 1x -timeout 20m ./internal/bench
//
// They build the worker and run it against a JetStream, a Redis and a simulated
// Kenar of their own. What a process costs is read from /proc, so they are
// skipped where there is none.
package bench
