package report

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// An Image is a picture, by the URL to fetch it from or with its bytes.
type Image struct {
	URL     string `json:"url,omitempty" jsonschema:"An https URL the image is fetched from. Either url or data."`
	Data    string `json:"data,omitempty" jsonschema:"The bytes of a JPEG or PNG image in base64 (RFC 4648, section 4). Either url or data."`
	Caption string `json:"caption,omitempty" jsonschema:"What the picture shows; more than 200 characters are shortened."`
}

const maxCaption = 200 // characters; ours

func (m *Image) read(from *object) {
	m.URL = from.text("url")
	m.Data = from.text("data")
	m.Caption = from.text("caption")
}

func (m *Image) visit(at string, v visitor) {
	v.link(at, "url", &m.URL)
	v.text(at, "caption", &m.Caption)
}

func (m *Image) check(f *findings, at string) {
	switch {
	case m.URL == "" && m.Data == "":
		f.fault(at, "", "has neither url nor data; give one of the two")
	case m.URL != "" && m.Data != "":
		f.fault(at, "", "has both url and data; remove one of the two")
	case m.URL != "":
		checkLink(f, at, "url", m.URL)
		if scheme, _, _ := strings.Cut(m.URL, ":"); !strings.EqualFold(scheme, "https") {
			f.fault(at, "url", "is not an https URL; images are fetched by https only")
		}
	default:
		if _, problem := dataURI(m.Data); problem != "" {
			f.fault(at, "data", "%s", problem)
		}
	}
}

// source is the image as the image id of a widget has it until the image is
// uploaded.
func (m *Image) source() string {
	if m.URL != "" {
		return m.URL
	}
	uri, _ := dataURI(m.Data)
	return uri
}

// dataURI is an image in base64 as a data URI (RFC 2397), or what is wrong
// with it. One image has one URI: line breaks go, and the type is what the
// bytes say.
func dataURI(data string) (uri, problem string) {
	if strings.HasPrefix(data, "data:") {
		return "", "is a data URI; give the base64 alone, which is what follows the comma"
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(data)
	if err != nil {
		return "", "is not base64 in the standard alphabet with padding (RFC 4648, section 4)"
	}
	mediaType := ""
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		mediaType = "image/jpeg"
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		mediaType = "image/png"
	default:
		return "", "does not begin like a JPEG or a PNG image; convert it to one of the two"
	}
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(raw), ""
}

// images adds the pictures as one carousel.
func images(b *builder, at string, given []Image) {
	if len(given) == 0 {
		return
	}
	row := widgets.ImageCarouselRow{HasDivider: true}
	for i := range given {
		row.Items = append(row.Items, widgets.CarouselImage{
			ImageID:     given[i].source(),
			Description: b.fit(item(at, i), "caption", given[i].Caption, maxCaption),
		})
	}
	b.add(row)
}
