package listing_test

import "strings"

// A dataCase is the data of an event, and what is said of it.
type dataCase struct {
	name   string
	data   string
	faults []string // none: it is accepted

	// blind is whether a JSON schema cannot know that there is a fault.
	blind bool
}

// Data of submissions that are as good as they can be with the least, and with
// all that there is.
const (
	leastSubmission = `{
		"model": "user",
		"general_data": {
			"category_slug": "light", "title": "پژو ۲۰۶ تیپ ۵", "description": "سالم و سالم",
			"city": "karaj", "location_type": "LOCATION_TYPE_EMPTY", "hide_phone": true, "chat_enabled": false
		},
		"category_fields": {},
		"max_cost_rials": 0
	}`

	fullSubmission = `{
		"model": "provider",
		"business_token": "b7f1c2d4-5e6a",
		"general_data": {
			"category_slug": "apartment-rent", "title": "آپارتمان ۸۵ متری، دو خواب", "description": "طبقهٔ سوم، نورگیر <شرقی & غربی>",
			"images": ["https://cdn.example.com/1.jpg?sig=s3cret", "/neda/live-post-image/17.jpg", "data:image/png;base64,iVBORw0KGgo="],
			"city": "tehran", "district": "abshar", "latitude": 35.7, "longitude": 51.4,
			"location_type": "LOCATION_TYPE_APPROXIMATE", "hide_phone": false, "chat_enabled": true,
			"video": {"source": "https://cdn.example.com/tour.mp4", "duration": 34}
		},
		"category_fields": {"size": 85, "rooms": "دو", "note": "<a> & b", "tags": ["نوساز"], "rent": 1.5e7},
		"landline_numbers": ["02188888888", "02177777777"],
		"max_cost_rials": "1500000",
		"extra_details": "order 17 <a&b>",
		"publish": true,
		"addon": {"widgets": [{"title_row": {"text": "کارشناسی شد <ok>"}}]},
		"button": {"type": "ONLINE_CALL", "action": {"open_direct_link": "https://example.com/call/{post_token}?a=1&b=2"}}
	}`
)

// but is a document with one part replaced. It panics when there is no such
// part, since the case would then be another one than it says.
func but(document, part, by string) string {
	if strings.Count(document, part) != 1 {
		panic("there is not one " + part + " in the document")
	}
	return strings.Replace(document, part, by, 1)
}

// in is a minimal submission with other general data.
func in(part, by string) string { return but(leastSubmission, part, by) }

// withVideo is a minimal submission with a video.
func withVideo(video string) string { return in(`"city"`, `"video": `+video+`, "city"`) }

// withImages is a minimal submission with images.
func withImages(images string) string { return in(`"city"`, `"images": `+images+`, "city"`) }

// with is a minimal submission with one more member.
func with(member string) string { return in(`"category_fields"`, member+`, "category_fields"`) }

const (
	locationTypes = "it must be LOCATION_TYPE_EMPTY, LOCATION_TYPE_EXACT or LOCATION_TYPE_APPROXIMATE"
	buttonTypes   = "it must be ACCOMMODATION_BOOKING, EXTERNAL_PRODUCT_STORE, RESUME_SUBMISSION or ONLINE_CALL"
	secret        = "an event must not carry a token or a key: name the user's grant by grantid"
	noMaxCost     = "is missing: say how many rials it may cost at most, 0 for nothing that costs"
	wrongImage    = "is neither an absolute https URL nor data:image/…;base64,… with the image behind it"
	wrongVideo    = "is neither an absolute https URL nor data:video/…;base64,… with the video behind it"
	half          = `holds half of a surrogate pair, such as \ud83d alone, which is not valid Unicode`
	twice         = "is given twice in one object; remove one of the two"
)

var submissions = []dataCase{
	{name: "the least", data: leastSubmission},
	{name: "everything", data: fullSubmission},
	{name: "null is as good as absent", data: with(`"business_token": null, "landline_numbers": null, "extra_details": null,
		"publish": null, "addon": null, "button": null`)},
	{name: "null in general data", data: in(`"city"`, `"images": null, "district": null, "latitude": null, "longitude": null, "video": null, "city"`)},
	{name: "no landline number of a user", data: with(`"landline_numbers": []`)},
	{name: "not published, and no bound of what it may cost", data: in(`"max_cost_rials": 0`, `"publish": false`)},
	{name: "not published, and a bound nevertheless", data: with(`"publish": false`)},
	{name: "rials in quotes", data: in(`"max_cost_rials": 0`, `"max_cost_rials": "9007199254740993"`)},
	{name: "rials with an exponent", data: in(`"max_cost_rials": 0`, `"max_cost_rials": 1.5e6`)},
	{name: "uploaded video", data: withVideo(`{"name": "raw/1.mp4", "thumbnail_name": "thumbnail/1.jpg", "duration": "34"}`)},
	{name: "video as data", data: withVideo(`{"source": "data:video/mp4;base64,AAAAGGZ0eXA=", "duration": 1}`)},
	{name: "emoji as a surrogate pair", data: in(`"title": "`, `"title": "\ud83d\ude97 `)},
	{name: "extra details of 1024 bytes", data: with(`"extra_details": "` + strings.Repeat("x", 1024) + `"`)},

	{name: "nothing", data: `{}`, faults: []string{
		`data.model: is missing: write provider or user`,
		`data.general_data: is missing: give what every post has, such as title and city`,
		`data.max_cost_rials: ` + noMaxCost,
		`data.category_fields: is missing: give an object, {} if the category has no fields of its own`,
	}},
	{name: "nothing in general data", data: `{"model": "user", "general_data": {}, "category_fields": {}, "max_cost_rials": 0}`, faults: []string{
		`data.general_data.category_slug: "" is not a slug, such as light`,
		`data.general_data.title: is empty: every post has one`,
		`data.general_data.description: is empty: every post has one`,
		`data.general_data.city: "" is not a slug, such as tehran`,
		`data.general_data.location_type: is "": ` + locationTypes,
		`data.general_data.hide_phone: is missing: say true or false`,
		`data.general_data.chat_enabled: is missing: say true or false`,
	}},
	{name: "every kind of value in the wrong place", data: `{
		"model": 1, "business_token": {}, "general_data": {
			"category_slug": [], "title": 7, "description": true, "images": {}, "city": 1, "district": [],
			"latitude": "35.7", "longitude": true, "location_type": 3, "hide_phone": "no", "chat_enabled": 1, "video": "https://example.com/1.mp4"
		}, "category_fields": [], "landline_numbers": "02188888888", "max_cost_rials": true, "extra_details": 17,
		"publish": "yes", "addon": "x", "button": []}`, faults: []string{
		`data.model: is a number, must be a string`,
		`data.business_token: is an object, must be a string`,
		`data.general_data.category_slug: is an array, must be a string`,
		`data.general_data.title: is a number, must be a string`,
		`data.general_data.description: is a boolean, must be a string`,
		`data.general_data.images: is an object, must be an array`,
		`data.general_data.city: is a number, must be a string`,
		`data.general_data.district: is an array, must be a string`,
		`data.general_data.latitude: is a string, must be a number`,
		`data.general_data.longitude: is a boolean, must be a number`,
		`data.general_data.location_type: is a number, must be a string`,
		`data.general_data.hide_phone: is a string, must be a boolean`,
		`data.general_data.chat_enabled: is a number, must be a boolean`,
		`data.general_data.video: is a string, must be an object`,
		`data.category_fields: is an array, must be an object`,
		`data.landline_numbers: is a string, must be an array`,
		`data.max_cost_rials: is a boolean, must be a whole number`,
		`data.extra_details: is a number, must be a string`,
		`data.publish: is a string, must be a boolean`,
		`data.addon: is a string, must be an object`,
		`data.button: is an array, must be an object`,
	}},
	{name: "general data that is text", data: in(`"general_data": {`, `"general_data": "x", "rest": {`), faults: []string{
		`data.general_data: is a string, must be an object`,
		`data.rest: is not a known field; known are model, business_token, general_data, category_fields, landline_numbers, max_cost_rials, extra_details, publish, addon, button`,
	}},
	{name: "model", data: in(`"user"`, `"app"`), faults: []string{`data.model: is "app": it must be provider or user`}},
	{name: "long model", data: in(`"user"`, `"`+strings.Repeat("ک", 60)+`"`), faults: []string{
		`data.model: is "` + strings.Repeat("ک", 48) + `"…: it must be provider or user`}},
	{name: "empty business token", data: with(`"business_token": ""`), faults: []string{
		`data.business_token: business token is empty: 1 to 128 characters are needed`}},
	{name: "business token", data: with(`"business_token": "a/b"`), faults: []string{
		`data.business_token: business token "a/b" holds '/' at byte 1: only A-Z, a-z, 0-9 and any of _-=: are allowed`}},
	{name: "landline number of a user", data: with(`"landline_numbers": ["02188888888"]`), faults: []string{
		`data.landline_numbers: belong to the model provider: Kenar takes none from a user`}},
	{name: "landline number in Persian digits", data: but(fullSubmission, `"02177777777"`, `"۰۲۱۷۷۷۷۷۷۷۷"`), faults: []string{
		`data.landline_numbers[1]: is not a landline number: write the area code and the number in at most 15 ASCII digits, such as 02188888888`}},
	{name: "landline numbers within general data", data: in(`"city"`, `"landline_numbers": [], "city"`), faults: []string{
		`data.general_data.landline_numbers: belong beside general_data, not into it`}},

	{name: "negative rials", data: in(`"max_cost_rials": 0`, `"max_cost_rials": -1`), faults: []string{
		`data.max_cost_rials: is -1: it must be an amount in rials, at least 0`}},
	{name: "part of a rial", data: in(`"max_cost_rials": 0`, `"max_cost_rials": 0.5`), faults: []string{
		`data.max_cost_rials: 0.5 is not an amount in rials: write a whole number, such as 150000 or "150000"`}},
	{name: "rials with a separator", data: in(`"max_cost_rials": 0`, `"max_cost_rials": "150,000"`), faults: []string{
		`data.max_cost_rials: "150,000" is not an amount in rials: write a whole number, such as 150000 or "150000"`}},
	{name: "no bound of what it may cost", data: in(`"max_cost_rials": 0`, `"publish": true`), faults: []string{`data.max_cost_rials: ` + noMaxCost}},
	{name: "no bound but null", data: in(`"max_cost_rials": 0`, `"max_cost_rials": null`), faults: []string{`data.max_cost_rials: ` + noMaxCost}},
	{name: "long extra details", data: with(`"extra_details": "` + strings.Repeat("ن", 513) + `"`), blind: true, faults: []string{
		`data.extra_details: has 1026 bytes, at most 1024 are allowed`}},

	{name: "add-on of a post that is not published", data: with(`"publish": false, "addon": {}`), faults: []string{
		`data.addon: needs the post to be published: set publish to true, or send it with an event of its own once the post is`}},
	{name: "button of a post that is not published", data: with(`"publish": false, "button": {"type": "ONLINE_CALL", "action": {"open_server_link": {}}}`), faults: []string{
		`data.button: needs the post to be published: set publish to true, or send it with an event of its own once the post is`}},
	{name: "button that removes", data: with(`"button": {"remove": true}`), faults: []string{
		`data.button.remove: is not for a new post, which has no button: leave button out`}},
	{name: "button without anything", data: with(`"button": {}`), faults: []string{
		`data.button.type: is "": ` + buttonTypes, `data.button.action: is missing: say what a click does`}},
	{name: "link of a button", data: but(fullSubmission, `"https://example.com/call/{post_token}?a=1&b=2"`, `"example.com"`), faults: []string{
		`data.button.action.open_direct_link: has no scheme, must start with https:// or http://`}},

	{name: "slugs", data: in(`"light"`, `"خودرو"`), faults: []string{`data.general_data.category_slug: "خودرو" is not a slug, such as light`}},
	{name: "title of white space", data: in(`"پژو ۲۰۶ تیپ ۵"`, `" \t"`), faults: []string{`data.general_data.title: is empty: every post has one`}},
	{name: "half a place", data: in(`"city"`, `"latitude": 35.7, "city"`), faults: []string{
		`data.general_data.longitude: is missing: give latitude and longitude, or neither`}},
	{name: "place beyond the pole", data: in(`"city"`, `"latitude": 90.5, "longitude": -180.5, "city"`), faults: []string{
		`data.general_data.latitude: is 90.5: it must be between -90 and 90 degrees`,
		`data.general_data.longitude: is -180.5: it must be between -180 and 180 degrees`}},
	{name: "place out of this world", data: in(`"city"`, `"latitude": 1e999, "longitude": 0, "city"`), blind: true, faults: []string{
		`data.general_data.latitude: is "1e999", which is no number of degrees`}},
	{name: "location type", data: in(`LOCATION_TYPE_EMPTY`, `EXACT`), faults: []string{`data.general_data.location_type: is "EXACT": ` + locationTypes}},

	{name: "images", data: withImages(`["http://example.com/1.jpg", "https:///1.jpg", "https://a.example/a b.jpg", "data:image/png,AAAA",
		"data:text/html;base64,AAAA", "DATA:image/png;base64,", "s3://bucket/1.jpg", "", "a b.jpg", null, 7]`), faults: []string{
		`data.general_data.images[9]: is null, must be a string`,
		`data.general_data.images[10]: is a number, must be a string`,
		`data.general_data.images[0]: ` + wrongImage,
		`data.general_data.images[1]: ` + wrongImage,
		`data.general_data.images[2]: ` + wrongImage,
		`data.general_data.images[3]: ` + wrongImage,
		`data.general_data.images[4]: ` + wrongImage,
		`data.general_data.images[5]: ` + wrongImage,
		`data.general_data.images[6]: ` + wrongImage,
		`data.general_data.images[7]: is empty: give an https URL, a data URI, or the path of an image uploaded before`,
		`data.general_data.images[8]: "a b.jpg" holds white space or a character that cannot be printed`,
	}},
	{name: "video without anything", data: withVideo(`{}`), faults: []string{
		`data.general_data.video.duration: is missing: give the length of the video in seconds`,
		`data.general_data.video: has no source: give the https URL of the video, or name and thumbnail_name of one uploaded before`}},
	{name: "video with a source and names", data: withVideo(`{"source": "https://a.example/1.mp4", "name": "a", "duration": 1}`), faults: []string{
		`data.general_data.video: has a source and the names of an uploaded video: give one of the two`}},
	{name: "video without picture", data: withVideo(`{"name": "a", "duration": 1}`), faults: []string{
		`data.general_data.video.thumbnail_name: is empty: upload the file and give what the answer calls it`}},
	{name: "video without length", data: withVideo(`{"source": "https://a.example/1.mp4", "duration": 0}`), faults: []string{
		`data.general_data.video.duration: is 0 seconds: give the length of the video`}},
	{name: "video of negative length", data: withVideo(`{"source": "https://a.example/1.mp4", "duration": "-1"}`), faults: []string{
		`data.general_data.video.duration: "-1" is not a number of seconds: write a whole number, such as 34 or "34"`}},
	{name: "video by http", data: withVideo(`{"source": "http://a.example/1.mp4", "duration": 1}`), faults: []string{`data.general_data.video.source: ` + wrongVideo}},
	{name: "video that is an image", data: withVideo(`{"source": "data:image/png;base64,AAAA", "duration": 1}`), faults: []string{`data.general_data.video.source: ` + wrongVideo}},

	{name: "slips", data: in(`"model"`, `"modell": 1, "business_tokn": 2, "model"`), faults: []string{
		`data.modell: is not a known field; did you mean "model"?`,
		`data.business_tokn: is not a known field; did you mean "business_token"?`}},
	{name: "slip in general data", data: in(`"city"`, `"discription": "x", "city"`), faults: []string{
		`data.general_data.discription: is not a known field; did you mean "description"?`}},
	{name: "category fields by the name of an edit", data: with(`"category_data": {}`), faults: []string{
		`data.category_data: is called category_fields in a submission`}},
	{name: "secrets", data: in(`"category_fields": {}`, `"Access-Token": "hunter2", "category_fields": {"a": [{"api_key": "hunter2"}], "password": 1}`), faults: []string{
		`data.category_fields.a[0].api_key: ` + secret,
		`data.category_fields.password: ` + secret,
		`data.Access-Token: ` + secret}},
	{name: "secret in general data", data: in(`"city"`, `"x_api_key": "hunter2", "city"`), faults: []string{`data.general_data.x_api_key: ` + secret}},

	{name: "given twice", data: with(`"model": "provider"`), blind: true, faults: []string{`data.model: ` + twice}},
	{name: "given twice, deep inside", blind: true,
		data: in(`"category_fields": {}`, `"category_fields": {"a": [0, {"b c": 1, "b c": 2}]}, "addon": {"widgets": [{"title_row": {"text": "a", "text": "b"}}]}`),
		faults: []string{
			`data.category_fields.a[1]["b c"]: ` + twice,
			`data.addon.widgets[0].title_row.text: ` + twice}},
	{name: "half a surrogate pair", blind: true,
		data:   but(in(`"title": "`, `"title": "\ude97 `), `"category_fields": {}`, `"category_fields": {"a": "\\ud83d \ud83d\\ude97", "b": "\\ud83d"}`),
		faults: []string{`data.general_data.title: ` + half, `data.category_fields.a: ` + half}},

	{name: "no document", data: ` `, blind: true, faults: []string{`data: is empty, must be a JSON object`}},
	{name: "a list", data: `[]`, faults: []string{`data: is an array, must be an object`}},
	{name: "cut off", data: `{"model": "user"`, blind: true, faults: []string{`data: is not JSON: it ends too early, at byte 16`}},
	{name: "cut off in a list", data: `{"model": ["user"`, blind: true, faults: []string{`data: is not JSON: it ends too early, at byte 17`}},
	{name: "no JSON", data: `{"model": user}`, blind: true, faults: []string{
		`data: is not JSON: invalid character 'u' looking for beginning of value (byte 10)`}},
	{name: "name with half a surrogate pair", data: in(`"category_fields": {}`, `"category_fields": {"\ud83d": 1}`), blind: true, faults: []string{
		"data.category_fields[\"\ufffd\"]: has a name with half of a surrogate pair, which is not valid Unicode"}},
	{name: "two documents", data: `{} {}`, blind: true, faults: []string{`data: has something after the end of its JSON`}},
	{name: "no text", data: "{\"model\": \"\xff\"}", faults: []string{`data: is not valid UTF-8: encode the event as UTF-8`}},
	{name: "too deep", data: strings.Repeat(`{"a":`, 64) + `1` + strings.Repeat(`}`, 64), faults: []string{
		`data: is nested too deeply, at most 64 levels are allowed`}},
}

var edits = []dataCase{
	{name: "one field", data: `{"general_data": {"title": "پژو ۲۰۶"}}`},
	{name: "one field of the category", data: `{"general_data": {}, "category_data": {"usage": 0}}`},
	{name: "everything changed", data: `{"general_data": {"title": "پژو ۲۰۶", "description": "سالم", "images": ["https://a.example/1.jpg", "/a/2.jpg"],
		"district": "abshar", "latitude": 0, "longitude": -51.4, "location_type": "LOCATION_TYPE_EXACT", "hide_phone": false, "chat_enabled": true,
		"video": {"source": "https://a.example/1.mp4", "duration": "34"}}, "category_data": {"usage": 1e5, "color": "سفید", "options": ["a", "<b>"], "chassis": null}}`},
	{name: "everything cleared that can be", data: `{"general_data": {"images": null, "district": null, "latitude": null, "longitude": null, "video": null},
		"category_data": {"price": null}}`},
	{name: "no images any more", data: `{"general_data": {"images": []}}`},
	{name: "uploaded video", data: `{"general_data": {"video": {"name": "raw/1.mp4", "thumbnail_name": "thumbnail/1.jpg", "duration": 34}}}`},

	{name: "nothing", data: `{}`, faults: []string{`data: changes nothing: give at least 1 field in general_data or category_data`}},
	{name: "nothing at some length", data: `{"general_data": {}, "category_data": {}}`, faults: []string{
		`data: changes nothing: give at least 1 field in general_data or category_data`}},
	{name: "only null", data: `{"general_data": null, "category_data": null}`, faults: []string{
		`data: changes nothing: give at least 1 field in general_data or category_data`}},
	{name: "mask", data: `{"update_mask": ["general_data.title"], "general_data": {"title": "نو"}}`, faults: []string{
		`data.update_mask: is derived from the fields that are given: leave it out`}},
	{name: "what cannot be edited", data: `{"general_data": {"city": "karaj", "category_slug": "light"}, "category_fields": {}}`, faults: []string{
		`data.general_data.city: cannot be edited: submit a new post in the other city`,
		`data.general_data.category_slug: cannot be edited: submit a new post in the other category`,
		`data.category_fields: are called category_data in an edit`}},
	{name: "what every post has is cleared", data: `{"general_data": {"title": null, "description": null, "location_type": null, "hide_phone": null, "chat_enabled": null}}`, faults: []string{
		`data.general_data.title: cannot be cleared: every post has one; give a value`,
		`data.general_data.description: cannot be cleared: every post has one; give a value`,
		`data.general_data.location_type: cannot be cleared: every post has one; give a value`,
		`data.general_data.hide_phone: cannot be cleared: every post has one; give a value`,
		`data.general_data.chat_enabled: cannot be cleared: every post has one; give a value`}},
	{name: "values", data: `{"general_data": {"title": "", "description": 7, "images": ["http://a.example/1.jpg"], "district": "", "latitude": 91, "longitude": 181,
		"location_type": "EXACT", "hide_phone": 1, "video": {"source": "ftp://a.example/1", "duration": 0}}}`, faults: []string{
		`data.general_data.description: is a number, must be a string`,
		`data.general_data.images[0]: ` + wrongImage,
		`data.general_data.hide_phone: is a number, must be a boolean`,
		`data.general_data.video.source: ` + wrongVideo,
		`data.general_data.title: is empty: every post has one`,
		`data.general_data.district: "" is not a slug, such as abshar`,
		`data.general_data.latitude: is 91: it must be between -90 and 90 degrees`,
		`data.general_data.longitude: is 181: it must be between -180 and 180 degrees`,
		`data.general_data.location_type: is "EXACT": ` + locationTypes,
		`data.general_data.video.duration: is 0 seconds: give the length of the video`}},
	{name: "half a place", data: `{"general_data": {"latitude": 35.7}}`, faults: []string{
		`data.general_data.latitude: is not changed like longitude: change both, clear both, or leave both`}},
	{name: "half a place cleared", data: `{"general_data": {"latitude": null, "longitude": 51.4}}`, faults: []string{
		`data.general_data.latitude: is not changed like longitude: change both, clear both, or leave both`}},
	{name: "names of category fields", data: `{"category_data": {"a.b": 1, "": 2, "رنگ": 3}}`, faults: []string{
		`data.category_data["a.b"]: is not the name of a field: only A-Z, a-z, 0-9, _ and - are allowed, and at most 64 of them`,
		`data.category_data[""]: is not the name of a field: only A-Z, a-z, 0-9, _ and - are allowed, and at most 64 of them`,
		`data.category_data["رنگ"]: is not the name of a field: only A-Z, a-z, 0-9, _ and - are allowed, and at most 64 of them`}},
	{name: "secret", blind: true, data: `{"category_data": {"a": {"refresh_token": "hunter2"}}}`, faults: []string{`data.category_data.a.refresh_token: ` + secret}},
	{name: "slip", data: `{"general_data": {"titel": "نو"}}`, faults: []string{`data.general_data.titel: is not a known field; did you mean "title"?`}},
	{name: "given twice", data: `{"category_data": {"a": 1, "a": 2}}`, blind: true, faults: []string{`data.category_data.a: ` + twice}},
}

var payments = []dataCase{
	{name: "free only", data: `{"max_cost_rials": 0}`},
	{name: "in quotes", data: `{"max_cost_rials": "150000", "extra_details": "order 17"}`},
	{name: "null", data: `{"max_cost_rials": 1, "extra_details": null}`},

	{name: "nothing", data: `{}`, faults: []string{`data.max_cost_rials: ` + noMaxCost}},
	{name: "negative", data: `{"max_cost_rials": "-5"}`, faults: []string{`data.max_cost_rials: is -5: it must be an amount in rials, at least 0`}},
	{name: "an object", data: `{"max_cost_rials": {"rials": 5}}`, faults: []string{`data.max_cost_rials: is an object, must be a whole number`}},
	{name: "id of its own", data: `{"max_cost_rials": 5, "id": "550e8400-e29b-41d4-a716-446655440000"}`, faults: []string{
		`data.id: is not a known field; known are max_cost_rials, extra_details`}},
	{name: "slip", data: `{"max_cost_rial": 5}`, faults: []string{
		`data.max_cost_rials: ` + noMaxCost,
		`data.max_cost_rial: is not a known field; did you mean "max_cost_rials"?`}},
	{name: "long extra details", data: `{"max_cost_rials": 5, "extra_details": "` + strings.Repeat("x", 1025) + `"}`, faults: []string{
		`data.extra_details: has 1025 bytes, at most 1024 are allowed`}},
	{name: "secret", data: `{"max_cost_rials": 5, "authorization": "hunter2"}`, faults: []string{`data.authorization: ` + secret}},
}

var buttons = []dataCase{
	{name: "link", data: `{"type": "ACCOMMODATION_BOOKING", "action": {"open_direct_link": "https://example.com/book/{post_token}"}}`},
	{name: "server", data: `{"type": "EXTERNAL_PRODUCT_STORE", "action": {"open_server_link": {"data": {"sku": 7}}}}`},
	{name: "dynamic", data: `{"type": "RESUME_SUBMISSION", "action": {"get_dynamic_action": {"data": {"job": 7}}}, "remove": false}`},
	{name: "post", data: `{"type": "ONLINE_CALL", "action": {"open_post_page": {"post_token": "AZir15UU"}}}`},
	{name: "manage", data: `{"type": "ONLINE_CALL", "action": {"open_post_manage_page": {"post_token": "AZir15UU"}}, "remove": null}`},
	{name: "removed", data: `{"remove": true}`},

	{name: "nothing", data: `{}`, faults: []string{`data.type: is "": ` + buttonTypes, `data.action: is missing: say what a click does`}},
	{name: "removed and set", data: `{"remove": true, "type": "ONLINE_CALL", "action": {"open_server_link": {}}}`, faults: []string{
		`data.remove: stands alone: give remove, or a type and an action`}},
	{name: "type", data: `{"type": "BOOKING", "action": {"open_server_link": {}}}`, faults: []string{`data.type: is "BOOKING": ` + buttonTypes}},
	{name: "two actions", data: `{"type": "ONLINE_CALL", "action": {"open_server_link": {}, "open_direct_link": "https://a.example"}}`, faults: []string{
		`data.action: has 2 kinds of action (open_server_link, open_direct_link), must have exactly one`}},
	{name: "link", data: `{"type": "ONLINE_CALL", "action": {"open_direct_link": "/call"}}`, faults: []string{
		`data.action.open_direct_link: has no scheme, must start with https:// or http://`}},
	{name: "slip in the action", data: `{"type": "ONLINE_CALL", "action": {"open_direct_lnk": "https://a.example"}}`, faults: []string{
		`data.action.open_direct_lnk: is not a known action; did you mean "open_direct_link"?`}},
	{name: "as Kenar has it", data: `{"customized_button": {}}`, faults: []string{
		`data.type: is "": ` + buttonTypes, `data.action: is missing: say what a click does`,
		`data.customized_button: is not a known field; known are remove, type, action`}},
	{name: "given twice", data: `{"type": "ONLINE_CALL", "action": {"open_server_link": {"data": {"a": 1, "a": 2}}}}`, blind: true, faults: []string{
		`data.action.open_server_link.data.a: ` + twice}},
}

var deletes = []dataCase{
	{name: "nothing", data: `{}`},

	{name: "something", data: `{"reason": "sold"}`, faults: []string{`data.reason: is not a known field; there is none`}},
	{name: "null", data: `null`, faults: []string{`data: is null, must be an object`}},
	{name: "secret", data: `{"access_token": "hunter2"}`, faults: []string{`data.access_token: ` + secret}},
}
