package listing_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata and the published schemas")

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update to create it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// wantFaults fails unless err is exactly these faults. None is no error.
func wantFaults(t *testing.T, err error, want ...string) {
	t.Helper()
	faults, _ := errors.AsType[widgets.Faults](err)
	if err != nil && len(faults) == 0 {
		t.Fatalf("error is %T (%v), want widgets.Faults", err, err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// everything makes cmp look into what others do not export, such as what
// becomes of a field of an edit.
var everything = cmp.Exporter(func(reflect.Type) bool { return true })
