package kenar

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// PostEdit is the body of [Client.EditPost]: what becomes of which fields.
// Which fields those are is derived from it; the others stay as they are.
//
// Read from JSON, a field that is absent stays, null clears, and any other
// value is the new one.
type PostEdit struct {
	GeneralData GeneralDataEdit `json:"general_data,omitzero"`

	// CategoryData holds new values of category fields by their names; null
	// clears one. When a post is submitted they are called category_fields.
	CategoryData map[string]json.RawMessage `json:"category_data,omitempty"`
}

// GeneralDataEdit has the fields of a [GeneralData] that can be edited (Kenar
// docs, edit post v2). The category cannot; whether the city can is said in
// one place and not in the other, so it is not offered.
type GeneralDataEdit struct {
	Title        Change[string]       `json:"title,omitzero"`
	Description  Change[string]       `json:"description,omitzero"`
	Images       Change[[]string]     `json:"images,omitzero"`
	District     Change[string]       `json:"district,omitzero"`
	Latitude     Change[float64]      `json:"latitude,omitzero"`
	Longitude    Change[float64]      `json:"longitude,omitzero"`
	LocationType Change[LocationType] `json:"location_type,omitzero"`
	HidePhone    Change[bool]         `json:"hide_phone,omitzero"`
	ChatEnabled  Change[bool]         `json:"chat_enabled,omitzero"`
	Video        Change[PostVideo]    `json:"video,omitzero"`
}

// A Change is what becomes of one field. The zero value leaves it as it is.
type Change[T any] struct {
	given bool
	value *T // nil clears
}

// ChangeTo gives a field a new value.
func ChangeTo[T any](v T) Change[T] { return Change[T]{given: true, value: &v} }

// Clear removes what a field holds.
func Clear[T any]() Change[T] { return Change[T]{given: true} }

// IsZero reports whether the field stays as it is.
func (c Change[T]) IsZero() bool { return !c.given }

// Clears reports whether the field is cleared.
func (c Change[T]) Clears() bool { return c.given && c.value == nil }

// Value returns the new value, if there is one.
func (c Change[T]) Value() (v T, ok bool) {
	if c.value == nil {
		return v, false
	}
	return *c.value, true
}

// MarshalJSON writes the new value, or null for none.
func (c Change[T]) MarshalJSON() ([]byte, error) { return json.Marshal(c.value) }

// UnmarshalJSON reads a new value, or null to clear the field.
func (c *Change[T]) UnmarshalJSON(data []byte) error {
	c.given, c.value = true, nil
	return json.Unmarshal(data, &c.value)
}

// Body is like [PostAddon.Body]. Its update_mask names the fields in the order
// of [GeneralDataEdit], then those of the category by name. A field that is
// cleared is named there and has no value, because what is masked without a
// value is cleared (Kenar OpenAPI).
func (e PostEdit) Body() ([]byte, error) {
	var faults widgets.Faults
	var mask []string
	body := struct {
		UpdateMask   []string                   `json:"update_mask"`
		GeneralData  *generalDataValues         `json:"general_data,omitempty"`
		CategoryData map[string]json.RawMessage `json:"category_data,omitempty"`
	}{
		GeneralData:  e.GeneralData.values(&mask, &faults),
		CategoryData: make(map[string]json.RawMessage),
	}
	for _, name := range slices.Sorted(maps.Keys(e.CategoryData)) {
		path := "category_data." + name
		value := bytes.TrimSpace(e.CategoryData[name])
		switch {
		case name == "" || strings.ContainsFunc(name, notSlug):
			faults.Add("category_data", "%s is not the name of a field: only A-Z, a-z, 0-9 and any of %s are allowed", shortened(name, 48), tokenMarks)
			continue
		case len(value) == 0:
			faults.Add(path, "is empty: give a JSON value, or null to clear the field")
		case !json.Valid(value) || !utf8.Valid(value):
			faults.Add(path, "is not valid JSON in UTF-8")
		case string(value) != "null":
			body.CategoryData[name] = value
		}
		mask = append(mask, path)
	}
	if len(mask) == 0 && len(faults) == 0 {
		faults.Add("update_mask", "is empty: change at least 1 field")
	}
	body.UpdateMask = mask
	return encode(body, faults)
}

// generalDataValues are the new values of general fields; nil for a field that
// stays or is cleared.
type generalDataValues struct {
	Title        *string       `json:"title,omitempty"`
	Description  *string       `json:"description,omitempty"`
	Images       *[]string     `json:"images,omitempty"`
	District     *string       `json:"district,omitempty"`
	Latitude     *float64      `json:"latitude,omitempty"`
	Longitude    *float64      `json:"longitude,omitempty"`
	LocationType *LocationType `json:"location_type,omitempty"`
	HidePhone    *bool         `json:"hide_phone,omitempty"`
	ChatEnabled  *bool         `json:"chat_enabled,omitempty"`
	Video        *PostVideo    `json:"video,omitempty"`
}

// values returns the new values, nil for none, and adds the fields that do not
// stay as they are to the mask.
func (e GeneralDataEdit) values(mask *[]string, faults *widgets.Faults) *generalDataValues {
	v := generalDataValues{
		Title:        edited("title", e.Title, mask),
		Description:  edited("description", e.Description, mask),
		Images:       edited("images", e.Images, mask),
		District:     edited("district", e.District, mask),
		Latitude:     edited("latitude", e.Latitude, mask),
		Longitude:    edited("longitude", e.Longitude, mask),
		LocationType: edited("location_type", e.LocationType, mask),
		HidePhone:    edited("hide_phone", e.HidePhone, mask),
		ChatEnabled:  edited("chat_enabled", e.ChatEnabled, mask),
		Video:        edited("video", e.Video, mask),
	}
	if v.Images != nil && *v.Images == nil {
		v.Images = &[]string{} // an empty list, not null
	}
	e.check(v, faults)
	if v == (generalDataValues{}) {
		return nil
	}
	return &v
}

// edited returns the new value of a field.
func edited[T any](name string, c Change[T], mask *[]string) *T {
	if c.IsZero() {
		return nil
	}
	*mask = append(*mask, "general_data."+name)
	return c.value
}

// check records what is wrong with the changes. v are the values among them.
func (e GeneralDataEdit) check(v generalDataValues, faults *widgets.Faults) {
	const path = "general_data."
	for _, required := range []struct {
		name    string
		cleared bool
	}{
		{"title", e.Title.Clears()},
		{"description", e.Description.Clears()},
		{"location_type", e.LocationType.Clears()},
		{"hide_phone", e.HidePhone.Clears()},
		{"chat_enabled", e.ChatEnabled.Clears()},
	} {
		if required.cleared {
			faults.Add(path+required.name, "cannot be cleared: every post has one; give a value")
		}
	}
	if v.Title != nil {
		checkText(path+"title", *v.Title, faults)
	}
	if v.Description != nil {
		checkText(path+"description", *v.Description, faults)
	}
	if v.Images != nil {
		checkImages(path+"images", *v.Images, faults)
	}
	if v.District != nil {
		checkSlug(path+"district", *v.District, "abshar", faults)
	}
	if e.Latitude.IsZero() != e.Longitude.IsZero() || e.Latitude.Clears() != e.Longitude.Clears() {
		faults.Add(path+"latitude", "is not changed like longitude: change both, clear both, or leave both")
	}
	if v.Latitude != nil {
		checkDegrees(path+"latitude", *v.Latitude, 90, faults)
	}
	if v.Longitude != nil {
		checkDegrees(path+"longitude", *v.Longitude, 180, faults)
	}
	if v.LocationType != nil {
		checkLocationType(path+"location_type", *v.LocationType, faults)
	}
	if v.Video != nil {
		v.Video.check(path+"video.", faults)
	}
}

// EditPost changes some fields of a post, which must not have expired. body is
// made by [PostEdit.Body]. The API key needs EDIT_POST, the grant
// POST_EDIT.<post token>, or EDIT_USER_POST for a post of the user's own.
func (c *Client) EditPost(ctx context.Context, postToken, accessToken string, body []byte) (Receipt, error) {
	r := c.onPost(OpEditPost, http.MethodPut, "/v2/open-platform/post/{post_token}", postToken, accessToken)
	r.body = body
	return c.deliver(ctx, r)
}

// DeletePost removes a post of the user who gave accessToken, for good. The API
// key needs DELETE_USER_POST, as does the grant.
func (c *Client) DeletePost(ctx context.Context, postToken, accessToken string) (Receipt, error) {
	return c.deliver(ctx, c.onPost(OpDeletePost, http.MethodDelete, "/v1/open-platform/post/{post_token}", postToken, accessToken))
}
