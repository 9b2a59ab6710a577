// Package ratelimit keeps a promise that ordinary limiters do not: never more
// than N calls in any window of time, wherever the window starts, across
// processes, crashes, wrong clocks and the loss of Redis data.
//
// # The idea
//
// A token bucket refilled continuously at 100 a week, or a counter reset every
// Monday, lets up to 199 calls through in some week: a full bucket's worth and
// then everything that trickled in. This bucket has return dates instead.
// Every token that is taken carries the date at which it comes back, one full
// window after the call it paid for. A full bucket may be emptied at once; then
// it is empty until the first of those dates. No policy that never exceeds the
// limit can send earlier, so nothing is wasted either.
//
// In Redis a window is one sorted set: a member per taken token, its score the
// return date. What is free is the limit minus the members. A call may draw on
// several windows (its own per week, the application's per minute and per day);
// they are checked and taken together, in one script, all or nothing.
//
// # The life of a token
//
//	Reserve   a short hold; it returns by itself after Config.Hold
//	Spend     right before the call: the worst case is booked, and the call is
//	          refused when a pause, a clock or a loss of data came in between
//	Commit    the call has ended: the exact return date replaces the worst case
//	Refund    the call provably never left: the token is back at once
//
// A process that dies before Spend costs nothing; one that dies after it costs
// the one token that may have been used. A lost Commit costs at most Config.Call
// of delay. Record the intent to call in a durable log between Reserve and
// Spend; that log is the [Source] from which the bucket is rebuilt.
//
// # What is refused
//
// The limiter fails closed. It grants nothing while
//
//   - Redis cannot be reached;
//   - a window's state is missing, or the server is not the one that wrote it
//     (restarted, or a replica promoted): a missing key is a loss and never a full
//     bucket. Run then rebuilds the state from the Source, under a fenced lock,
//     and a hold made before the loss is void unless the rebuild counted it;
//   - the clocks of Redis and of this process are more than two seconds apart.
//     Closer than that, tokens are stamped by the later clock and released by the
//     earlier, so one wrong clock cannot admit a call too many. A guard
//     of a 1200th of the window (at most a second) covers both being off a little;
//   - the bucket is paused: see [Bucket.Pause].
//
// Whoever else uses the same quota without this limiter voids the promise.
//
// # Waiting
//
// [Bucket.Acquire] sleeps until the known return date. It does not poll: refunds,
// commits and resumes announce themselves over Redis pub/sub, and since a message
// may be lost the state is looked at again every 15 minutes in any case. Callers of one
// process wait in line, urgent ones first, and only the front of the line asks
// Redis; so the number of commands per grant depends neither on how long nor on
// how many callers wait, only on the number of processes woken by one date.
//
// # Changing limits
//
// Every running limiter announces its limits in Redis. Where they differ, all
// follow the strictest, and say so through Config.Notify. A limit that was raised
// applies once the last limiter with the lower one has stopped (or has been
// silent for three minutes); a lowered one applies at once. What was already spent stays
// counted; a window that is new is filled from the Source first.
//
// # Redis
//
// Redis 6.2 or later, or a compatible server: single, Sentinel or Cluster. All the
// keys of an application share one hash slot, {app}. Use maxmemory-policy
// noeviction; with AOF a restart needs no more than a quick merge from the Source.
// A server that does not report its run id (INFO server) cannot be told from a stale
// copy of itself; there only missing keys are noticed.
//
// The rights that a Redis user needs are those of [ACL], for the application
// "shop":
//
//	resetkeys ~kenar:{shop}:* resetchannels &kenar:{shop}:* -@all
//	+eval +evalsha +time +info +hget +hmget +hset +hdel +hgetall +hkeys +hexists
//	+get +set +del +zadd +zrem +zcard +zrange +zscore +zremrangebyscore +pexpire +pttl
//	+publish +subscribe +unsubscribe +hello +auth +ping +select +readonly
//	+cluster|slots +cluster|shards +cluster|nodes
package ratelimit
