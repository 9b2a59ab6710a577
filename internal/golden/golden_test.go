package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

// A recorder is a test that keeps what it was told.
type recorder struct {
	testing.TB
	told strings.Builder
}

func (r *recorder) Helper()                   {}
func (r *recorder) Errorf(f string, a ...any) { fmt.Fprintf(&r.told, f, a...) }

func TestDifferencesAreTold(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text, doc := write("text", "one\n"), write("doc.json", "{\n  \"a\": 1\n}\n")
	for _, tt := range []struct {
		name  string
		check func(testing.TB)
		equal bool
	}{
		{"the same text", func(tb testing.TB) { golden.File(tb, text, "one\n") }, true},
		{"the same bytes", func(tb testing.TB) { golden.File(tb, text, []byte("one\n")) }, true},
		{"another text", func(tb testing.TB) { golden.File(tb, text, "two\n") }, false},
		{"the same document", func(tb testing.TB) { golden.JSON(tb, doc, []byte(`{"a":1}`)) }, true},
		{"another document", func(tb testing.TB) { golden.JSON(tb, doc, []byte(`{"a":2}`)) }, false},
	} {
		r := &recorder{TB: t}
		tt.check(r)
		if told := r.told.String(); (told == "") != tt.equal || !tt.equal && !strings.Contains(told, "differs") {
			t.Errorf("%s: told %q", tt.name, told)
		}
	}
}
