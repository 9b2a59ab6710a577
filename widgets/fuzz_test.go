package widgets_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// Whatever is decoded is valid, encodes, and decodes from there to itself.
func FuzzDecode(f *testing.F) {
	seed(f, "v2.json", "v2")
	f.Add([]byte(`[{"title_row":{"text":"\ud83d\ude97"}}] `))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d widgets.Decoder
		list, _, err := d.Decode(data)
		if err != nil {
			checkFaults(t, err)
			return
		}
		if !json.Valid(data) {
			t.Fatal("decoded what is not JSON")
		}
		checkList(t, list)
	})
}

// The same for v1, and for what Migrate makes of it.
func FuzzDecodeLegacy(f *testing.F) {
	seed(f, "v1.json", "v1")
	seed(f, "migrate.json", "v1")
	f.Fuzz(func(t *testing.T, data []byte) {
		var d widgets.Decoder
		list, _, err := d.DecodeLegacy(data)
		if err != nil {
			checkFaults(t, err)
			return
		}
		if !json.Valid(data) || !widgets.IsLegacy(data) {
			t.Fatal("decoded what does not look like v1")
		}
		if err := d.ValidateLegacy(list); err != nil {
			t.Fatalf("decoded but not valid: %v", err)
		}
		encoded := encode(t, list)
		again, warnings, err := d.DecodeLegacy(encoded)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("encoded as %s, which decodes with warnings %v, error %v", encoded, warnings, err)
		}
		if diff := cmp.Diff(list, again); diff != "" {
			t.Fatalf("changed by encoding and decoding:\n%s", diff)
		}
		if !bytes.Equal(encoded, encode(t, again)) {
			t.Fatalf("not stable: %s", encoded)
		}

		migrated, _, err := widgets.Migrate(list)
		if err != nil {
			checkFaults(t, err)
			return
		}
		checkList(t, migrated)
	})
}

func checkList(t *testing.T, list widgets.List) {
	t.Helper()
	var d widgets.Decoder
	if err := d.Validate(list); err != nil {
		t.Fatalf("not valid: %v", err)
	}
	encoded := encode(t, list)
	again, _, err := d.Decode(encoded)
	if err != nil {
		t.Fatalf("encoded as %s, which does not decode: %v", encoded, err)
	}
	if diff := cmp.Diff(list, again); diff != "" {
		t.Fatalf("changed by encoding and decoding:\n%s", diff)
	}
	if !bytes.Equal(encoded, encode(t, again)) {
		t.Fatalf("not stable: %s", encoded)
	}
}

func encode(t *testing.T, list json.Marshaler) []byte {
	t.Helper()
	data, err := list.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(data) {
		t.Fatalf("encoded as %s, which is not JSON", data)
	}
	return data
}

// checkFaults holds an error against what Faults promises.
func checkFaults(t *testing.T, err error) {
	t.Helper()
	var faults widgets.Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("error %#v is no Faults, or empty", err)
	}
	seen := map[string]bool{}
	for _, f := range faults {
		switch {
		case !strings.HasPrefix(f.Path, "widgets"):
			t.Errorf("path of %v does not start at widgets", f)
		case f.Message == "":
			t.Errorf("%s: no message", f.Path)
		case !utf8.ValidString(f.String()):
			t.Errorf("%q is not valid UTF-8", f)
		case seen[f.Path] && !strings.Contains(f.Message, "more faults"):
			t.Errorf("%s has two faults", f.Path)
		}
		seen[f.Path] = true
	}
}

// seed adds the documents of a file of cases and of a folder of golden files.
func seed(f *testing.F, cases, goldens string) {
	f.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cases", cases))
	if err != nil {
		f.Fatal(err)
	}
	var list []testCase
	if err := json.Unmarshal(data, &list); err != nil {
		f.Fatal(err)
	}
	for _, c := range list {
		f.Add([]byte(c.In))
	}
	files, err := filepath.Glob(filepath.Join("testdata", "golden", goldens, "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files in %s: %v", goldens, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}
