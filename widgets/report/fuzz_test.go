package report_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// Any input gives an add-on that the decoder of package widgets accepts, or an
// error that names a place in the report.
func FuzzReport(f *testing.F) {
	for _, kind := range []string{"inspection", "valuation"} {
		for _, data := range reports(f, kind) {
			f.Add(kind == "valuation", data)
		}
	}
	for _, tt := range wrong {
		f.Add(tt.kind == "valuation", []byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, isValuation bool, data []byte) {
		kind := "inspection"
		if isValuation {
			kind = "valuation"
		}
		addOn, warnings, err := build(kind, data)
		if err == nil {
			accept(t, addOn.Widgets)
			for _, w := range warnings {
				checkPlace(t, kind, widgets.Fault(w))
			}
			return
		}
		var faults widgets.Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("error %#v is no Faults, or empty", err)
		}
		for _, fault := range faults {
			checkPlace(t, kind, fault)
		}
	})
}

func checkPlace(t *testing.T, kind string, f widgets.Fault) {
	t.Helper()
	rest, ok := strings.CutPrefix(f.Path, kind)
	if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' || f.Message == "" || !utf8.ValidString(f.String()) {
		t.Errorf("%q is no place in an %s, or has nothing to say", f, kind)
	}
}
