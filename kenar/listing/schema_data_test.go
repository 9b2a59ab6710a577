package listing_test

import (
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// An event is the CloudEvent that data travels in.
type event[Data any] struct {
	SpecVersion     string `json:"specversion" jsonschema:"The version of CloudEvents."`
	ID              string `json:"id" jsonschema:"Unique for each event, the key of idempotency: the same id again is a duplicate."`
	Source          string `json:"source" jsonschema:"Who sends it, a URI reference."`
	Type            string `json:"type" jsonschema:"What is to be done."`
	Subject         string `json:"subject" jsonschema:"What it is to be done to."`
	Time            string `json:"time,omitempty" jsonschema:"When the event came to be, in RFC 3339."`
	DataContentType string `json:"datacontenttype,omitempty" jsonschema:"The type of data."`
	Priority        string `json:"priority,omitempty" jsonschema:"Urgent work leaves first."`
	Revision        any    `json:"revision,omitempty" jsonschema:"The producer's own order of the events for a target, an unsigned 64-bit decimal."`
	ExpiresAt       string `json:"expiresat,omitempty" jsonschema:"RFC 3339; nothing is sent after that."`
	GrantID         string `json:"grantid,omitempty" jsonschema:"The user's grant to act with."`
	TraceParent     string `json:"traceparent,omitempty" jsonschema:"W3C trace context."`
	Data            Data   `json:"data" jsonschema:"The particulars."`
}

// The data of events, as producers write it. The fields and what they are for
// are here, the rules for their values in dataTypes.
type (
	submitData struct {
		Model           modelName      `json:"model" jsonschema:"In whose name: provider for the app's, user for that of the user who gave the grant."`
		BusinessToken   businessToken  `json:"business_token,omitempty" jsonschema:"The business that the post will belong to. Without it the worker finds out which."`
		GeneralData     submitGeneral  `json:"general_data" jsonschema:"What posts of all categories have."`
		CategoryFields  map[string]any `json:"category_fields" jsonschema:"What posts of this category have, by the submit schema of the category."`
		LandlineNumbers []landline     `json:"landline_numbers,omitempty" jsonschema:"Numbers that are shown besides the user's own. Of a provider only."`
		MaxCostRials    rials          `json:"max_cost_rials,omitempty" jsonschema:"The most that publishing may cost, in rials; 0 publishes only what is free. Required unless publish is false."`
		ExtraDetails    extraDetails   `json:"extra_details,omitempty" jsonschema:"Comes back with the transaction."`
		Publish         bool           `json:"publish,omitempty" jsonschema:"Whether the post is paid for and published. Default: true."`
		AddOn           map[string]any `json:"addon,omitempty" jsonschema:"The data of a kenar.addon.attach.v1 event, for the post once it is published."`
		Button          newButton      `json:"button,omitempty" jsonschema:"The data of a kenar.listing.button.v1 event, for the post once it is published."`
	}

	submitGeneral struct {
		CategorySlug slug         `json:"category_slug" jsonschema:"The category, such as light."`
		Title        someText     `json:"title" jsonschema:"The title of the post."`
		Description  someText     `json:"description" jsonschema:"The text of the post."`
		Images       []image      `json:"images,omitempty" jsonschema:"https URLs or data URIs of images, or paths of images that were uploaded before; in the order they are shown."`
		City         slug         `json:"city" jsonschema:"Such as tehran."`
		District     optionalSlug `json:"district,omitempty" jsonschema:"Such as abshar."`
		Latitude     latitude     `json:"latitude,omitempty" jsonschema:"In degrees; with longitude or not at all."`
		Longitude    longitude    `json:"longitude,omitempty" jsonschema:"In degrees; with latitude or not at all."`
		LocationType locationType `json:"location_type" jsonschema:"What the post shows of its place."`
		HidePhone    bool         `json:"hide_phone" jsonschema:"Whether the phone number is not shown."`
		ChatEnabled  bool         `json:"chat_enabled" jsonschema:"Whether buyers may write."`
		Video        videoData    `json:"video,omitempty" jsonschema:"A video."`
	}

	videoData struct {
		Source        videoSource  `json:"source,omitempty" jsonschema:"The https URL or data URI of a video that is yet to be uploaded."`
		Name          uploadedName `json:"name,omitempty" jsonschema:"What Kenar called a video that was uploaded before, instead of source."`
		ThumbnailName uploadedName `json:"thumbnail_name,omitempty" jsonschema:"What Kenar called the picture of that video."`
		Duration      seconds      `json:"duration" jsonschema:"The length of the video in seconds."`
	}

	editData struct {
		GeneralData  editGeneral    `json:"general_data,omitempty" jsonschema:"New values of what posts of all categories have. What is absent stays as it is, null clears."`
		CategoryData map[string]any `json:"category_data,omitempty" jsonschema:"New values of category fields. What is absent stays as it is, null clears."`
	}

	editGeneral struct {
		Title        someText     `json:"title,omitempty" jsonschema:"The title of the post."`
		Description  someText     `json:"description,omitempty" jsonschema:"The text of the post."`
		Images       []image      `json:"images,omitempty" jsonschema:"All images of the post: https URLs or data URIs, or paths of images that were uploaded before."`
		District     slug         `json:"district,omitempty" jsonschema:"Such as abshar."`
		Latitude     latitude     `json:"latitude,omitempty" jsonschema:"In degrees; changed or cleared together with longitude."`
		Longitude    longitude    `json:"longitude,omitempty" jsonschema:"In degrees; changed or cleared together with latitude."`
		LocationType locationType `json:"location_type,omitempty" jsonschema:"What the post shows of its place."`
		HidePhone    bool         `json:"hide_phone,omitempty" jsonschema:"Whether the phone number is not shown."`
		ChatEnabled  bool         `json:"chat_enabled,omitempty" jsonschema:"Whether buyers may write."`
		Video        videoData    `json:"video,omitempty" jsonschema:"The video of the post."`
	}

	paymentData struct {
		MaxCostRials rials        `json:"max_cost_rials" jsonschema:"The most that it may cost, in rials; 0 does only what is free."`
		ExtraDetails extraDetails `json:"extra_details,omitempty" jsonschema:"Comes back with the transaction."`
	}

	buttonData struct {
		Type   buttonType   `json:"type,omitempty" jsonschema:"What the button is for."`
		Action buttonAction `json:"action,omitempty" jsonschema:"What a click does: exactly one of these."`
		Remove bool         `json:"remove,omitempty" jsonschema:"Whether the button is removed; then nothing else is given."`
	}

	newButton struct {
		Type   buttonType   `json:"type" jsonschema:"What the button is for."`
		Action buttonAction `json:"action" jsonschema:"What a click does: exactly one of these."`
		Remove bool         `json:"remove,omitempty" jsonschema:"A new post has no button to remove."`
	}

	buttonAction struct {
		OpenDirectLink     link       `json:"open_direct_link,omitempty" jsonschema:"Opens a URL. {post_token} in it stands for the token of the post."`
		OpenServerLink     serverData `json:"open_server_link,omitempty" jsonschema:"Makes Divar ask the app's server for the URL to open."`
		GetDynamicAction   serverData `json:"get_dynamic_action,omitempty" jsonschema:"Makes Divar ask the app's server for the action."`
		OpenPostPage       postPage   `json:"open_post_page,omitempty" jsonschema:"Opens the page of a post."`
		OpenPostManagePage postPage   `json:"open_post_manage_page,omitempty" jsonschema:"Opens the page on which its owner manages a post."`
	}

	serverData struct {
		Data map[string]any `json:"data,omitempty" jsonschema:"Handed to the app's server."`
	}

	postPage struct {
		PostToken postToken `json:"post_token" jsonschema:"The token of the post."`
	}

	deleteData struct{}
)

type (
	modelName     string
	businessToken string
	postToken     string
	slug          string
	optionalSlug  string
	someText      string
	image         string
	videoSource   string
	uploadedName  string
	latitude      float64
	longitude     float64
	locationType  string
	landline      string
	rials         int64
	seconds       uint64
	extraDetails  string
	buttonType    string
	link          string
)

// Sources of media, and what none may look like.
const (
	httpsURL  = `^[Hh][Tt][Tt][Pp][Ss]://[^\s/?#]+\S*$`
	imageURI  = `^[Dd][Aa][Tt][Aa]:[Ii][Mm][Aa][Gg][Ee]/[^,]*;[Bb][Aa][Ss][Ee]64,[A-Za-z0-9+/]+=*$`
	videoURI  = `^[Dd][Aa][Tt][Aa]:[Vv][Ii][Dd][Ee][Oo]/[^,]*;[Bb][Aa][Ss][Ee]64,[A-Za-z0-9+/]+=*$`
	anySource = `://|^[Dd][Aa][Tt][Aa]:`
)

// dataTypes are the rules for values.
var dataTypes = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[modelName]():     {Type: "string", Enum: []any{"provider", "user"}},
	reflect.TypeFor[businessToken](): text(`^[A-Za-z0-9_=:-]{1,128}$`),
	reflect.TypeFor[postToken]():     text(`^[A-Za-z0-9_-]{1,20}$`),
	reflect.TypeFor[slug]():          text(`^[A-Za-z0-9_-]+$`),
	reflect.TypeFor[optionalSlug]():  text(`^[A-Za-z0-9_-]*$`),
	reflect.TypeFor[someText]():      text(`\S`),
	reflect.TypeFor[image]():         {AnyOf: []*jsonschema.Schema{text(httpsURL), text(imageURI), uploadedPath()}},
	reflect.TypeFor[videoSource]():   {AnyOf: []*jsonschema.Schema{text(httpsURL), text(videoURI)}},
	reflect.TypeFor[uploadedName]():  uploadedPath(),
	reflect.TypeFor[latitude]():      {Type: "number", Minimum: new(-90.0), Maximum: new(90.0)},
	reflect.TypeFor[longitude]():     {Type: "number", Minimum: new(-180.0), Maximum: new(180.0)},
	reflect.TypeFor[locationType](): {Type: "string", Enum: []any{
		string(kenar.LocationEmpty), string(kenar.LocationExact), string(kenar.LocationApproximate),
	}},
	reflect.TypeFor[landline]():     text(`^0[0-9]{0,14}$`),
	reflect.TypeFor[rials]():        {AnyOf: []*jsonschema.Schema{{Type: "integer", Minimum: new(0.0)}, text(`^(0|[1-9][0-9]{0,18})$`)}},
	reflect.TypeFor[seconds]():      {AnyOf: []*jsonschema.Schema{{Type: "integer", Minimum: new(1.0)}, text(`^[1-9][0-9]{0,19}$`)}},
	reflect.TypeFor[extraDetails](): {Type: "string", MaxLength: new(1024)},
	reflect.TypeFor[buttonType](): {Type: "string", Enum: []any{
		string(kenar.ButtonAccommodationBooking), string(kenar.ButtonExternalProductStore),
		string(kenar.ButtonResumeSubmission), string(kenar.ButtonOnlineCall),
	}},
	reflect.TypeFor[link](): text(`^[Hh][Tt][Tt][Pp][Ss]?://\S+$`),
}

func text(pattern string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: pattern}
}

// uploadedPath is what an upload was answered with.
func uploadedPath() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "string", Pattern: `^\S+$`, MaxLength: new(512),
		Not: &jsonschema.Schema{Pattern: anySource},
	}
}
