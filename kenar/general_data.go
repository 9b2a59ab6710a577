package kenar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// GeneralData is what posts of all categories have. The fields up to
// ChatEnabled are required unless said otherwise (Kenar OpenAPI,
// postPostGeneralData).
type GeneralData struct {
	CategorySlug string `json:"category_slug"` // such as "apartment-rent"

	// Title has 3 to 50 characters as far as the first generation of edits
	// says; of posts that are submitted nothing is documented.
	Title       string `json:"title"`
	Description string `json:"description"`

	// Images are the paths of uploaded images, as in [PostImage.Path]. None
	// is sent as an empty list.
	Images []string `json:"images"`

	City     string `json:"city"`               // slug, such as "tehran"
	District string `json:"district,omitempty"` // optional; slug, such as "abshar"

	// Latitude and Longitude are in degrees. Both are optional; one without
	// the other is not.
	Latitude  *float64 `json:"latitude,omitempty"`
	Longitude *float64 `json:"longitude,omitempty"`

	LocationType LocationType `json:"location_type"`

	// HidePhone and ChatEnabled have no default: a phone number that nobody
	// said anything about is not to be published.
	HidePhone   *bool `json:"hide_phone"`
	ChatEnabled *bool `json:"chat_enabled"`

	Video *PostVideo `json:"video,omitempty"` // optional
}

// A LocationType says what a post shows of its place.
type LocationType string

// Location types (Kenar OpenAPI, postLocationType).
const (
	LocationEmpty       LocationType = "LOCATION_TYPE_EMPTY"
	LocationExact       LocationType = "LOCATION_TYPE_EXACT"
	LocationApproximate LocationType = "LOCATION_TYPE_APPROXIMATE"
)

// PostVideo is an uploaded video as part of a post. The names are those of an
// [UploadedVideo].
type PostVideo struct {
	Name          string  `json:"name"`
	ThumbnailName string  `json:"thumbnail_name"`
	Duration      Seconds `json:"duration"`
}

// Seconds is a duration in whole seconds, which Kenar writes in quotes.
type Seconds uint64

// MarshalJSON writes the seconds in quotes.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, strconv.FormatUint(uint64(s), 10)), nil
}

// UnmarshalJSON is like [Rials.UnmarshalJSON].
func (s *Seconds) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	digits, err := wholeNumber(data)
	if err == nil {
		var n uint64
		if n, err = strconv.ParseUint(digits, 10, 64); err == nil {
			*s = Seconds(n)
			return nil
		}
	}
	return fmt.Errorf("%s is not a number of seconds: write a whole number, such as 34 or \"34\"", shownJSON(data))
}

// check records what is wrong with g. path is where g is, with a dot.
func (g GeneralData) check(path string, faults *widgets.Faults) {
	checkSlug(path+"category_slug", g.CategorySlug, "light", faults)
	checkText(path+"title", g.Title, faults)
	checkText(path+"description", g.Description, faults)
	checkImages(path+"images", g.Images, faults)
	checkSlug(path+"city", g.City, "tehran", faults)
	if g.District != "" {
		checkSlug(path+"district", g.District, "abshar", faults)
	}
	if (g.Latitude == nil) != (g.Longitude == nil) {
		missing := "latitude"
		if g.Longitude == nil {
			missing = "longitude"
		}
		faults.Add(path+missing, "is missing: give latitude and longitude, or neither")
	}
	if g.Latitude != nil {
		checkDegrees(path+"latitude", *g.Latitude, 90, faults)
	}
	if g.Longitude != nil {
		checkDegrees(path+"longitude", *g.Longitude, 180, faults)
	}
	checkLocationType(path+"location_type", g.LocationType, faults)
	if g.HidePhone == nil {
		faults.Add(path+"hide_phone", "is missing: say true or false")
	}
	if g.ChatEnabled == nil {
		faults.Add(path+"chat_enabled", "is missing: say true or false")
	}
	if g.Video != nil {
		g.Video.check(path+"video.", faults)
	}
}

func (v PostVideo) check(path string, faults *widgets.Faults) {
	checkUploaded(path+"name", v.Name, faults)
	checkUploaded(path+"thumbnail_name", v.ThumbnailName, faults)
	if v.Duration == 0 {
		faults.Add(path+"duration", "is 0 seconds: give the length of the video")
	}
}

func checkText(path, s string, faults *widgets.Faults) {
	switch {
	case strings.TrimSpace(s) == "":
		faults.Add(path, "is empty: every post has one")
	case !utf8.ValidString(s):
		faults.Add(path, "is not valid UTF-8")
	}
}

func checkSlug(path, s, example string, faults *widgets.Faults) {
	if s == "" || strings.ContainsFunc(s, notSlug) {
		faults.Add(path, "%s is not a slug, such as %s", shortened(s, 48), example)
	}
}

func checkImages(path string, images []string, faults *widgets.Faults) {
	for i, image := range images {
		checkUploaded(fmt.Sprintf("%s[%d]", path, i), image, faults)
	}
}

// maxUploaded is well beyond the names and paths that Kenar gives, in bytes.
const maxUploaded = 512

// checkUploaded records what is wrong with a name or path that an upload was
// answered with. It is opaque, but it is not the URL beside it.
func checkUploaded(path, s string, faults *widgets.Faults) {
	switch {
	case s == "":
		faults.Add(path, "is empty: upload the file and give what the answer calls it")
	case strings.Contains(s, "://") || strings.HasPrefix(s, "data:"):
		faults.Add(path, "is a URL: upload what is there and give what the answer calls it")
	case len(s) > maxUploaded:
		faults.Add(path, "has %d bytes, at most %d are allowed", len(s), maxUploaded)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }):
		faults.Add(path, "%s holds white space or a character that cannot be printed", shortened(s, 48))
	}
}

func checkDegrees(path string, degrees, most float64, faults *widgets.Faults) {
	if !(math.Abs(degrees) <= most) { // so that it holds for NaN, too
		faults.Add(path, "is %v: it must be between %v and %v degrees", degrees, -most, most)
	}
}

func checkLocationType(path string, t LocationType, faults *widgets.Faults) {
	all := []LocationType{LocationEmpty, LocationExact, LocationApproximate}
	if !slices.Contains(all, t) {
		faults.Add(path, "is %s: it must be %s, %s or %s", shortened(string(t), 48), all[0], all[1], all[2])
	}
}

// checkObject records why raw is not a JSON object.
func checkObject(path string, raw json.RawMessage, faults *widgets.Faults) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
		faults.Add(path, "is missing: give an object, {} if the category has no fields of its own")
	case !json.Valid(raw) || !utf8.Valid(raw):
		faults.Add(path, "is not valid JSON in UTF-8")
	case raw[0] != '{':
		faults.Add(path, "is %s: it must be an object", kindOf(raw))
	}
}
