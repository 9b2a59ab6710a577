package config

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

// TestReadmeHasTheSettings keeps the table of settings in the README as the
// programs know them. It stands between two comments there.
func TestReadmeHasTheSettings(t *testing.T) {
	const (
		path  = "../../README.md"
		begin = "<!-- settings: written by go test ./internal/config -update -->\n"
		end   = "<!-- end of the settings -->\n"
	)
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, hasBegin := strings.Cut(string(readme), begin)
	table, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		t.Fatalf("README.md lacks one of the lines\n%s%s", begin, end)
	}
	want := "\n" + Markdown() + "\n"
	if golden.Updating() {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("README.md lists other settings (+) than there are (-); run go test ./internal/config -update\n%s", diff)
	}
}
