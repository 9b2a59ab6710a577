package widgets_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

const (
	imageURL  = "https://cdn.example.com/17/front.jpg?sig=s3cret"
	imageData = "data:image/png;base64,iVBORw0KGgo="
)

func TestIsImageSource(t *testing.T) {
	for source, want := range map[string]bool{
		imageURL:                            true,
		imageData:                           true,
		"https://cdn.example.com":           true,
		"HTTPS://CDN.example.com:8443/a":    true,
		"DATA:Image/JPEG;Base64,/9j/4AA=":   true,
		"data:image/webp;q=1;base64,UklGRg": true,

		"":                                    false,
		"logo":                                false,
		"a91b.jpg":                            false,
		"http://cdn.example.com/a.jpg":        false,
		"ftp://cdn.example.com/a.jpg":         false,
		"//cdn.example.com/a.jpg":             false,
		"https:a.jpg":                         false,
		"https://":                            false,
		"https:///a.jpg":                      false,
		"https://cdn.example.com/a b.jpg":     false,
		"https://cdn.example.com/a.jpg\n":     false,
		"https://cdn.example.com/\xff":        false,
		"https://cdn.example.com:port/":       false,
		"data:image/png,iVBORw0KGgo=":         false,
		"data:image/png;base64,":              false,
		"data:image/png;base64,===":           false,
		"data:image/png;base64,iVBO Rw0K":     false,
		"data:image/png;base64,iVBO-Rw0K_":    false,
		"data:image/png;base64":               false,
		"data:text/html;base64,PGI+":          false,
		"data:;base64,iVBORw0KGgo=":           false,
		"data:image/svg+xml,<svg/>":           false,
		"data:image/png; base64,iVBORw0KGgo=": false,
	} {
		if got := widgets.IsImageSource(source); got != want {
			t.Errorf("%q: %v, want %v", source, got, want)
		}
	}
}

// With ImageSources a v2 list may hold sources, and nothing else that it may
// not hold without.
func TestDecoderImageSources(t *testing.T) {
	lists := []struct {
		list string // %s is the image
		path string
	}{
		{`[{"event_row":{"title":"آ","image_id":%s}}]`, "widgets[0].event_row.image_id"},
		{`[{"selector_row":{"title":"آ","image_url":%s}}]`, "widgets[0].selector_row.image_id"},
		{`[{"image_carousel_row":{"items":[{"image_id":"a.jpg"},{"image_id":%s}]}}]`, "widgets[0].image_carousel_row.items[1].image_id"},
	}
	const (
		unfetched = `is the source of an image and none are fetched here: upload the image, and give the bare id that the upload answers, or "logo"`
		notBare   = `is a URL, a path or has spaces in it, must be the bare id of an uploaded image or "logo"`
		neither   = `is neither the bare id of an uploaded image nor "logo" nor the source of an image: an absolute https URL or a data:image/…;base64,… URI`
		badData   = `is not a usable data URI, must be data:image/jpeg;base64, or another image type, with the base64 of the image behind it`
	)
	for _, tt := range []struct{ image, strict, with string }{
		{"a91b.jpg", "", ""},
		{imageURL, unfetched, ""},
		{imageData, unfetched, ""},
		{"http://cdn.example.com/a.jpg", notBare, neither},
		{"/neda/a.jpg", notBare, neither},
		{"a b.jpg", notBare, neither},
		{"data:text/html;base64,PGI+", notBare, badData},
		{"LOGO", `is "LOGO", must be written "logo"`, `is "LOGO", must be written "logo"`},
	} {
		image, err := json.Marshal(tt.image)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lists {
			data := fmt.Appendf(nil, l.list, image)
			for _, d := range []widgets.Decoder{{}, {ImageSources: true}} {
				want := tt.strict
				if d.ImageSources {
					want = tt.with
				}
				if want != "" {
					want = l.path + ": " + want
				}
				_, _, err := d.Decode(data)
				assertError(t, err, want)
			}
		}
	}
}

// v1 has no sources, whatever the settings; nor does what v1 is migrated to.
func TestLegacyImageSources(t *testing.T) {
	d := widgets.Decoder{ImageSources: true}
	list := widgets.LegacyList{widgets.LegacyEventRow{Title: "آ", ImageURL: imageURL}}
	for path, err := range map[string]error{
		"widgets.widget_list[0].data.image_url":     d.ValidateLegacy(list),
		"widgets.widget_list[0].event_row.image_id": func() error { _, _, err := d.Migrate(list); return err }(),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), path+": is the source of an image and none are fetched here") {
			t.Errorf("error %v, want the fault at %s", err, path)
		}
	}
}

// gallery has a source wherever there can be one, and ids beside them.
func gallery() widgets.List {
	return widgets.List{
		{Row: widgets.TitleRow{Text: "ت"}, SemanticPaths: map[string]string{"t": "text"}},
		{
			Row:           widgets.SelectorRow{Title: "ت", ImageID: "https://a.example/1"},
			SemanticPaths: map[string]string{"face": "image_id", "name": "title"},
		},
		{Row: widgets.EventRow{Title: "ت", ImageID: widgets.Logo}},
		{Row: widgets.EventRow{Title: "ت", ImageID: "https://a.example/2"}},
		{Row: widgets.ImageCarouselRow{
			Items: []widgets.CarouselImage{
				{ImageID: "https://a.example/1", Description: "جلو"}, {ImageID: "kept.jpg"}, {ImageID: imageData},
			},
			HasDivider: true,
		}, SemanticPaths: map[string]string{"photos": "items"}},
		{Row: widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: "https://a.example/3"}, {ImageID: "https://a.example/2"}}}},
	}
}

func TestImageSources(t *testing.T) {
	want := []widgets.ImageSource{
		{Path: "widgets[1].selector_row.image_id", Source: "https://a.example/1"},
		{Path: "widgets[3].event_row.image_id", Source: "https://a.example/2"},
		{Path: "widgets[4].image_carousel_row.items[0].image_id", Source: "https://a.example/1"},
		{Path: "widgets[4].image_carousel_row.items[2].image_id", Source: imageData},
		{Path: "widgets[5].image_carousel_row.items[0].image_id", Source: "https://a.example/3"},
		{Path: "widgets[5].image_carousel_row.items[1].image_id", Source: "https://a.example/2"},
	}
	if diff := cmp.Diff(want, gallery().ImageSources()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := specimens().ImageSources(); got != nil {
		t.Errorf("ids are taken for sources: %v", got)
	}
}

func TestMapImages(t *testing.T) {
	all := map[string]string{
		"https://a.example/1": "one.jpg", "https://a.example/2": "two.jpg", "https://a.example/3": "three.jpg", imageData: "data.jpg",
	}
	title := widgets.Widget{Row: widgets.TitleRow{Text: "ت"}, SemanticPaths: map[string]string{"t": "text"}}
	logo := widgets.Widget{Row: widgets.EventRow{Title: "ت", ImageID: widgets.Logo}}
	photos := map[string]string{"photos": "items"}
	for _, tt := range []struct {
		name     string
		lost     []string // sources of which there is no image
		want     widgets.List
		warnings []string
	}{
		{
			name: "all uploaded",
			want: widgets.List{
				title,
				{Row: widgets.SelectorRow{Title: "ت", ImageID: "one.jpg"}, SemanticPaths: map[string]string{"face": "image_id", "name": "title"}},
				logo,
				{Row: widgets.EventRow{Title: "ت", ImageID: "two.jpg"}},
				{Row: widgets.ImageCarouselRow{
					Items:      []widgets.CarouselImage{{ImageID: "one.jpg", Description: "جلو"}, {ImageID: "kept.jpg"}, {ImageID: "data.jpg"}},
					HasDivider: true,
				}, SemanticPaths: photos},
				{Row: widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: "three.jpg"}, {ImageID: "two.jpg"}}}},
			},
		},
		{
			name: "a field and an item",
			lost: []string{"https://a.example/1"},
			want: widgets.List{
				title,
				{Row: widgets.SelectorRow{Title: "ت"}, SemanticPaths: map[string]string{"name": "title"}},
				logo,
				{Row: widgets.EventRow{Title: "ت", ImageID: "two.jpg"}},
				{Row: widgets.ImageCarouselRow{
					Items:      []widgets.CarouselImage{{ImageID: "kept.jpg"}, {ImageID: "data.jpg"}},
					HasDivider: true,
				}, SemanticPaths: photos},
				{Row: widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: "three.jpg"}, {ImageID: "two.jpg"}}}},
			},
			warnings: []string{
				"widgets[1].selector_row.image_id: the image could not be had: the row is shown without it",
				"widgets[1].semantic_paths.face: was dropped with the image it names",
				"widgets[4].image_carousel_row.items[0].image_id: the image could not be had: its item was dropped",
			},
		},
		{
			name: "all that there is",
			lost: slices.Collect(maps.Keys(all)),
			want: widgets.List{
				title,
				{Row: widgets.SelectorRow{Title: "ت"}, SemanticPaths: map[string]string{"name": "title"}},
				logo,
				{Row: widgets.EventRow{Title: "ت"}},
				{Row: widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: "kept.jpg"}}, HasDivider: true}, SemanticPaths: photos},
			},
			warnings: []string{
				"widgets[1].selector_row.image_id: the image could not be had: the row is shown without it",
				"widgets[1].semantic_paths.face: was dropped with the image it names",
				"widgets[3].event_row.image_id: the image could not be had: the row is shown without it",
				"widgets[4].image_carousel_row.items[0].image_id: the image could not be had: its item was dropped",
				"widgets[4].image_carousel_row.items[2].image_id: the image could not be had: its item was dropped",
				"widgets[5].image_carousel_row.items[0].image_id: the image could not be had: its item was dropped",
				"widgets[5].image_carousel_row.items[1].image_id: the image could not be had: its item was dropped",
				"widgets[5]: was dropped with the last of its images",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := gallery()
			got, warnings := list.MapImages(func(source string) (string, bool) {
				return all[source], !slices.Contains(tt.lost, source)
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.warnings, texts(warnings)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			if err := (widgets.Decoder{}).Validate(got); err != nil {
				t.Errorf("the result is not valid: %v", err)
			}
			if diff := cmp.Diff(gallery(), list); diff != "" {
				t.Errorf("the original has changed (-was +is):\n%s", diff)
			}
		})
	}
}

// What is left of a list of nothing but lost pictures is no add-on.
func TestMapImagesToNothing(t *testing.T) {
	list := widgets.List{{Row: widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: imageURL}}}}}
	got, warnings := list.MapImages(func(string) (string, bool) { return "", false })
	if len(got) != 0 || len(warnings) != 2 {
		t.Errorf("left %v with warnings %v, want nothing and two", got, warnings)
	}
	for _, w := range warnings {
		if strings.Contains(w.String(), "s3cret") {
			t.Errorf("a warning shows the URL's signature: %s", w)
		}
	}
}

// Every image_id of every kind of widget is found and replaced: a row that
// gets an image one day must not be forgotten.
func TestEveryImageIsMapped(t *testing.T) {
	id := regexp.MustCompile(`"image_id":"[^"]*"`)
	data, err := specimens().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	n := len(id.FindAll(data, -1))
	if n < 4 {
		t.Fatalf("the specimens have %d images, want some in each of three kinds of rows", n)
	}
	data = id.ReplaceAll(data, []byte(`"image_id":"https://a.example/1"`))
	list, _, err := widgets.Decoder{ImageSources: true}.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(list.ImageSources()); got != n {
		t.Errorf("%d sources were found, want %d", got, n)
	}
	mapped, _ := list.MapImages(func(string) (string, bool) { return "up.jpg", true })
	after, err := mapped.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if want := bytes.ReplaceAll(data, []byte("https://a.example/1"), []byte("up.jpg")); !bytes.Equal(after, want) {
		t.Errorf("(-want +got):\n%s", cmp.Diff(string(want), string(after)))
	}
}

// Whatever is accepted with sources is accepted without once they are
// uploaded, and also when some are lost, unless nothing is left.
func FuzzMapImages(f *testing.F) {
	data, err := gallery().MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, uint8(0b1010))
	f.Add([]byte(`[{"image_carousel_row":{"items":[{"image_id":"https://a.example/1"}]}}]`), uint8(0))
	f.Add([]byte(`[{"event_row":{"title":"آ","image_id":"https://a.example/1"},"semantic_paths":{"face":"image_id"}}]`), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, kept uint8) {
		list, _, err := widgets.Decoder{ImageSources: true}.Decode(data)
		if err != nil {
			checkFaults(t, err)
			return
		}
		before := encode(t, list)
		sources := list.ImageSources()
		calls, lost := 0, 0
		mapped, warnings := list.MapImages(func(source string) (string, bool) {
			if source != sources[calls].Source {
				t.Fatalf("call %d is about %q, want %q", calls, source, sources[calls].Source)
			}
			keep := kept>>(calls%8)&1 == 1
			calls++
			if !keep {
				lost++
			}
			return "up.jpg", keep
		})
		if calls != len(sources) || len(warnings) < min(lost, 100) {
			t.Errorf("%d calls for %d sources; %d warnings for %d lost ones", calls, len(sources), len(warnings), lost)
		}
		if !bytes.Equal(before, encode(t, list)) {
			t.Error("the original has changed")
		}
		if left := mapped.ImageSources(); left != nil {
			t.Errorf("sources are left: %v", left)
		}
		if len(mapped) > 0 {
			checkList(t, mapped)
		}
	})
}
