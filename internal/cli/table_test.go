package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	colors := Colors(true)
	table := &Table{Indent: "> ", Right: []bool{1: true}}
	table.Add("LANE", "WAITING", "STATE")
	table.Add(colors.Green("a"), "7", "ok")
	table.Add("کارشناسی", "1234567890", "")
	var b strings.Builder
	if _, err := table.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	want := "> LANE         WAITING  STATE\n" +
		"> \x1b[32ma\x1b[0m                  7  ok\n" +
		"> کارشناسی  1234567890\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestColorsOnlyOnATerminal(t *testing.T) {
	var b strings.Builder
	if c := ColorsOf(&b); c || c.Red("x") != "x" {
		t.Errorf("a buffer gets colours")
	}
	if got := Colors(true).Red(""); got != "" {
		t.Errorf("nothing is painted: %q", got)
	}
}
