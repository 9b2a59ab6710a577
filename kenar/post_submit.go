package kenar

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// PostSubmission is the body of [Client.SubmitPost].
type PostSubmission struct {
	// BusinessToken is that of the business which the post will belong to.
	// Kenar requires it since December 2025.
	BusinessToken string      `json:"business_token"`
	GeneralData   GeneralData `json:"general_data"`

	// CategoryFields is an object that follows the submit schema of the
	// category. It is sent as it is; whoever made it validates it.
	CategoryFields json.RawMessage `json:"category_fields"`

	// LandlineNumbers are shown besides the user's own. Optional.
	LandlineNumbers []string `json:"landline_numbers,omitempty"`
}

// Body is like [PostAddon.Body].
func (s PostSubmission) Body() ([]byte, error) {
	var faults widgets.Faults
	checkSubmission(s.BusinessToken, &s.GeneralData, s.CategoryFields, &faults)
	for i, number := range s.LandlineNumbers {
		if !strings.HasPrefix(number, "0") || strings.Trim(number, "0123456789") != "" || len(number) > maxLandline {
			faults.Add(fmt.Sprintf("landline_numbers[%d]", i),
				"is not a landline number: write the area code and the number in at most %d ASCII digits, such as 02188888888", maxLandline)
		}
	}
	return encode(s, faults)
}

// maxLandline is the most digits that a telephone number has (ITU-T E.164).
const maxLandline = 15

// UserPostSubmission is the body of [Client.SubmitUserPost]: a [PostSubmission]
// without landline numbers, which Kenar's OpenAPI description has for providers
// only.
type UserPostSubmission struct {
	BusinessToken  string          `json:"business_token"`
	GeneralData    GeneralData     `json:"general_data"`
	CategoryFields json.RawMessage `json:"category_fields"`
}

// Body is like [PostAddon.Body].
func (s UserPostSubmission) Body() ([]byte, error) {
	var faults widgets.Faults
	checkSubmission(s.BusinessToken, &s.GeneralData, s.CategoryFields, &faults)
	return encode(s, faults)
}

// checkSubmission records the faults of what both submissions have, and makes
// a missing list of images an empty one.
func checkSubmission(businessToken string, general *GeneralData, fields json.RawMessage, faults *widgets.Faults) {
	if err := ValidBusinessToken(businessToken); err != nil {
		faults.Add("business_token", "%v", err)
	}
	general.check("general_data.", faults)
	checkObject("category_fields", fields, faults)
	if general.Images == nil {
		general.Images = []string{}
	}
}

// SubmitPost submits a post as a provider, and returns its token. The post
// waits to be paid for; see [Client.PublishPost]. body is made by
// [PostSubmission.Body].
//
// The API key needs SUBMIT_POST. No document names a scope, so accessToken may
// be empty; but the user of whom Kenar's description says that they must have
// access to the business can only be the one who gave it.
//
// Kenar has no way to tell a submission from its repetition. When an error
// leaves open whether there is a post now, its text says so; an answer without
// a post token is such an error, with a 2xx status and the cause
// [ErrMalformed].
func (c *Client) SubmitPost(ctx context.Context, accessToken string, body []byte) (postToken string, err error) {
	return ask(ctx, c, request{
		op:          string(OpSubmitPost),
		method:      http.MethodPost,
		url:         c.base + "/experimental/open-platform/posts/new-v2",
		accessToken: accessToken,
		body:        body,
		remedy:      lookForPost,
	}, decodePostToken)
}

// SubmitUserPost is SubmitPost for the user who gave accessToken, whose post
// it will be. body is made by [UserPostSubmission.Body]. The API key needs
// SUBMIT_USER_POST, as does the grant.
func (c *Client) SubmitUserPost(ctx context.Context, accessToken string, body []byte) (postToken string, err error) {
	return ask(ctx, c, request{
		op:          string(OpSubmitUserPost),
		method:      http.MethodPost,
		url:         c.base + "/experimental/open-platform/user-posts/new",
		refused:     neededToken(accessToken),
		accessToken: accessToken,
		body:        body,
		remedy:      lookForPost,
	}, decodePostToken)
}

// lookForPost is the remedy of submissions.
func lookForPost(e *Error) string {
	switch {
	case e.accepted():
		return "it was accepted: look for the post among the user's, do not submit it again"
	case e.inDoubt():
		return "it may have been submitted: look for the post among the user's before submitting it again"
	}
	return ""
}

func decodePostToken(a answer) (string, error) {
	fields, err := a.object()
	if err != nil {
		return "", err
	}
	token := fields.text("post_token")
	if ValidPostToken(token) != nil {
		return "", fmt.Errorf("%w: it has no usable post_token", ErrMalformed)
	}
	return token, nil
}

// CanSubmitUserPost reports whether the user who gave accessToken may submit
// posts: verified, and neither barred nor an offender. The API key needs
// CAN_USER_SUBMIT_POST, the grant SUBMIT_USER_POST.
func (c *Client) CanSubmitUserPost(ctx context.Context, accessToken string) (bool, error) {
	return ask(ctx, c, c.asUser(OpCanSubmitUserPost, "/experimental/open-platform/user-posts/can-submit", accessToken),
		func(a answer) (bool, error) {
			var body struct {
				CanSubmit bool `json:"can_submit"`
			}
			err := a.decode(&body)
			return body.CanSubmit, err
		})
}

// SubmitSchema returns the document that describes the category fields of a
// category, by its slug: a JSON object of at most 4 MiB, as it came. It needs
// no permission and no grant.
func (c *Client) SubmitSchema(ctx context.Context, category string) (json.RawMessage, error) {
	return ask(ctx, c, request{
		op:      string(OpGetSubmitSchema),
		method:  http.MethodGet,
		url:     c.base + "/v1/open-platform/assets/submit-schema/" + category,
		refused: validSegment("category slug", category, maxOpaque, tokenMarks),
		longest: maxDocument,
	}, func(a answer) (json.RawMessage, error) {
		_, err := a.object()
		return a.body, err
	})
}
