// Package pipeline carries events from NATS to Kenar's add-on endpoints: each
// to exactly one final outcome, in order per target, and with as few calls as
// can be.
//
// Use [NewWorker] for the side that works and [NewClient] for the side that
// publishes and looks.
//
// # The path of one event
//
//	producer ──> KENAR_EVENTS ──admit──> KENAR_WORK_<LANE>_{URGENT,NORMAL} ──dispatch──> Kenar
//	                  │                                                          │
//	                  ├─> queued outcome                  KENAR_LEDGER  <────────┤ intent, result
//	                  └─> dead letter                     KENAR_RETRY   <────────┤ later
//	                                                      KENAR_OUTCOMES <───────┤ final outcome
//	                                                      KENAR_DEAD     <───────┘ dead letter
//
// Admission (admit.go) needs no quota. It decodes the event (event.go),
// checks it and builds the request (build.go) from widgets (attach.go), a
// report or a template (addon.go), looks at the grant (consent.go), and puts
// the work (work.go) into the queue of its lane. A lane (lane.go) is one
// permission of the API key.
//
// Dispatch (dispatch.go) has a few messages of each queue in hand (feed.go)
// and starts a call when there are work, a free slot and a token. What a call
// takes is decided and done by the processor: plan (plan.go) reads the
// ledger entry of the target (ledger.go) and finds what to send, or that
// nothing needs to be sent; prepare (prepare.go) gets the user's access token
// (consent.go), looks the post up (postcheck.go) and uploads images
// (illustrate.go); call (call.go) writes the intent, spends the token and
// calls; settle (verdict.go) judges the answer by its class
// (class.go). The settler (settle.go) tells the result and acknowledges.
//
// # Listings
//
// Events that make and manage posts (listing.go) go the same way. A submission
// is two pieces of work in two lanes: submit (submit.go), then publish (pay.go),
// which the first one's settling queues; what comes after are events of their
// own (followup.go). How far it has come is in the ledger entry of its key
// (progress.go). What can be asked before a call is asked ahead, without a
// token (prepare.go, ask.go, side.go).
//
// # What makes it safe
//
// The last ledger record of a target is its state and its lock. An intent is
// written by compare-and-set before anything leaves, and names a lease: until
// that is over nobody else calls for this target, and after it everybody
// knows that the result is in doubt. Results are written in the order ledger,
// dead letter, outcome, ack, each step harmless to repeat: a worker that dies
// anywhere leaves a message that is delivered again, and a ledger that tells
// what is left to do.
//
// High marks (version.go) remember the newest version that was ever
// attempted, so an older one is never sent after it. Waiting is never an
// attempt, and attempts are counted in the ledger, not by deliveries.
package pipeline
