package kenar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// PostAddon is the body of [Client.CreatePostAddon].
type PostAddon struct {
	Widgets  widgets.List
	Semantic Semantic // optional
	Notes    string   // optional; for the app itself, not shown
}

// Body returns the request body: the same bytes for the same add-on, keys in
// the order of Kenar's documents, absent parts left out, sensitive semantic
// values hashed. The error is a [widgets.Faults].
//
// The widgets are taken as they are; whoever made them validates them.
func (a PostAddon) Body() ([]byte, error) {
	var faults widgets.Faults
	list := encodeWidgets(len(a.Widgets), a.Widgets, &faults)
	return encodePostAddon(list, a.Semantic, a.Notes, faults)
}

// PostAddonV1 is the body of [Client.CreatePostAddonV1].
type PostAddonV1 struct {
	Widgets  widgets.LegacyList
	Semantic Semantic // optional
	Notes    string   // optional; for the app itself, not shown
}

// Body is like [PostAddon.Body]. The first generation documented a list of
// keys to hash besides; it is not sent, because today Divar hashes whatever it
// does not know.
func (a PostAddonV1) Body() ([]byte, error) {
	var faults widgets.Faults
	list := encodeWidgets(len(a.Widgets), a.Widgets, &faults)
	return encodePostAddon(list, a.Semantic, a.Notes, faults)
}

// encodePostAddon returns the body that both generations have in common
// around their widgets.
func encodePostAddon(list json.RawMessage, semantic Semantic, notes string, faults widgets.Faults) ([]byte, error) {
	semantic = semantic.checked(&faults)
	return encode(struct {
		Widgets  json.RawMessage `json:"widgets"`
		Semantic Semantic        `json:"semantic,omitempty"`
		Notes    string          `json:"notes,omitempty"`
	}{list, semantic, notes}, faults)
}

// BusinessAddon is the body of [Client.CreateBusinessAddon]. Kenar's OpenAPI
// description has nothing but widgets in it; the notes that its guide shows
// are not sent.
type BusinessAddon struct {
	Widgets widgets.List
}

// Body is like [PostAddon.Body].
func (a BusinessAddon) Body() ([]byte, error) {
	var faults widgets.Faults
	list := encodeWidgets(len(a.Widgets), a.Widgets, &faults)
	return encode(struct {
		Widgets json.RawMessage `json:"widgets"`
	}{list}, faults)
}

// UserAddon is the body of [Client.CreateUserAddon].
type UserAddon struct {
	Widgets widgets.List

	// Categories are the slugs of the categories whose posts get the add-on.
	// None means every category that the app is shown in.
	Categories []string

	Semantic Semantic // optional

	// TicketUUID and Cost, in rials, belong to payment by ticket. Both are
	// optional.
	TicketUUID string
	Cost       int32
}

// Body is like [PostAddon.Body].
func (a UserAddon) Body() ([]byte, error) {
	var faults widgets.Faults
	list := encodeWidgets(len(a.Widgets), a.Widgets, &faults)
	for i, category := range a.Categories {
		if category == "" || strings.ContainsFunc(category, notSlug) {
			faults.Add(fmt.Sprintf("categories[%d]", i), "%s is not a category's slug, such as light-cars", shortened(category, 48))
		}
	}
	semantic := a.Semantic.checked(&faults)
	if a.TicketUUID != "" && !isUUID(a.TicketUUID) {
		faults.Add("ticket_uuid", "is %s: it must be a UUID, 8-4-4-4-12 hexadecimal digits", shortened(a.TicketUUID, 48))
	}
	if a.Cost < 0 {
		faults.Add("cost", "is %d: it must be an amount in rials, at least 0", a.Cost)
	}
	return encode(struct {
		Widgets    json.RawMessage `json:"widgets"`
		Categories []string        `json:"categories,omitempty"`
		Semantic   Semantic        `json:"semantic,omitempty"`
		TicketUUID string          `json:"ticket_uuid,omitempty"`
		Cost       int32           `json:"cost,omitempty"`
	}{list, a.Categories, semantic, a.TicketUUID, a.Cost}, faults)
}

// encodeWidgets returns the JSON of a list of n widgets. Kenar does not say
// what an empty list does, so none is sent.
func encodeWidgets(n int, list json.Marshaler, faults *widgets.Faults) json.RawMessage {
	if n == 0 {
		faults.Add("widgets", "is empty: an add-on needs at least 1 widget; to remove one, delete it")
		return nil
	}
	data, err := list.MarshalJSON()
	var inner widgets.Faults
	switch {
	case errors.As(err, &inner):
		*faults = append(*faults, inner...)
	case err != nil:
		faults.Add("widgets", "cannot be encoded: %v", err)
	}
	return data
}

// encode returns the JSON of a body without faults. It leaves <, > and & as
// they are: the body is never part of a web page.
func encode(body any, faults widgets.Faults) ([]byte, error) {
	if err := faults.Err(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		faults.Add("", "cannot be encoded: %v", err)
		return nil, faults
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// notSlug reports whether a category's slug cannot hold r.
func notSlug(r rune) bool {
	return !strings.ContainsRune(alphanumeric+tokenMarks, r)
}

// isUUID reports whether s has the form of a UUID of any version.
func isUUID(s string) bool {
	groups := strings.Split(s, "-")
	if len(groups) != 5 {
		return false
	}
	for i, n := range []int{8, 4, 4, 4, 12} {
		if len(groups[i]) != n || strings.Trim(groups[i], "0123456789abcdefABCDEF") != "" {
			return false
		}
	}
	return true
}
