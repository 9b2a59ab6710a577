package kenar

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// A ButtonType says what a customized button is for. What it says is decided
// by Divar, according to the type.
type ButtonType string

// Types of customized buttons (Kenar OpenAPI, postCustomizedButtonType).
const (
	ButtonAccommodationBooking ButtonType = "ACCOMMODATION_BOOKING"
	ButtonExternalProductStore ButtonType = "EXTERNAL_PRODUCT_STORE"
	ButtonResumeSubmission     ButtonType = "RESUME_SUBMISSION"
	ButtonOnlineCall           ButtonType = "ONLINE_CALL"
)

// Button is the body of [Client.SetPostButton] and [Client.SetBusinessButton].
type Button struct {
	Type   ButtonType
	Action widgets.Action // what a click does
}

// ForPost returns b with the post token in place of every {post_token} of a
// direct link. Kenar's samples show the placeholder, but no document says that
// Divar fills it.
func (b Button) ForPost(postToken string) Button {
	if link, ok := b.Action.(widgets.OpenDirectLink); ok {
		b.Action = widgets.OpenDirectLink(strings.ReplaceAll(string(link), postTokenVar, postToken))
	}
	return b
}

// Body is like [PostAddon.Body].
func (b Button) Body() ([]byte, error) {
	var faults widgets.Faults
	types := []ButtonType{ButtonAccommodationBooking, ButtonExternalProductStore, ButtonResumeSubmission, ButtonOnlineCall}
	if !slices.Contains(types, b.Type) {
		faults.Add("customized_button.type", "is %s: it must be %s, %s, %s or %s",
			shortened(string(b.Type), 48), types[0], types[1], types[2], types[3])
	}
	if b.Action == nil {
		faults.Add("customized_button.action", "is missing: say what a click does")
	} else if err := widgets.ValidateAction(b.Action); err != nil {
		inner, ok := errors.AsType[widgets.Faults](err)
		if !ok {
			inner = widgets.Faults{{Path: "action", Message: err.Error()}}
		}
		for _, f := range inner {
			faults.Add("customized_button."+f.Path, "%s", f.Message)
		}
	}
	type button struct {
		Type   ButtonType     `json:"type"`
		Action widgets.Action `json:"action"`
	}
	return encode(struct {
		Button button `json:"customized_button"`
	}{button(b)}, faults)
}

const (
	postButtonPath     = "/experimental/open-platform/posts/{post_token}/customized-button"
	businessButtonPath = "/experimental/open-platform/business/{business_token}/customized-button"
)

// SetPostButton puts a customized button on a post, in place of the one it has
// there already, if any. body is made by [Button.Body]. The API key needs
// SET_CUSTOMIZED_BUTTON, the grant USER_SET_CUSTOMIZED_BUTTON.
func (c *Client) SetPostButton(ctx context.Context, postToken, accessToken string, body []byte) (Receipt, error) {
	r := c.onPost(OpSetPostButton, http.MethodPost, postButtonPath, postToken, accessToken)
	r.body = body
	return c.deliver(ctx, r)
}

// DeletePostButton takes the customized button off a post. It needs what
// [Client.SetPostButton] needs.
func (c *Client) DeletePostButton(ctx context.Context, postToken, accessToken string) (Receipt, error) {
	return c.deliver(ctx, c.onPost(OpDeletePostButton, http.MethodDelete, postButtonPath, postToken, accessToken))
}

// SetBusinessButton is SetPostButton for all posts of a business. The API key
// needs BUSINESS_CUSTOMIZED_BUTTON_CREATE, the grant
// BUSINESS_CREATE_CUSTOMIZED_BUTTON.<business token>.
func (c *Client) SetBusinessButton(ctx context.Context, businessToken, accessToken string, body []byte) (Receipt, error) {
	return c.deliver(ctx, request{
		op:          string(OpSetBusinessButton),
		method:      http.MethodPost,
		url:         c.base + strings.Replace(businessButtonPath, businessTokenVar, businessToken, 1),
		refused:     cmp.Or(ValidBusinessToken(businessToken), neededToken(accessToken)),
		accessToken: accessToken,
		body:        body,
	})
}

// DeleteBusinessButton takes the customized button off all posts of a
// business. The API key needs BUSINESS_CUSTOMIZED_BUTTON_CREATE; no grant is
// involved.
func (c *Client) DeleteBusinessButton(ctx context.Context, businessToken string) (Receipt, error) {
	return c.deliver(ctx, request{
		op:      string(OpDeleteBusinessButton),
		method:  http.MethodDelete,
		url:     c.base + strings.Replace(businessButtonPath, businessTokenVar, businessToken, 1),
		refused: ValidBusinessToken(businessToken),
	})
}
