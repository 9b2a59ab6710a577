// Package golden holds what tests make against files that are kept. With the
// flag -update of a test it writes the files instead: read the difference
// before it is committed.
//
// Only tests import it.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files, and what is published from them")

// Updating reports whether files are to be written.
func Updating() bool { return *update }

// File holds got against a file. With -update it is written first.
func File[T ~string | ~[]byte](t testing.TB, path string, got T) {
	t.Helper()
	if diff := cmp.Diff(string(kept(t, path, []byte(got))), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got; -update accepts it):\n%s", path, diff)
	}
}

// JSON holds a compact JSON document against a file in which it stands
// indented.
func JSON(t testing.TB, path string, got []byte) {
	t.Helper()
	var indented, compact bytes.Buffer
	if err := json.Indent(&indented, got, "", "  "); err != nil {
		t.Fatalf("what is to be held against %s is not JSON: %v", path, err)
	}
	indented.WriteByte('\n')
	if err := json.Compact(&compact, kept(t, path, indented.Bytes())); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if diff := cmp.Diff(compact.String(), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got; -update accepts it):\n%s", path, diff)
	}
}

// kept is what a file holds; with -update that is content.
func kept(t testing.TB, path string, content []byte) []byte {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	return want
}
