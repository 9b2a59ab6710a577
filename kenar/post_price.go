package kenar

import (
	"context"
	"fmt"
	"net/http"
)

// A Price is what one paid operation on a post costs the app now. The zero
// value says that it is not possible.
type Price struct {
	// Available says whether the operation is possible. When it is not, the
	// paid call fails.
	Available bool  `json:"available"`
	CostRials Rials `json:"cost_rials"`
}

// Pricing holds the prices of the paid operations on a post. They depend on
// the app, and on the post's category and city (Kenar docs, pricing).
type Pricing struct {
	Submit  Price `json:"submit"` // of [Client.PublishPost]
	Reorder Price `json:"reorder"`
	Renew   Price `json:"renew"`
}

// PostPricing returns the prices of a post. The API key needs
// POST_PRICING_RETRIEVE, the grant PAYMENT_ALL_POSTS_PRICING_READ. accessToken
// may be empty, since Kenar's guide shows the call with the API key alone.
//
// Kenar leaves out what is not possible. A price that cannot be read is never
// taken for none: it is an [*Error] with a 2xx status and the cause
// [ErrMalformed].
func (c *Client) PostPricing(ctx context.Context, postToken, accessToken string) (Pricing, error) {
	return ask(ctx, c, request{
		op:          string(OpGetPostPricing),
		method:      http.MethodGet,
		url:         c.base + "/v1/open-platform/post/" + postToken + "/pricing",
		refused:     ValidPostToken(postToken),
		accessToken: accessToken,
	}, decodePricing)
}

func decodePricing(a answer) (Pricing, error) {
	var p Pricing
	if err := a.decode(&p); err != nil {
		return Pricing{}, err
	}
	for _, cost := range []Rials{p.Submit.CostRials, p.Reorder.CostRials, p.Renew.CostRials} {
		if cost < 0 {
			return Pricing{}, fmt.Errorf("%w: one of its prices is negative", ErrMalformed)
		}
	}
	return p, nil
}

// Balance returns the money that the app has left for paid operations. The
// API key needs BALANCE_RETRIEVE; no grant is involved.
func (c *Client) Balance(ctx context.Context) (Rials, error) {
	return ask(ctx, c, request{
		op:     string(OpGetBalance),
		method: http.MethodGet,
		url:    c.base + "/experimental/open-platform/balance",
	}, func(a answer) (Rials, error) {
		var body struct {
			BalanceRials Rials `json:"balance_rials"`
		}
		err := a.decode(&body)
		return body.BalanceRials, err
	})
}
