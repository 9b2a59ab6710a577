package listing_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/kenar/schema"
)

// TestSamples: there is a sample of every format, and it is what it says.
func TestSamples(t *testing.T) {
	for _, f := range formats {
		paths, err := filepath.Glob(filepath.Join("..", "..", "examples", "listings", "*-listing-"+f.verb+".json"))
		if err != nil || len(paths) != 1 {
			t.Fatalf("samples of %s are %v, %v, want one", f.verb, paths, err)
		}
		doc, err := os.ReadFile(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		var event struct{ Data json.RawMessage }
		var whole any
		if err := json.Unmarshal(doc, &event); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(doc, &whole); err != nil {
			t.Fatal(err)
		}
		if err := f.decode(event.Data); err != nil {
			t.Errorf("%s: %v", paths[0], err)
		}
		if err := f.resolved(t).Validate(whole); err != nil {
			t.Errorf("%s: the schema refuses it: %v", paths[0], err)
		}
		if f.verb == "submit" {
			sampleSubmission(t, event.Data)
		}
	}
}

// sampleSubmission: the image is one, and the fields are those of the category
// in the simulated Kenar.
func sampleSubmission(t *testing.T, data []byte) {
	t.Helper()
	s, err := listing.DecodeSubmission(data)
	if err != nil {
		t.Fatal(err)
	}
	fetcher, err := images.New(images.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Sources()) != 1 || s.AddOn == nil || s.Button == nil {
		t.Errorf("sources are %v, add-on %s, button %s", s.Sources(), s.AddOn, s.Button)
	}
	for _, source := range s.Sources() {
		if _, err := fetcher.JPEG(t.Context(), source.Source); err != nil {
			t.Errorf("%s: %v", source.Path, err)
		}
	}
	doc, err := os.ReadFile(filepath.Join("..", "kenartest", "schemas", s.GeneralData.CategorySlug+".json"))
	if err != nil {
		t.Fatal(err)
	}
	category, err := schema.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := category.Validate(s.CategoryFields); err != nil {
		t.Error(err)
	}
}
