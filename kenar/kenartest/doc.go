// Package kenartest is a Kenar that runs inside the process: a real HTTP
// server to develop and test against, since the real one answers a hundred
// calls a week.
//
// For most uses start one, point a client at it, and look at what arrived:
//
//	kenar, err := kenartest.Start(kenartest.Config{})
//	...
//	defer kenar.Close()
//	client := newClient(kenar.URL())
//	...
//	calls, err := kenar.WaitCalls(ctx, 1)
//
// The zero Config is the friendliest Kenar: any non-empty API key may do
// everything, nothing is limited, and an accepted add-on is attached at once.
// Keys, Apps, Limits, grants and AttachDelay make it as strict as the real
// one. [Server.Script] makes it fail, once per fault and in the order given;
// [Server.SetDown] and [Server.Refuse] take it away altogether.
//
// # What is simulated
//
// The add-on operations of posts, businesses and users, and finder's get
// post. A call is judged at the moment it has been read: faults, API key,
// limits, permission, grant, body, widget types, ownership, in this order.
// Whatever the verdict, the call is on record before its answer leaves.
//
// As with the real Kenar, 200 means valid and queued. The add-on is attached
// [Config.AttachDelay] later, and to an unknown post never, without a word.
// Attachment needs no timer: it happens when somebody looks, as of the time
// [Config.Now] tells.
//
// # What is assumed
//
// Kenar's documents are silent on much. A body is refused for rules that some
// document states or implies, and for three more, where acceptance would only
// hide a wasted call: an empty widget list, a semantic path that names
// nothing, a link that is not http or https. Unknown JSON fields are ignored,
// camelCase field names are accepted, integers must be JSON numbers, fields
// that no document requires may be missing. Validation errors are 400 with
// code 3 and name the first offending field. Semantic values are kept as
// sent; Kenar would hash those whose keys it does not know.
//
// The validation here is deliberately not shared with the client's: each
// checks the other.
package kenartest
