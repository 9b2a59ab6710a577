package kenar

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// apartment is the submission that Kenar's guide shows.
func apartment() PostSubmission {
	return PostSubmission{
		BusinessToken: "xYzAbC123",
		GeneralData: GeneralData{
			CategorySlug: "apartment-rent",
			Title:        "اجاره آپارتمان 100 متری در تهران",
			Description:  "آپارتمان نوساز با امکانات کامل",
			Images:       []string{"image_token_1", "image_token_2"},
			City:         "tehran",
			District:     "abshar",
			Latitude:     new(35.7152),
			Longitude:    new(51.4043),
			LocationType: LocationExact,
			HidePhone:    new(false),
			ChatEnabled:  new(true),
		},
		CategoryFields:  json.RawMessage(`{"size": 100, "rooms": "دو", "rent": 15000000, "credit": 50000000, "elevator": "دارد"}`),
		LandlineNumbers: []string{"02188888888"},
	}
}

// TestPostBody shows the bytes of what is sent about posts.
func TestPostBody(t *testing.T) {
	video := apartment()
	video.GeneralData.Images = nil
	video.GeneralData.District, video.GeneralData.Latitude, video.GeneralData.Longitude = "", nil, nil
	video.GeneralData.Video = &PostVideo{"raw/4786eb10.mp4", "thumbnail/4786eb10.jpg", 34}
	video.CategoryFields = json.RawMessage("\n{ }\n")
	tests := []struct {
		name string
		body interface{ Body() ([]byte, error) }
	}{
		{"submit_provider", apartment()},
		{"submit_user", UserPostSubmission{"xYzAbC123", video.GeneralData, video.CategoryFields}},
		{"payment", Payment{paymentID, "optional <extra> information"}},
		{"payment_minimal", Payment{ID: paymentID}},
		{"edit", mileageEdit()},
		{"edit_everything", fullEdit()},
		{"edit_clear", PostEdit{
			GeneralData: GeneralDataEdit{
				Images: Clear[[]string](), District: Clear[string](),
				Latitude: Clear[float64](), Longitude: Clear[float64](), Video: Clear[PostVideo](),
			},
			CategoryData: map[string]json.RawMessage{"price": json.RawMessage(" null ")},
		}},
		{"button", booking().ForPost("AZir15UU")},
		{"button_server", Button{ButtonOnlineCall, widgets.OpenServerLink{Data: json.RawMessage(`{"line": 7}`)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, err := tt.body.Body()
			if err != nil {
				t.Fatal(err)
			}
			golden.File(t, "testdata/bodies/"+tt.name+".json", string(body))
			if again, err := tt.body.Body(); err != nil || string(again) != string(body) {
				t.Errorf("a second call gave other bytes: %s, %v", again, err)
			}
		})
	}
}

// TestSubmissionReadFromJSON: what was sent can be read again, and a duration
// may be a number.
func TestSubmissionReadFromJSON(t *testing.T) {
	want := apartment()
	want.GeneralData.Video = &PostVideo{"raw/1.mp4", "thumbnail/1.jpg", 34}
	body, err := want.Body()
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{string(body), strings.Replace(string(body), `"duration":"34"`, `"duration":34`, 1)} {
		var got PostSubmission
		if err := json.Unmarshal([]byte(doc), &got); err != nil {
			t.Fatal(err)
		}
		again, err := got.Body()
		if diff := cmp.Diff(string(body), string(again)); err != nil || diff != "" {
			t.Errorf("%v (-sent +read and sent again):\n%s", err, diff)
		}
	}
}

// wantFaults fails unless body has exactly these faults.
func wantFaults(t *testing.T, body interface{ Body() ([]byte, error) }, want []string) {
	t.Helper()
	data, err := body.Body()
	faults, ok := errors.AsType[widgets.Faults](err)
	if !ok || data != nil {
		t.Fatalf("got %s, %v; want faults", data, err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSubmissionFaults: all at once, each with its path.
func TestSubmissionFaults(t *testing.T) {
	t.Run("nothing", func(t *testing.T) {
		want := []string{
			`business_token: business token is empty: 1 to 128 characters are needed`,
			`general_data.category_slug: "" is not a slug, such as light`,
			`general_data.title: is empty: every post has one`,
			`general_data.description: is empty: every post has one`,
			`general_data.city: "" is not a slug, such as tehran`,
			`general_data.location_type: is "": it must be LOCATION_TYPE_EMPTY, LOCATION_TYPE_EXACT or LOCATION_TYPE_APPROXIMATE`,
			`general_data.hide_phone: is missing: say true or false`,
			`general_data.chat_enabled: is missing: say true or false`,
			`category_fields: is missing: give an object, {} if the category has no fields of its own`,
		}
		wantFaults(t, PostSubmission{}, want)
		wantFaults(t, UserPostSubmission{}, want)
	})
	tests := []struct {
		name string
		edit func(*PostSubmission)
		want string
	}{
		{"business token", func(s *PostSubmission) { s.BusinessToken = "a/b" },
			`business_token: business token "a/b" holds '/' at byte 1: only A-Z, a-z, 0-9 and any of _-=: are allowed`},
		{"category", func(s *PostSubmission) { s.GeneralData.CategorySlug = "خودرو" },
			`general_data.category_slug: "خودرو" is not a slug, such as light`},
		{"title of white space", func(s *PostSubmission) { s.GeneralData.Title = " \t" }, `general_data.title: is empty: every post has one`},
		{"description that is no text", func(s *PostSubmission) { s.GeneralData.Description = "a\xff" }, `general_data.description: is not valid UTF-8`},
		{"image that was not uploaded", func(s *PostSubmission) { s.GeneralData.Images[1] = "https://example.com/hunter2.jpg" },
			`general_data.images[1]: is a URL: upload what is there and give what the answer calls it`},
		{"image as data", func(s *PostSubmission) { s.GeneralData.Images[0] = "data:image/png;base64,AAAA" },
			`general_data.images[0]: is a URL: upload what is there and give what the answer calls it`},
		{"empty image", func(s *PostSubmission) { s.GeneralData.Images[0] = "" },
			`general_data.images[0]: is empty: upload the file and give what the answer calls it`},
		{"long image", func(s *PostSubmission) { s.GeneralData.Images[0] = strings.Repeat("x", 513) },
			`general_data.images[0]: has 513 bytes, at most 512 are allowed`},
		{"image with a space", func(s *PostSubmission) { s.GeneralData.Images[0] = "a b.jpg" },
			`general_data.images[0]: "a b.jpg" holds white space or a character that cannot be printed`},
		{"district", func(s *PostSubmission) { s.GeneralData.District = "a b" }, `general_data.district: "a b" is not a slug, such as abshar`},
		{"no longitude", func(s *PostSubmission) { s.GeneralData.Longitude = nil },
			`general_data.longitude: is missing: give latitude and longitude, or neither`},
		{"no latitude", func(s *PostSubmission) { s.GeneralData.Latitude = nil },
			`general_data.latitude: is missing: give latitude and longitude, or neither`},
		{"latitude beyond the pole", func(s *PostSubmission) { s.GeneralData.Latitude = new(90.5) },
			`general_data.latitude: is 90.5: it must be between -90 and 90 degrees`},
		{"longitude that is no number", func(s *PostSubmission) { s.GeneralData.Longitude = new(math.NaN()) },
			`general_data.longitude: is NaN: it must be between -180 and 180 degrees`},
		{"longitude without end", func(s *PostSubmission) { s.GeneralData.Longitude = new(math.Inf(-1)) },
			`general_data.longitude: is -Inf: it must be between -180 and 180 degrees`},
		{"location type", func(s *PostSubmission) { s.GeneralData.LocationType = "EXACT" },
			`general_data.location_type: is "EXACT": it must be LOCATION_TYPE_EMPTY, LOCATION_TYPE_EXACT or LOCATION_TYPE_APPROXIMATE`},
		{"video without length", func(s *PostSubmission) { s.GeneralData.Video = &PostVideo{"a.mp4", "a.jpg", 0} },
			`general_data.video.duration: is 0 seconds: give the length of the video`},
		{"video without picture", func(s *PostSubmission) { s.GeneralData.Video = &PostVideo{"a.mp4", "", 1} },
			`general_data.video.thumbnail_name: is empty: upload the file and give what the answer calls it`},
		{"category fields that are a list", func(s *PostSubmission) { s.CategoryFields = json.RawMessage(` [1]`) },
			`category_fields: is an array: it must be an object`},
		{"category fields cut off", func(s *PostSubmission) { s.CategoryFields = json.RawMessage(`{"a":1`) },
			`category_fields: is not valid JSON in UTF-8`},
		{"category fields that are no text", func(s *PostSubmission) { s.CategoryFields = json.RawMessage("{\"a\":\"\xff\"}") },
			`category_fields: is not valid JSON in UTF-8`},
		{"landline in Persian digits", func(s *PostSubmission) { s.LandlineNumbers = []string{"02188888888", "۰۲۱۸۸۸۸۸۸۸۸"} },
			`landline_numbers[1]: is not a landline number: write the area code and the number in at most 15 ASCII digits, such as 02188888888`},
		{"landline without area code", func(s *PostSubmission) { s.LandlineNumbers = []string{"88888888"} },
			`landline_numbers[0]: is not a landline number: write the area code and the number in at most 15 ASCII digits, such as 02188888888`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := apartment()
			tt.edit(&s)
			wantFaults(t, s, []string{tt.want})
		})
	}
}

func TestSubmitPost(t *testing.T) {
	tests := []struct {
		name, answer string
		want         string // "" for ErrMalformed
	}{
		{"as documented", answerOf(200, `{"post_token":"AaEB0vbO"}`), "AaEB0vbO"},
		{"created", answerOf(201, `{"post_token":"AaEB0vbO","x":1}`), "AaEB0vbO"},
		{"no token", answerOf(200, `{}`), ""},
		{"a management token", answerOf(200, `{"post_token":"AaEB0vbO-0123-4567-89ab-cdef"}`), ""},
		{"a path", answerOf(200, `{"post_token":"../x"}`), ""},
		{"not JSON", answerOf(200, `<html>`), ""},
		{"cut off", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"post_token\":\"AaEB", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, replyThenClose(tt.answer))
			for name, submit := range map[string]func(*Client) (string, error){
				"provider": func(c *Client) (string, error) { return c.SubmitPost(t.Context(), testToken, []byte("{}")) },
				"user":     func(c *Client) (string, error) { return c.SubmitUserPost(t.Context(), testToken, []byte("{}")) },
			} {
				token, err := submit(newTestClient(t, s.url, Config{}))
				if token != tt.want {
					t.Errorf("%s: token %q, want %q", name, token, tt.want)
				}
				if tt.want != "" {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				e := wantError(t, err)
				const advice = "; it was accepted: look for the post among the user's, do not submit it again"
				if !errors.Is(err, ErrMalformed) || e.Status != 200 || !strings.HasSuffix(err.Error(), advice) {
					t.Errorf("%s: %v, want ErrMalformed with status 200 and the advice %q", name, err, advice)
				}
			}
		})
	}
}

// TestSubmissionInDoubt: what may have been carried out says so, and what was
// refused does not.
func TestSubmissionInDoubt(t *testing.T) {
	const doubt = "it may have been submitted: look for the post among the user's before submitting it again"
	tests := []struct {
		name, answer string // "": none
		doubt        bool
	}{
		{"no answer", "", true},
		{"500", answerOf(500, `{"code":13}`), true},
		{"502 of an edge server", answerOf(502, `<html>`), true},
		{"504", answerOf(504, ``), true},
		{"408", answerOf(408, ``), true},
		{"400", answerOf(400, `{"code":3,"message":"title"}`), false},
		{"403", answerOf(403, `{"code":7}`), false},
		{"429", answerOf(429, `{"code":8}`), false},
		{"a redirect", answerOf(302, ``), false},
	}
	for _, tt := range tests {
		s := serveWire(t, replyThenClose(tt.answer))
		_, err := newTestClient(t, s.url, Config{}).SubmitPost(t.Context(), "", []byte("{}"))
		if got := strings.HasSuffix(err.Error(), doubt); got != tt.doubt {
			t.Errorf("%s: %v; in doubt is %v, want %v", tt.name, err, got, tt.doubt)
		}
	}
}

func TestCanSubmitUserPost(t *testing.T) {
	tests := []struct {
		body            string
		want, malformed bool
	}{
		{`{"can_submit":true}`, true, false},
		{`{"can_submit":false}`, false, false},
		{`{}`, false, false}, // zero values are left out
		{`{"can_submit":"true"}`, false, true},
		{`[]`, false, true},
	}
	for _, tt := range tests {
		s := serveWire(t, reply(answerOf(200, tt.body)))
		got, err := newTestClient(t, s.url, Config{}).CanSubmitUserPost(t.Context(), testToken)
		if got != tt.want || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
			t.Errorf("%s: %v, %v; want %v, malformed: %v", tt.body, got, err, tt.want, tt.malformed)
		}
	}
}

// TestSubmitSchema: the document comes as it is, and may be long.
func TestSubmitSchema(t *testing.T) {
	long := `{"schema": {"properties": {"brand_model": {"enum": ["` + strings.Repeat("پژو ۲۰۶", 1<<14) + `"]}}}}`
	for _, doc := range []string{` {"schema": {}} `, long} {
		s := serveWire(t, reply(answerOf(200, doc)))
		got, err := newTestClient(t, s.url, Config{}).SubmitSchema(t.Context(), "light")
		if err != nil || string(got) != doc {
			t.Errorf("got %d bytes, %v; want the %d of the answer", len(got), err, len(doc))
		}
	}
	tooLong := `{"schema":"` + strings.Repeat("x", maxDocument) + `"}`
	for _, doc := range []string{``, `null`, `[]`, `{"schema":`, tooLong} {
		s := serveWire(t, replyThenClose(answerOf(200, doc)))
		got, err := newTestClient(t, s.url, Config{}).SubmitSchema(t.Context(), "light")
		if !errors.Is(err, ErrMalformed) || got != nil {
			t.Errorf("%d bytes: got %d, %v; want ErrMalformed", len(doc), len(got), err)
		}
	}
}
