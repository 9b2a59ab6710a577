package widgets

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// An ImageSource is a place in a list where an image stands that is yet to be
// uploaded.
type ImageSource struct {
	// Path names the field, such as
	// "widgets[3].image_carousel_row.items[0].image_id".
	Path string
	// Source is an absolute https URL or a data URI. It may be long, and a
	// URL may hold a signature: neither belongs into logs.
	Source string
}

// IsImageSource reports whether what stands in place of an image's id is a
// source: an absolute https URL, or a data:image/…;base64,… URI (RFC 2397). It
// goes by the form alone. Whether the image can be had, and whether it is one,
// whoever fetches it finds out.
func IsImageSource(id string) bool {
	if isDataURI(id) {
		head, data, ok := strings.Cut(id, ",")
		return ok && data != "" && hasFold(head, "data:image/") && endsFold(head, ";base64") &&
			!strings.ContainsFunc(head, notPrinted) && isBase64(data)
	}
	if !utf8.ValidString(id) || strings.ContainsFunc(id, notPrinted) {
		return false
	}
	u, err := url.Parse(id)
	return err == nil && u.Scheme == "https" && u.Hostname() != ""
}

func isDataURI(id string) bool { return hasFold(id, "data:") }

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func endsFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// isBase64 reports whether s has only characters of base64. Decoding it just
// to see would need memory for every image of an event.
func isBase64(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '+', c == '/':
		default:
			return false
		}
	}
	return s != ""
}

// ImageSources are the images of the list that are yet to be uploaded, in the
// order they are shown. One that stands in two places is listed twice.
func (l List) ImageSources() []ImageSource {
	var sources []ImageSource
	m := imageMapper{report: &report{}}
	m.image = func(source string) (string, bool) {
		sources = append(sources, ImageSource{Path: m.path("image_id"), Source: source})
		return source, true
	}
	m.list(l)
	return sources
}

// MapImages returns a copy of the list in which image has replaced every
// source by the id of its upload. Image is called once for each place, in the
// order of ImageSources; ids and Logo are not its business. The ids it returns
// are not checked. What has not changed the copy shares with the list.
//
// Where keep is false there is no such image: the item goes from a carousel,
// the field from any other row together with the semantic paths that name it,
// and a carousel that has lost all its items goes from the list. There is a
// warning at the Path of each source that was given up, and one at each widget
// and semantic path that went with it, a hundred at most. The other widgets
// stay as they are, so a valid list stays valid, unless nothing is left of
// it: then the result is empty, which is no add-on, and must not be sent.
func (l List) MapImages(image func(source string) (id string, keep bool)) (List, []Warning) {
	m := imageMapper{report: &report{}, image: image}
	return m.list(l), m.warnings
}

// An imageMapper makes a copy of a list with other images, and records at its
// place what it gives up.
type imageMapper struct {
	*report
	image func(source string) (id string, keep bool)
}

func (m imageMapper) list(l List) List {
	mapped := make(List, 0, len(l))
	m.enter("widgets")
	for i, w := range l {
		m.enterItem(i)
		if w, keep := m.widget(w); keep {
			mapped = append(mapped, w)
		}
		m.leave()
	}
	m.leave()
	return mapped
}

// widget maps one widget, which the report stands at. keep is false when it
// has lost what it was there for.
func (m imageMapper) widget(w Widget) (mapped Widget, keep bool) {
	switch row := w.Row.(type) {
	case SelectorRow:
		row.ImageID, w.SemanticPaths = m.field(w, row.ImageID)
		w.Row = row
	case EventRow:
		row.ImageID, w.SemanticPaths = m.field(w, row.ImageID)
		w.Row = row
	case ImageCarouselRow:
		items := m.items(w, row.Items)
		if len(items) == 0 && len(row.Items) > 0 {
			m.warn("", "was dropped with the last of its images")
			return Widget{}, false
		}
		row.Items = items
		w.Row = row
	}
	return w, true
}

// field maps the image of a row that is shown without one, too, and what the
// row publishes: a path to the image goes with it, since what Kenar makes of a
// path to nothing is not documented.
func (m imageMapper) field(w Widget, id string) (mapped string, paths map[string]string) {
	m.enter(w.Name())
	mapped, keep := m.id(id, "the row is shown without it")
	m.leave()
	if keep {
		return mapped, w.SemanticPaths
	}
	m.enter("semantic_paths")
	for _, key := range slices.Sorted(maps.Keys(w.SemanticPaths)) {
		if path := w.SemanticPaths[key]; path == "image_id" {
			m.warn(key, "was dropped with the image it names")
		} else {
			if paths == nil {
				paths = make(map[string]string)
			}
			paths[key] = path
		}
	}
	m.leave()
	return "", paths
}

func (m imageMapper) items(w Widget, items []CarouselImage) []CarouselImage {
	var mapped []CarouselImage
	m.enter(w.Name())
	m.enter("items")
	for i, item := range items {
		m.enterItem(i)
		if id, keep := m.id(item.ImageID, "its item was dropped"); keep {
			mapped = append(mapped, CarouselImage{ImageID: id, Description: item.Description})
		}
		m.leave()
	}
	m.leave()
	m.leave()
	return mapped
}

// id is what takes the place of the id of the message the report stands at.
// Without says what becomes of that message when there is nothing.
func (m imageMapper) id(id, without string) (mapped string, keep bool) {
	if !IsImageSource(id) {
		return id, true
	}
	mapped, keep = m.image(id)
	if !keep {
		m.warn("image_id", "the image could not be had: %s", without)
		return "", false
	}
	return mapped, true
}
