package preview

import (
	"encoding/json"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// digits writes a number with Persian digits, as Divar's apps do.
func digits(n int) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return '۰' + r - '0'
		}
		return r
	}, strconv.Itoa(n))
}

// tone is the CSS class of a colour.
func tone(c widgets.Color) string {
	switch c {
	case widgets.SuccessPrimary, widgets.SuccessSecondary,
		widgets.WarningPrimary, widgets.WarningSecondary, widgets.ErrorPrimary:
		return strings.ReplaceAll(strings.ToLower(string(c)), "_", "-")
	}
	return "no-colour"
}

// An image is a picture of the page, or what stands in its place.
type image struct {
	Data template.URL // of a picture that is in the page, else ""
	Logo bool
	Text string // the id, or the address without its query
}

// embeddable begins the data URIs that are shown. SVG is not among them: it can
// hold more than a picture, and Kenar takes photographs.
var embeddable = []string{"data:image/jpeg;", "data:image/png;", "data:image/webp;", "data:image/gif;"}

func newImage(id string) image {
	if id == widgets.Logo {
		return image{Logo: true}
	}
	for _, prefix := range embeddable {
		if len(id) > len(prefix) && strings.EqualFold(id[:len(prefix)], prefix) && widgets.IsImageSource(id) {
			return image{Data: template.URL(id)} //nolint:gosec // IsImageSource says that the rest is base64
		}
	}
	return image{Text: shorten(address(id), 300)}
}

// address is the address of a picture without its query, which may be signed
// and is nobody's business, or else the id as it is.
func address(id string) string {
	u, err := url.Parse(id)
	if err != nil || u.Host == "" {
		return id
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		return shown.String() + "?…"
	}
	return shown.String()
}

// An action is what a button or a line does, in words.
type action struct {
	Link string // of an action that can be tried out, else ""
	Text string
}

func newAction(a widgets.Action) *action {
	switch a := a.(type) {
	case nil:
		return nil
	case widgets.OpenDirectLink:
		return &action{Link: string(a), Text: string(a)}
	case widgets.OpenServerLink:
		return &action{Text: "asks your server for a link, with " + compact(a.Data)}
	case widgets.GetDynamicAction:
		return &action{Text: "asks your server what to do, with " + compact(a.Data)}
	case widgets.OpenPostPage:
		return &action{Text: "opens the ad " + a.PostToken}
	case widgets.OpenPostManagePage:
		return &action{Text: "opens the page on which the owner manages the ad " + a.PostToken}
	}
	return &action{Text: "does something this preview does not know"}
}

func compact(data json.RawMessage) string {
	if len(data) == 0 {
		return "{}"
	}
	return shorten(string(data), 200)
}

// shorten cuts a text that nobody would read to its end.
func shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "…"
}
