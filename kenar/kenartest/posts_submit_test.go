package kenartest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// The schemas to start with show all that a schema can have, in Persian.
func TestSubmitSchemas(t *testing.T) {
	type field struct {
		Title, Type     string
		Enum, EnumNames []string
		Items           *field
	}
	s := kenartest.New(kenartest.Config{})
	for _, category := range []string{"apartment-rent", "light", "mobile-phones", "services"} {
		var answer struct {
			Schema struct {
				Properties map[string]field
				Required   []string
			}
		}
		decode(t, do(t, s, "GET", fmt.Sprintf(schemaPath, category), ""), &answer)
		types := make(map[string]bool)
		for name, f := range answer.Schema.Properties {
			types[f.Type] = true
			if len(f.Title) == utf8.RuneCountInString(f.Title) {
				t.Errorf("%s: the title %q of %s is not Persian", category, f.Title, name)
			}
			if f.Items != nil && (len(f.Items.Enum) == 0 || len(f.Items.Enum) != len(f.Items.EnumNames)) {
				t.Errorf("%s: %s has %d choices and %d names", category, name, len(f.Items.Enum), len(f.Items.EnumNames))
			}
		}
		want := map[string]bool{"string": true, "integer": true, "float": true, "boolean": true, "array": true}
		if d := cmp.Diff(want, types); d != "" || len(answer.Schema.Required) == 0 {
			t.Errorf("%s requires %q and has the types (-want +got):\n%s", category, answer.Schema.Required, d)
		}
	}
	wantError(t, do(t, s, "GET", fmt.Sprintf(schemaPath, "boats"), ""), 404, 5, "boats")
}

func TestSubmission(t *testing.T) {
	type change = func(body, general, fields document)
	set := func(name string, value any) change {
		return func(_, _, fields document) { fields[name] = value }
	}
	general := func(name string, value any) change {
		return func(_, general, _ document) { general[name] = value }
	}
	without := func(name string) change {
		return func(body, general, fields document) {
			delete(body, name)
			delete(general, name)
			delete(fields, name)
		}
	}
	tests := []struct {
		name   string
		change change
		fault  string // in the message of a 400; empty: accepted
	}{
		{"as documented", nil, ""},
		{"no business", without("business_token"), "business_token: is missing"},
		{"no general data", without("general_data"), "general_data: is missing"},
		{"no category fields", without("category_fields"), "category_fields: is missing"},
		{"no title", without("title"), "general_data.title: is missing"},
		{"no description", without("description"), "general_data.description: is missing"},
		{"no images", without("images"), "general_data.images: is missing"},
		{"no city", without("city"), "general_data.city: is missing"},
		{"no location type", without("location_type"), "general_data.location_type: is missing"},
		{"no hide_phone", without("hide_phone"), "general_data.hide_phone: is missing"},
		{"no chat_enabled", without("chat_enabled"), "general_data.chat_enabled: is missing"},
		{"no place", func(_, general, _ document) {
			delete(general, "district")
			delete(general, "latitude")
			delete(general, "longitude")
		}, ""},
		{"unknown location type", general("location_type", "EXACT"), `general_data.location_type: "EXACT" is not a known`},
		{"unknown category", general("category_slug", "boats"), `general_data.category_slug: no category "boats"`},
		{"place in words", general("latitude", "north"), "general_data.latitude: is a string, want a number"},
		{"image that is an object", general("images", []any{document{}}), "general_data.images[0]: is an object"},
		{"images that nobody uploaded", general("images", []string{"anything"}), ""},
		{"video", general("video", document{"name": "v", "thumbnail_name": "t", "duration": "34"}), ""},
		{"video with a number", general("video", document{"name": "v", "thumbnail_name": "t", "duration": 34}), ""},
		{"video without duration", general("video", document{"name": "v", "thumbnail_name": "t"}), "general_data.video.duration: is missing"},
		{"video of negative duration", general("video", document{"name": "v", "thumbnail_name": "t", "duration": "-1"}), "general_data.video.duration: \"-1\""},
		{"video of a true duration", general("video", document{"name": "v", "thumbnail_name": "t", "duration": true}), "general_data.video.duration: is a boolean"},

		{"required field missing", without("rent"), "category_fields.rent: is missing"},
		{"required field null", set("rent", nil), "category_fields.rent: is missing"},
		{"optional field null", set("floor", nil), ""},
		{"integer with a fraction", set("size", 80.5), `category_fields.size: "80.5" is not a whole number`},
		{"integer as a string", set("size", "80"), "category_fields.size: is a string, want a number"},
		{"large integer", set("credit", int64(90_000_000_000_000)), ""},
		{"float", set("ceiling_height", 2.8), ""},
		{"whole float", set("ceiling_height", 3), ""},
		{"float as a string", set("ceiling_height", "2.8"), "category_fields.ceiling_height: is a string"},
		{"choice", set("elevator", "دارد"), ""},
		{"choice that is not one", set("elevator", "شاید"), `category_fields.elevator: "شاید" is not one of the 2`},
		{"name of a choice for the choice", set("amenities", []string{"بالکن"}), "category_fields.amenities[0]"},
		{"several choices", set("amenities", []string{"BALCONY", "LOBBY"}), ""},
		{"no choice", set("amenities", []string{}), ""},
		{"one choice for several", set("amenities", "BALCONY"), "category_fields.amenities: is a string, want an array"},
		{"boolean", set("convertible", true), ""},
		{"boolean as a number", set("convertible", 1), "category_fields.convertible: is a number, want a boolean"},
		{"field of another category", set("gearbox", "MANUAL"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range []string{submitPath, submitUserPath} {
				s, _ := newMarket(t, kenartest.Config{})
				w := do(t, s, "POST", path, flat(tt.change))
				if tt.fault == "" {
					wantOK(t, w)
				} else {
					wantError(t, w, 400, 3, tt.fault)
				}
				if got, want := len(s.Submitted()), 1; (got == want) != (tt.fault == "") {
					t.Errorf("%d posts were submitted", got)
				}
			}
		})
	}
}

// What was submitted is kept, is visible to its owner alone, and carries a
// token of the documented form.
func TestSubmittedPost(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{Keys: []kenartest.Key{{Value: "k", App: "app"}}})
	body := flat(func(body, general, fields document) {
		body["landline_numbers"] = []string{"02188888888"}
		general["video"] = document{"name": "raw/v.mp4", "thumbnail_name": "thumbnail/v.jpg", "duration": "34"}
		general["images"] = []string{"/neda/1.jpg"}
		fields["gearbox"] = "MANUAL"
	})
	wantOK(t, do(t, s, "POST", submitPath, body))
	got := s.Submitted()[0]
	want := kenartest.Listing{
		Token: got.Token, App: "app", Submitted: true, Provider: true, Owner: "sara", Business: "amlak",
		State: kenartest.PostWaitingForPayment, Category: "apartment-rent", City: "tehran", District: "gisha",
		Title: "آپارتمان ۸۰ متری در گیشا", Description: "نورگیر و نوساز", Images: []string{"/neda/1.jpg"},
		Video:    &kenartest.Video{Name: "raw/v.mp4", ThumbnailName: "thumbnail/v.jpg", Duration: 34},
		Latitude: 35.73, Longitude: 51.37, LocationType: "LOCATION_TYPE_APPROXIMATE", ChatEnabled: true,
		Fields: map[string]json.RawMessage{"size": []byte("80"), "rooms": []byte(`"دو"`),
			"credit": []byte("500000000"), "rent": []byte("12000000")},
		Landlines: []string{"02188888888"}, SubmittedAt: clock.Now(),
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(kenartest.Listing{})); d != "" {
		t.Errorf("submitted (-want +got):\n%s", d)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_]{8}$`).MatchString(got.Token) {
		t.Errorf("post token %q", got.Token)
	}
	wantError(t, do(t, s, "GET", finder+got.Token, ""), 404, 5, "not found")

	wantOK(t, do(t, s, "POST", submitUserPath, body))
	if user := s.Submitted()[1]; user.Landlines != nil || user.Provider || user.Token == got.Token {
		t.Errorf("the user's post %+v: want another token and no landline numbers", user)
	}
}

func TestBusinessOfASubmission(t *testing.T) {
	tests := []struct {
		name, business, user string // no user: no access token
		status               int
		owner                string
	}{
		{"own", "amlak", "sara", 200, "sara"},
		{"another's", "amlak", "reza", 403, ""},
		{"unknown", "nowhere", "sara", 403, ""},
		{"of an unknown owner", "orphan", "reza", 200, "reza"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newMarket(t, kenartest.Config{})
			s.AddBusiness(kenartest.Business{Token: "orphan"})
			token := s.Grant(tt.user, "SUBMIT_USER_POST").Access
			body := flat(func(body, _, _ document) { body["business_token"] = tt.business })
			w := do(t, s, "POST", submitUserPath, body, bearer(token))
			if w.Code != tt.status || tt.status == 403 && !strings.Contains(w.Body.String(), "business_token") {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tt.status)
			}
			if got := s.Submitted(); tt.status == 200 && got[0].Owner != tt.owner {
				t.Errorf("owner %q, want %q", got[0].Owner, tt.owner)
			}
		})
	}
}

// Whether a user may submit can be asked before; no is an empty answer, as it
// is a zero value.
func TestBarredUser(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	token := bearer(s.Grant("sara", "SUBMIT_USER_POST").Access)
	for _, barred := range []bool{false, true, false} {
		s.BarUser("sara", barred)
		asked := do(t, s, "GET", canSubmitPath, "", token)
		submitted := do(t, s, "POST", submitUserPath, flat(nil), token)
		if barred {
			wantBody(t, asked, `{}`)
			wantError(t, submitted, 403, 7, "may not submit")
		} else {
			wantBody(t, asked, `{"can_submit":true}`)
			wantOK(t, submitted)
		}
	}
	if got := len(s.Submitted()); got != 2 {
		t.Errorf("%d posts were submitted, want 2", got)
	}
}

// A schema can change between its reading and the submission.
func TestSetSubmitSchema(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	wantOK(t, do(t, s, "POST", submitPath, flat(nil)))
	const stricter = `{"properties":{"pets":{"title":"حیوان خانگی","type":"boolean"}},"required":["pets"]}`
	s.SetSubmitSchema("apartment-rent", []byte(stricter))
	wantBody(t, do(t, s, "GET", fmt.Sprintf(schemaPath, "apartment-rent"), ""), `{"schema":`+stricter+`}`)
	wantError(t, do(t, s, "POST", submitPath, flat(nil)), 400, 3, "category_fields.pets: is missing")
	s.SetSubmitSchema("apartment-rent", nil)
	wantError(t, do(t, s, "POST", submitPath, flat(nil)), 400, 3, "category_slug")

	other := kenartest.New(kenartest.Config{})
	wantOK(t, do(t, other, "GET", fmt.Sprintf(schemaPath, "apartment-rent"), ""))
	for _, wrong := range []string{`[]`, `{"required":["a"]}`, `{"properties":{"a":{"type":"number"}}}`,
		`{"properties":{"a":{"type":"array"}}}`, `{"properties":{"a":null}}`,
		`{"properties":{"a":{"type":"string","enum":["x"],"enumNames":["x","y"]}}}`} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken for a schema", wrong)
				}
			}()
			other.SetSubmitSchema("light", []byte(wrong))
		}()
	}
	wantOK(t, do(t, other, "GET", fmt.Sprintf(schemaPath, "light"), ""))
}

// The same submission twice is two posts: nothing but its sender can prevent
// it, who may not know of the first.
func TestLostSubmission(t *testing.T) {
	s := start(t, kenartest.Config{})
	s.AddBusiness(kenartest.Business{Token: "amlak"})
	s.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, LoseAnswer: true})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+submitUserPath, strings.NewReader(flat(nil)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", "k")
	if resp, err := http.DefaultClient.Do(r); err == nil {
		resp.Body.Close()
		t.Fatalf("got %s, want no answer", resp.Status)
	}
	if c := s.Calls()[0]; !c.Applied || !c.Lost || len(s.Submitted()) != 1 {
		t.Errorf("call %+v with %d posts, want it applied and lost", c, len(s.Submitted()))
	}
	wantOK(t, do(t, s, "POST", submitUserPath, flat(nil)))
	if got := len(s.Submitted()); got != 2 {
		t.Errorf("%d posts were submitted, want 2", got)
	}
}
