package kenartest

import (
	"strconv"
	"unicode/utf8"

	"github.com/google/uuid"
)

// locationType says how a post's place is shown (Kenar OpenAPI,
// postLocationType).
var locationType = &enum{"location type", set(
	"LOCATION_TYPE_EMPTY", "LOCATION_TYPE_EXACT", "LOCATION_TYPE_APPROXIMATE")}

// generalFields are what every post has, whatever its category (Kenar OpenAPI,
// postPostGeneralData). No limit of a title or a description is documented for
// them.
var generalFields = []property{
	required("category_slug", text(0)),
	required("title", text(0)),
	required("description", text(0)),
	required("images", list(text(0), 0, 0)),
	required("city", text(0)),
	required("location_type", oneOf(locationType)),
	required("hide_phone", truth()),
	required("chat_enabled", truth()),
	optional("district", text(0)),
	optional("latitude", double()),
	optional("longitude", double()),
	optional("video", object(
		required("name", text(0)), required("thumbnail_name", text(0)), required("duration", seconds()))),
}

// partial is the same fields with none of them required, as an edit has them.
func partial(fields []property) *schema {
	all := make([]property, len(fields))
	for i, p := range fields {
		all[i] = optional(p.name, p.schema)
	}
	return object(all...)
}

// Bodies of submissions. Landline numbers are the provider's only and outside
// general_data (Kenar OpenAPI); elsewhere they are ignored like any field that
// is not known.
var (
	providerPostBody = object(
		required("business_token", text(0)),
		required("general_data", object(generalFields...)),
		required("category_fields", anyObject()),
		optional("landline_numbers", list(text(0), 0, 0)))
	userPostBody = object(
		required("business_token", text(0)),
		required("general_data", object(generalFields...)),
		required("category_fields", anyObject()))
)

// Bodies of edits. What a submission calls category_fields is category_data
// here (Kenar docs, post/edit_post_v2). The limits of v1 are documented, a
// list of images is not required there.
var (
	editBodyV2 = object(
		required("update_mask", list(text(0), 1, 0)),
		optional("general_data", partial(generalFields)),
		optional("category_data", anyObject()))
	editBodyV1 = object(
		required("title", text(50).with(func(_ checker, n *node) *violation {
			if count := utf8.RuneCountInString(n.text); count < 3 {
				return violate("%d characters, at least 3 wanted", count)
			}
			return nil
		})),
		required("description", text(0)),
		optional("image_paths", list(text(0), 0, 0)))
)

// paymentBody is what a paid call has. The id is required although only some
// documents say so: without one nothing prevents a double payment.
var paymentBody = object(
	required("id", text(0).with(func(_ checker, n *node) *violation {
		// Parse also takes other spellings than the usual one of 36 characters.
		if id, err := uuid.Parse(n.text); err != nil || len(n.text) != 36 || id.Version() != 4 || id.Variant() != uuid.RFC4122 {
			return violate("%s is not a UUID of version 4", quote(n.text))
		}
		return nil
	})),
	optional("extra_details", text(0)))

// seconds is a duration, a uint64: a string in the documents, and as in every
// protobuf JSON parser a number, too.
func seconds() *schema {
	return (&schema{}).with(func(_ checker, n *node) *violation {
		if n.kind != stringKind && n.kind != numberKind {
			return violate("is %s, want a string of digits", n.kind)
		}
		if _, err := strconv.ParseUint(n.text, 10, 64); err != nil {
			return violate("%s is not a number of seconds", quote(n.text))
		}
		return nil
	})
}
