package widgets_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// A testCase is a document and what becomes of it: the exact encoding of what
// was decoded, or every fault; and the warnings.
type testCase struct {
	Name     string          `json:"name"`
	In       json.RawMessage `json:"in"`
	Out      json.RawMessage `json:"out"`
	Faults   []string        `json:"faults"`
	Warnings []string        `json:"warnings"`
}

func TestCases(t *testing.T) {
	var d widgets.Decoder
	for file, run := range map[string]func(data []byte) (json.Marshaler, []widgets.Warning, error){
		"v2.json": func(data []byte) (json.Marshaler, []widgets.Warning, error) { return d.Decode(data) },
		"v1.json": func(data []byte) (json.Marshaler, []widgets.Warning, error) { return d.DecodeLegacy(data) },
		"migrate.json": func(data []byte) (json.Marshaler, []widgets.Warning, error) {
			legacy, warnings, err := d.DecodeLegacy(data)
			if err != nil || len(warnings) > 0 {
				t.Errorf("decoding before migration: warnings %v, error %v", warnings, err)
			}
			return widgets.Migrate(legacy)
		},
	} {
		for _, tt := range readCases(t, file) {
			t.Run(file+"/"+tt.Name, func(t *testing.T) {
				list, warnings, err := run(tt.In)
				var faults widgets.Faults
				if err != nil && !errors.As(err, &faults) {
					t.Fatalf("error %v is no Faults", err)
				}
				if diff := cmp.Diff(tt.Faults, texts(faults)); diff != "" {
					t.Errorf("faults (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.Warnings, texts(warnings)); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
				if err != nil {
					return
				}
				out, err := list.MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(compact(t, tt.Out), string(out)); diff != "" {
					t.Errorf("encoding (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func readCases(t *testing.T, file string) []testCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cases", file))
	if err != nil {
		t.Fatal(err)
	}
	var cases []testCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cases
}

func compact(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func texts[T interface{ String() string }](list []T) []string {
	var s []string
	for _, v := range list {
		s = append(s, v.String())
	}
	return s
}
