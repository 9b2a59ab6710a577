package kenar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// imagePath is where the images of widgets are uploaded. The file name in it
// is a constant, the image gets one of its own (Kenar docs, images).
const imagePath = "/v2/image-service/open-platform/image.jpg"

// An image's name is opaque. Kenar's sample is a UUID and ".jpg".
const (
	maxImageName   = 128
	imageNameMarks = "._-="
)

// UploadWidgetImage uploads a JPEG for use in a widget, and returns the name
// that takes the place of the image's id there. It needs neither API key nor
// access token, sends none, and has no budget.
//
// The image is temporary until a widget that uses it is accepted; how long it
// lasts before that is not documented, so it is uploaded right before. Divar
// then keeps it under another name (Kenar docs, images). An answer without a
// name that could be an image's id is an [*Error] with a 2xx status and the
// cause [ErrMalformed].
func (c *Client) UploadWidgetImage(ctx context.Context, jpeg []byte) (imageName string, err error) {
	r := request{
		op:          "upload widget image",
		method:      http.MethodPut,
		url:         c.images + imagePath,
		body:        jpeg,
		contentType: "image/jpeg",
		keyless:     true,
	}
	if !bytes.HasPrefix(jpeg, []byte("\xff\xd8\xff")) {
		r.refused = fmt.Errorf("the image has %d bytes and does not begin like a JPEG: encode it as one", len(jpeg))
	}
	return ask(ctx, c, r, decodeImageName)
}

// decodeImageName believes no name that could not stand in a widget, nor one
// that would mean something else there.
func decodeImageName(a answer) (string, error) {
	var body struct {
		ImageName string `json:"image_name"`
	}
	if err := json.Unmarshal(a.body, &body); err != nil {
		if a.err != nil {
			return "", fmt.Errorf("%w: it broke off: %w", ErrMalformed, a.err)
		}
		return "", ErrMalformed
	}
	err := validSegment("image_name", body.ImageName, maxImageName, imageNameMarks)
	if strings.EqualFold(body.ImageName, widgets.Logo) {
		err = errors.New("image_name is that of the app's avatar")
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return body.ImageName, nil
}
