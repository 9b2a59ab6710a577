package kenar

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// A Payment is the body of the paid operations: [Client.PublishPost],
// [Client.RenewPost] and [Client.ReorderPost].
type Payment struct {
	// ID is a UUID of version 4 in lower case, made by the app: that of the
	// transaction. It is what keeps a payment from being made twice, so it
	// is kept before the first try and never replaced while it is unknown
	// what became of that.
	ID string `json:"id"`

	// ExtraDetails come back with the transaction. Optional.
	ExtraDetails string `json:"extra_details,omitempty"`
}

// Body is like [PostAddon.Body].
func (p Payment) Body() ([]byte, error) {
	var faults widgets.Faults
	if err := ValidTransactionID(p.ID); err != nil {
		faults.Add("id", "%v", err)
	}
	if !utf8.ValidString(p.ExtraDetails) {
		faults.Add("extra_details", "is not valid UTF-8")
	}
	return encode(p, faults)
}

// ValidTransactionID returns nil if s can be the id of a transaction: a UUID
// of version 4, in lower case, because nobody says that Kenar finds a
// transaction by another spelling of its id.
func ValidTransactionID(s string) error {
	if len(s) != 36 || !isUUID(s) || s[14] != '4' || strings.IndexByte("89ab", s[19]) < 0 || s != strings.ToLower(s) {
		return fmt.Errorf("transaction id %s is not a UUID of version 4 in lower case, such as 550e8400-e29b-41d4-a716-446655440000", shortened(s, 48))
	}
	return nil
}

// PublishPost pays for a submitted post out of the app's balance, after which
// it is reviewed and published. The post must wait for payment. The API key
// needs PUBLISH_USER_POST, the grant SUBMIT_USER_POST. accessToken may be
// empty, since Kenar's guide shows the call with the API key alone.
//
// The call fails if the payment's id has been used for a transaction that
// succeeded or may yet (Kenar docs, payment). That keeps money from being paid
// twice, but it does not make the call repeatable. [Error.NeverSent] and the
// statuses 401, 403, 404 and 429 prove that nothing was paid by this call;
// after any other error it may have been, or an earlier one with the same id,
// and [Client.Transaction] tells. An answer without the transaction is such an
// error, with a 2xx status and the cause [ErrMalformed].
func (c *Client) PublishPost(ctx context.Context, postToken, accessToken string, p Payment) (Transaction, error) {
	return ask(ctx, c, c.payment(OpPublishPost, "/publish", postToken, accessToken, p), decodeTransaction(p.ID))
}

// RenewPost is like PublishPost, and starts the life of a published post
// afresh. It is possible only near the end of it; see [Pricing]. The API key
// needs POST_RENEW, the grant PAYMENT_ALL_POSTS_RENEW.
func (c *Client) RenewPost(ctx context.Context, postToken, accessToken string, p Payment) (Transaction, error) {
	return ask(ctx, c, c.payment(OpRenewPost, "/renew", postToken, accessToken, p), decodeTransaction(p.ID))
}

// ReorderPost is like PublishPost, and puts a published post at the top of the
// list. It is not possible soon after the submission or another reordering;
// see [Pricing]. The API key needs POST_REORDER, the grant
// PAYMENT_ALL_POSTS_REORDER. Other than for its siblings the answer holds no
// state: [Client.Transaction] has it.
func (c *Client) ReorderPost(ctx context.Context, postToken, accessToken string, p Payment) (Reorder, error) {
	return ask(ctx, c, c.payment(OpReorderPost, "/reorder", postToken, accessToken, p), func(a answer) (Reorder, error) {
		var r Reorder
		if err := a.decode(&r); err != nil {
			return Reorder{}, err
		}
		return r, checkPaid(p.ID, r.ID, r.CostRials)
	})
}

// Reorder is what Kenar answers to [Client.ReorderPost].
type Reorder struct {
	ID        string `json:"id"` // of the transaction
	CostRials Rials  `json:"cost_rials"`
}

// payment is the request of a paid operation on a post.
func (c *Client) payment(op Operation, verb, postToken, accessToken string, p Payment) request {
	body, fault := p.Body()
	return request{
		op:          string(op),
		method:      http.MethodPost,
		url:         c.base + "/experimental/open-platform/post/" + postToken + verb,
		refused:     cmp.Or(ValidPostToken(postToken), fault),
		accessToken: accessToken,
		body:        body,
		remedy: func(e *Error) string {
			if e.NeverSent || notPaid(e.Status) {
				return ""
			}
			return "it may have been paid: look up the transaction " + p.ID + " before anything else"
		},
	}
}

// notPaid reports whether a status proves that a call was refused for another
// reason than that its id has been paid with before. What Kenar answers then
// is not documented, so any other refusal may be that one.
func notPaid(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests:
		return true
	}
	return status >= 300 && status <= 399
}

// checkPaid returns why an answer is not about the transaction asked for.
func checkPaid(want, id string, cost Rials) error {
	switch {
	case id != want:
		return fmt.Errorf("%w: it is not about the transaction %s", ErrMalformed, want)
	case cost < 0:
		return fmt.Errorf("%w: its cost is negative", ErrMalformed)
	}
	return nil
}
