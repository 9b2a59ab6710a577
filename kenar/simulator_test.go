package kenar_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// TestSimulator puts the client's bodies and paths before a Kenar that was
// written from the same documents without knowing of this package.
func TestSimulator(t *testing.T) {
	server, err := kenartest.Start(kenartest.Config{ImageIDs: kenartest.UploadedImageID})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	post := kenartest.SamplePosts()[0]
	server.AddPost(kenartest.SamplePosts()...)
	client, err := kenar.New(kenar.Config{
		BaseURL:   server.URL(),
		LegacyURL: server.URL(),
		ImageURL:  server.URL(),
		APIKey:    func() string { return "any-key" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	ctx := t.Context()

	list, _, err := widgets.Decoder{}.Decode([]byte(`[
		{"title_row": {"text": "کارشناسی خودرو", "has_divider": true}},
		{"score_row": {"title": "موتور", "percentage_score": 0, "score_color": "ERROR_PRIMARY"}}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	legacy, _, err := widgets.Decoder{}.DecodeLegacy([]byte(`{"widget_list": [
		{"widget_type": "TITLE_ROW", "data": {"@type": "type.googleapis.com/widgets.TitleRowData", "text": "کارشناسی"}}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	semantic := kenar.Semantic{"inspection_result": "INSPECTION_APPROVED", "VIN": "IRJC95R23KJ039206", "year": "1398"}
	bytesOf := func(addon interface{ Body() ([]byte, error) }) []byte {
		t.Helper()
		body, err := addon.Body()
		if err != nil {
			t.Fatal(err)
		}
		return body
	}

	got, err := client.GetPost(ctx, post.Token)
	if err != nil || got.Token != post.Token || got.State != kenar.StatePublished {
		t.Errorf("get post: %+v, %v", got, err)
	}
	_, err = client.GetPost(ctx, "nowhere1")
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.Status != http.StatusNotFound || e.Code != 5 {
		t.Errorf("get a post that does not exist: %v, want 404 with code 5", err)
	}

	if _, err := client.CreatePostAddonV1(ctx, post.Token, "", bytesOf(kenar.PostAddonV1{Widgets: legacy, Semantic: semantic, Notes: "n"})); err != nil {
		t.Error(err)
	}
	if _, err := client.CreatePostAddon(ctx, post.Token, "", bytesOf(kenar.PostAddon{Widgets: list, Semantic: semantic, Notes: "n"})); err != nil {
		t.Error(err)
	}
	if addon, ok := server.Attached("post/" + post.Token); !ok || len(addon.Widgets) != 2 {
		t.Errorf("attached to the post: %+v, %v; want the 2 widgets of the later add-on", addon, ok)
	}
	if _, err := client.DeletePostAddon(ctx, post.Token); err != nil {
		t.Error(err)
	}
	if addon, ok := server.Attached("post/" + post.Token); ok {
		t.Errorf("still attached after the deletion: %+v", addon)
	}

	user, err := client.CreateUserAddon(ctx, "u-17", "", bytesOf(kenar.UserAddon{
		Widgets: list, Categories: []string{"light"}, Semantic: semantic,
		TicketUUID: "812d56e6-e44d-45e7-8932-f9acbd416999", Cost: 124000,
	}))
	if err != nil || user.ID == "" {
		t.Errorf("user add-on: %+v, %v; want an id", user, err)
	}
	if _, err := client.DeleteUserAddon(ctx, user.ID); err != nil {
		t.Error(err)
	}

	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	imageName, err := client.UploadWidgetImage(ctx, photo.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if calls := server.Calls(); calls[len(calls)-1].Op != kenartest.UploadImage || calls[len(calls)-1].Key != "" || calls[len(calls)-1].Grant != "" {
		t.Errorf("uploaded with %+v, want neither key nor access token", calls[len(calls)-1])
	}
	shown := widgets.List{{Row: widgets.EventRow{Title: "بازدید", ImageID: imageName}}}
	if _, err := client.CreatePostAddon(ctx, post.Token, "", bytesOf(kenar.PostAddon{Widgets: shown})); err != nil {
		t.Error(err)
	}
	if addon, _ := server.Attached("post/" + post.Token); addon.Images[imageName] == "" {
		t.Errorf("attached with the images %v, want %s among them", addon.Images, imageName)
	}
	_, err = client.UploadWidgetImage(ctx, []byte("\xff\xd8\xff and so on"))
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.Status != http.StatusBadRequest {
		t.Errorf("upload of what only begins like a JPEG: %v, want 400", err)
	}

	server.AddBusiness(kenartest.Business{Token: "xYzAbC123"})
	if _, err := client.CreateBusinessAddon(ctx, "xYzAbC123", "", bytesOf(kenar.BusinessAddon{Widgets: list})); err != nil {
		t.Error(err)
	}
	_, err = client.CreateBusinessAddon(ctx, "another", "", bytesOf(kenar.BusinessAddon{Widgets: list}))
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.Status/100 != 4 || e.Message == "" {
		t.Errorf("add-on of another's business: %v, want a refusal with a message", err)
	}

	for _, call := range server.Calls() {
		if call.Op == "" {
			t.Errorf("%s %s is no operation of Kenar", call.Method, call.Path)
		}
	}
}
