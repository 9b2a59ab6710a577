package listing_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
)

// apartment is the submission that Kenar's guide shows, with its images as
// sources and a video.
const apartment = `{
	"model": "provider",
	"business_token": "xYzAbC123",
	"general_data": {
		"category_slug": "apartment-rent", "title": "اجارهٔ آپارتمان ۱۲۰ متری", "description": "نوساز، با همهٔ امکانات & پارکینگ",
		"images": ["https://cdn.example.com/front.jpg", "/neda/live-post-image/kept.jpg", "https://cdn.example.com/back.jpg", "https://cdn.example.com/front.jpg"],
		"city": "tehran", "district": "abshar", "latitude": 35.7152, "longitude": 51.4043,
		"location_type": "LOCATION_TYPE_EXACT", "hide_phone": false, "chat_enabled": true,
		"video": {"source": "https://cdn.example.com/tour.mp4", "duration": 34}
	},
	"category_fields": { "size": 120, "rooms": "سه", "rent": 15000000, "credit": 50000000, "elevator": "دارد" },
	"landline_numbers": ["02188888888"],
	"max_cost_rials": 400000
}`

// car is a user's submission with the least.
const car = `{
	"model": "user",
	"general_data": {
		"category_slug": "light", "title": "پژو ۲۰۶ تیپ ۵", "description": "سالم",
		"city": "karaj", "location_type": "LOCATION_TYPE_EMPTY", "hide_phone": true, "chat_enabled": true
	},
	"category_fields": {"brand_model": "پژو ۲۰۶", "usage": 120000},
	"publish": false
}`

func submission(t *testing.T, data string) listing.Submission {
	t.Helper()
	s, err := listing.DecodeSubmission([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSubmissionBody shows the bytes of what is sent.
func TestSubmissionBody(t *testing.T) {
	for _, tt := range []struct {
		name, data, businessToken string
	}{
		{"submit_provider", apartment, "not-used"},
		{"submit_user", car, "zZyYxX987"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := submission(t, tt.data)
			body, err := s.Body(tt.businessToken, uploaded(s.Sources()))
			if err != nil {
				t.Fatal(err)
			}
			golden.File(t, "testdata/bodies/"+tt.name+".json", string(body))
		})
	}
}

// What is to be done with a post besides, the decoder hands on.
func TestSubmissionBesides(t *testing.T) {
	full, least := submission(t, fullSubmission), submission(t, leastSubmission)
	got := full
	got.GeneralData, got.VideoSource, got.CategoryFields = kenar.GeneralData{}, nil, nil
	want := listing.Submission{
		Model: listing.Provider, BusinessToken: "b7f1c2d4-5e6a", LandlineNumbers: []string{"02188888888", "02177777777"},
		MaxCost: 1500000, ExtraDetails: "order 17 <a&b>", Publish: true,
		AddOn:  json.RawMessage(`{"widgets":[{"title_row":{"text":"کارشناسی شد \u003cok\u003e"}}]}`),
		Button: json.RawMessage(`{"type":"ONLINE_CALL","action":{"open_direct_link":"https://example.com/call/{post_token}?a=1\u0026b=2"}}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b, err := listing.DecodeButton(full.Button)
	if err != nil || b.Button.Type != kenar.ButtonOnlineCall {
		t.Errorf("the button cannot be read again: %v, %v", b, err)
	}
	if least.Model != listing.User || !least.Publish || least.MaxCost != 0 || least.AddOn != nil || least.Button != nil {
		t.Errorf("the least is %+v", least)
	}
	if s := submission(t, car); s.Publish {
		t.Error("publish: false is to publish")
	}
}

// TestSubmissionSources: each is listed once, with its first place, and what is
// uploaded already is not.
func TestSubmissionSources(t *testing.T) {
	want := []listing.Source{
		{Path: "data.general_data.images[0]", Source: "https://cdn.example.com/front.jpg"},
		{Path: "data.general_data.images[2]", Source: "https://cdn.example.com/back.jpg"},
		{Path: "data.general_data.video.source", Source: "https://cdn.example.com/tour.mp4", Video: true},
	}
	if diff := cmp.Diff(want, submission(t, apartment).Sources()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := submission(t, car).Sources(); got != nil {
		t.Errorf("sources of nothing are %v", got)
	}
}

// TestSubmissionBodyFaults: what is only known when the body is made.
func TestSubmissionBodyFaults(t *testing.T) {
	s := submission(t, apartment)
	s.BusinessToken = ""
	good := uploaded(s.Sources())
	const (
		notUploaded = "has not been uploaded: upload it, and give what the answer calls it"
		front, back = "https://cdn.example.com/front.jpg", "https://cdn.example.com/back.jpg"
	)
	for _, tt := range []struct {
		name          string
		businessToken string
		media         listing.Media
		want          []string
	}{
		{"nothing uploaded", "b", listing.Media{}, []string{
			"data.general_data.images[0]: " + notUploaded,
			"data.general_data.images[2]: " + notUploaded,
			"data.general_data.images[3]: " + notUploaded,
			"data.general_data.video.source: " + notUploaded}},
		{"no business", "", good, []string{"data.business_token: business token is empty: 1 to 128 characters are needed"}},
		{"an answer that is a URL", "b", listing.Media{Images: map[string]string{front: "https://s.example/1.jpg", back: "/b.jpg"}, Video: good.Video}, []string{
			"data.general_data.images[0]: is a URL: upload what is there and give what the answer calls it",
			"data.general_data.images[3]: is a URL: upload what is there and give what the answer calls it"}},
		{"a video without picture", "b", listing.Media{Images: good.Images, Video: &kenar.PostVideo{Name: "raw/1.mp4"}}, []string{
			"data.general_data.video.thumbnail_name: is empty: upload the file and give what the answer calls it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, err := s.Body(tt.businessToken, tt.media)
			if body != nil {
				t.Errorf("a body beside the error: %s", body)
			}
			wantFaults(t, err, tt.want...)
		})
	}
	_, err := listing.Submission{Model: "app"}.Body("b", listing.Media{})
	wantFaults(t, err, `data.model: is "app": it must be provider or user`)
}

// The duration of a video is what the event says, unless who uploaded it knows
// better.
func TestVideoDuration(t *testing.T) {
	s := submission(t, apartment)
	for known, want := range map[kenar.Seconds]kenar.Seconds{0: 34, 35: 35} {
		m := uploaded(s.Sources())
		m.Video.Duration = known
		body, err := s.Body("b", m)
		if err != nil {
			t.Fatal(err)
		}
		var sent kenar.PostSubmission
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		if got := sent.GeneralData.Video.Duration; got != want || m.Video.Duration != known {
			t.Errorf("%d seconds are sent, want %d; the media have %d", got, want, m.Video.Duration)
		}
	}
}

func TestIsSource(t *testing.T) {
	for s, want := range map[string]bool{
		"https://cdn.example.com/1.jpg":     true,
		"http://cdn.example.com/1.jpg":      true, // refused for what it is, not taken for a path
		"s3://bucket/1.jpg":                 true,
		"data:image/png;base64,iVBORw0KGgo": true,
		"DATA:image/png;base64,iVBORw0KGgo": true,
		"data:":                             true,
		"":                                  false,
		"data":                              false,
		"/neda/live-post-image/1.jpg":       false,
		"raw/data:1":                        false,
		"1.jpg":                             false,
	} {
		if got := listing.IsSource(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}
