// Package embedded runs JetStream and Redis inside the calling process, so that
// one worker is a complete installation and `worker demo` needs nothing else.
//
// JetStream is the durable half: [StartNATS] keeps it in a data directory, syncs
// every write to disk before acknowledging it, and refuses to start rather than
// start without a stream it once had. Redis is the forgetful half: [StartRedis]
// keeps everything in memory, because the rate limiter rebuilds its state from
// the ledger stream whenever it finds none.
//
// Only one process may use a data directory at a time. Others on the same
// machine connect to it over TCP with the token that package natstoken reads.
package embedded
