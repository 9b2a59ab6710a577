// Package grants keeps users' consents: the OAuth tokens that nearly every
// call to Kenar needs, fresh and secret.
//
// [Store] is the key-value bucket: one entry per grant, whose tokens are
// sealed with age. Publishers hold the recipient alone and can put grants;
// only workers, which hold the identity, can open them. [Source] gives a
// worker the access token of a grant, refreshed just in time.
//
// # One refresh
//
// An access token lives one hour. A refresh replaces both tokens, and the old
// pair keeps working for two more minutes (Kenar docs, OAuth). Whoever loses
// the answer of a refresh must therefore repeat it with the old pair within
// [kenar.TokenGrace], or the user has to consent again.
//
// Every change of an entry is a compare-and-set on its revision. A refresh is
// three steps:
//
//	lease   write: attempt n begins, nobody else may until the lease is over,
//	        and from now on the pair is in doubt
//	call    ask the grant server
//	keep    write: the new pair, won by attempt n; no longer in doubt
//
// Attempts are numbered, and a pair is stored only in place of one that an
// earlier attempt of the same consent won. This is the fence against a worker
// that was stopped for longer than its lease.
//
// # What a crash leaves, and who mends it
//
//	died                          the entry says         then
//	before the lease              nothing                the next one refreshes
//	lease written, not sent       in doubt, leased       after the lease, the same pair again: it was never used
//	sent, not applied             in doubt, leased       after the lease, the same pair again: it was never used
//	applied, answer lost          in doubt, leased       after the lease, the same pair again: its grace lasts
//	answered, not stored          in doubt, leased       as above; the pair that was lost is replaced by the newer one
//	stored, not returned          new pair               the next one uses it
//	stored, its answer lost       new pair               the write is repeated and recognised by its bytes
//	NATS away after the answer    in doubt, leased       this process keeps the pair in memory and stores it later,
//	                                                     unless a later attempt of another worker won
//	stopped, lease over,          a later attempt's      the answer of the earlier attempt is dropped: the newer pair wins
//	then answered
//	stopped, another has leased   in doubt, leased       the answer is stored, and the pair stays in doubt
//	                              by the other           until the later attempt ends
//	all workers for longer        in doubt               one more try: the first may never have been applied;
//	than the grace                                       refused, the grant ends as [CodeLost]
//	between refused and revoked   in doubt, leased       the next one is refused as well, and revokes
//	refused, not believed any     ended, tokens kept     this process lets them live again, and repeats that until it
//	more, NATS away                                      is written; after a restart they stay ended
//
// A lease is much shorter than the grace, and [Source.KeepAlive] finishes
// what is in doubt even when no event waits for it. That a request which was
// given up reaches the grant server only after the next attempt's cannot be
// excluded, only made unlikely: the lease is longer than the call by
// [LeaseSlack].
//
// A lease or a time of the next try that lies further ahead than any worker
// writes it counts as over: a clock that was wrong blocks no grant past its
// grace.
//
// # When the grant server is in trouble
//
// [Source.Access] waits [Config.Wait] for a refresh, which then goes on
// without its caller until [Source.Close] has joined it.
//
// When the refreshes of three different grants in a row had no answer, or a
// 429 or 5xx, a breaker opens: one refresh at a time is tried as a probe,
// after 1 s at first and then less and less often, up to once in a minute.
// Access of every other token that needs a refresh fails at once and writes
// nothing; tokens that still work are given out. Refreshes in doubt are tried
// within their grace all the same, one by one. Any answer closes the breaker.
// Each Source has its own.
//
// One invalid_grant ends a grant. Its sealed tokens are kept for a week, and
// when three different grants in a row are told so without a success in
// between, none of them is believed: those that have ended live again, the
// others are left as they are, and the breaker opens. A server that lost its
// data, or credentials of another app, thus end at most two consents for as
// long as a worker does not meet a third.
//
// # Errors
//
// [ErrMissing], [ErrRevoked] and [ErrScope] are final: the user must be asked.
// An entry that is damaged is an ErrMissing of its own grant, told as a
// [*DamagedError], and no other's concern.
// Everything else is an [*UnavailableError]: the event waits.
package grants
