package listing_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

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
