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
// The add-on operations of posts, businesses and users, finder's get post,
// the user behind an access token and that user's businesses; posts from
// their submission to their end, with the money for them; and the OAuth
// server, at /oauth2/auth and /oauth2/token of the same address. A call is
// judged at the moment it has been read: faults, API key, limits, permission,
// grant, body, widget types, ownership, in this order. Whatever the verdict,
// the call is on record before its answer leaves.
//
// As with the real Kenar, 200 means valid and queued. The add-on is attached
// [Config.AttachDelay] later, and to an unknown post never, without a word.
// Attachment needs no timer: it happens when somebody looks, as of the time
// [Config.Now] tells.
//
// Images are uploaded at the path of the image service, also of the same
// address: decoded, given a temporary id, and a permanent one with the first
// accepted add-on that has them. [Config.ImageIDs] makes ids that nobody has
// uploaded as useless as they are.
//
// # Posts and money
//
// A post that is submitted waits for payment; publishing pays for it out of
// the app's balance ([Server.SetBalance]); then it is reviewed
// ([PostRules.ReviewDelay], [Server.SetReview]), published, and in the end
// retired. Everybody sees it while it is published, its owner always, and
// tests with [Server.Listing]. Categories and their submit schemas, prices,
// upload addresses, and who may submit can be changed at any time. What
// becomes of payments is scripted ([Server.ScriptPayments]), and
// [Server.Books] tell where every rial is.
//
// All of this, too, happens as of the time that [Config.Now] tells, when
// somebody looks.
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
// Of a grant's pairs of tokens the latest is good for its whole life. Every
// earlier one ends two minutes after the first refresh that came after its
// issue, with both its tokens. A refresh with any refresh token that is good
// gives a new pair, which is then the latest: so a lost answer is made up for
// by asking again with the old pair, and the pair that was lost ends too. The
// access token that a refresh must carry (Kenar docs, oauth) may be any of the
// grant's, expired or not. Which API key an access token comes with is not
// checked.
//
// Of posts it is assumed that the same submission twice makes two posts; that
// an edit of a published post is shown at once, and that of a refused one
// reviewed again; that refusal and deletion give no money back. A paid call
// that is refused, be it for the balance, uses no transaction id. One that is
// accepted may still answer with a failed transaction. A reused id is 409 with
// code 6, whatever else the state does not allow 412 with code 9. A pending
// payment has no effect on the post yet, nor on other payments for it: with
// another id the same thing can be paid twice. The id of a failed transaction
// can be used again, as the documents imply, unless
// [PostRules.FailedIDsAreSpent]. Fields that a submit schema does not have are
// ignored, an update mask must name only what can be edited.
//
// Not simulated are the deprecated image upload URL, payment from a user's own
// wallet, a post's statistics, and events.
//
// The validation here is deliberately not shared with the client's: each
// checks the other.
package kenartest
