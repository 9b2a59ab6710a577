package listing_test

import (
	"errors"
	"fmt"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// A submission has a body when its images have been uploaded.
func ExampleDecodeSubmission() {
	submission, err := listing.DecodeSubmission([]byte(`{
		"model": "user",
		"general_data": {
			"category_slug": "light", "title": "پژو ۲۰۶", "description": "سالم",
			"images": ["https://cdn.example.com/front.jpg"],
			"city": "tehran", "location_type": "LOCATION_TYPE_EMPTY", "hide_phone": false, "chat_enabled": true
		},
		"category_fields": {"usage": 98000},
		"max_cost_rials": "400000"
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	media := listing.Media{Images: make(map[string]string)}
	for _, source := range submission.Sources() {
		fmt.Println("upload", source.Path)
		media.Images[source.Source] = "/neda/live-post-image/17.jpg" // what the upload was answered with
	}
	body, err := submission.Body("xYzAbC123", media)
	fmt.Println(string(body), err)
	// Output:
	// upload data.general_data.images[0]
	// {"business_token":"xYzAbC123","general_data":{"category_slug":"light","title":"پژو ۲۰۶","description":"سالم","images":["/neda/live-post-image/17.jpg"],"city":"tehran","location_type":"LOCATION_TYPE_EMPTY","hide_phone":false,"chat_enabled":true},"category_fields":{"usage":98000}} <nil>
}

// All that is wrong is told at once.
func ExampleDecodeSubmission_faults() {
	_, err := listing.DecodeSubmission([]byte(`{
		"model": "owner",
		"general_data": {
			"category_slug": "light", "titel": "پژو ۲۰۶", "description": "سالم", "images": ["http://cdn.example.com/front.jpg"],
			"city": "tehran", "latitude": 35.7, "location_type": "LOCATION_TYPE_EXACT", "hide_phone": false, "chat_enabled": true
		},
		"category_fields": {}
	}`))
	faults, _ := errors.AsType[widgets.Faults](err)
	for _, fault := range faults {
		fmt.Println(fault)
	}
	// Output:
	// data.model: is "owner": it must be provider or user
	// data.general_data.images[0]: is neither an absolute https URL nor data:image/…;base64,… with the image behind it
	// data.general_data.titel: is not a known field; did you mean "title"?
	// data.max_cost_rials: is missing: say how many rials it may cost at most, 0 for nothing that costs
	// data.general_data.title: is empty: every post has one
	// data.general_data.longitude: is missing: give latitude and longitude, or neither
}

// An edit names what it changes. What was edited elsewhere in the meantime can
// be left out of it.
func ExampleEdit_Without() {
	edit, err := listing.DecodeEdit([]byte(`{
		"general_data": {"title": "پژو ۲۰۶، کارکرد کم", "district": null},
		"category_data": {"usage": 98000}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(edit.Fields())
	rest, ok := edit.Without([]string{"general_data.title"})
	body, err := rest.Body(listing.Media{})
	fmt.Println(ok, string(body), err)
	// Output:
	// [general_data.title general_data.district category_data.usage]
	// true {"update_mask":["general_data.district","category_data.usage"],"category_data":{"usage":98000}} <nil>
}

// A link may hold the token of a post that is yet to be made.
func ExampleDecodeButton() {
	button, err := listing.DecodeButton([]byte(`{
		"type": "ONLINE_CALL",
		"action": {"open_direct_link": "https://example.com/call/{post_token}"}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(button.Button.Type == kenar.ButtonOnlineCall)
	body, err := button.Button.ForPost("AZir15UU").Body()
	fmt.Println(string(body), err)
	// Output:
	// true
	// {"customized_button":{"type":"ONLINE_CALL","action":{"open_direct_link":"https://example.com/call/AZir15UU"}}} <nil>
}
