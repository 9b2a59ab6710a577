package listing_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// seed adds the data of the tables.
func seed(f *testing.F, cases []dataCase) {
	for _, tt := range cases {
		f.Add([]byte(tt.data))
	}
}

// checkFaults: an error is a list of faults, at most a hundred and one, each at
// a place of its own in the data.
func checkFaults(t *testing.T, data []byte, err error) {
	t.Helper()
	faults, ok := errors.AsType[widgets.Faults](err)
	if !ok || len(faults) == 0 || len(faults) > 101 {
		t.Fatalf("%q: %d faults in %T: %v", data, len(faults), err, err)
	}
	for i, f := range faults {
		if !strings.HasPrefix(f.Path, "data") || f.Message == "" {
			t.Errorf("%q: fault %d is %q", data, i, f)
		}
		if i < 100 && slices.ContainsFunc(faults[:i], func(before widgets.Fault) bool { return before.Path == f.Path }) {
			t.Errorf("%q: %s has two faults", data, f.Path)
		}
	}
}

// FuzzDecodeSubmission: what is accepted has a body once its sources are
// uploaded, none before, and is the same after it was kept.
func FuzzDecodeSubmission(f *testing.F) {
	seed(f, submissions)
	f.Add([]byte(apartment))
	f.Add([]byte(car))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := listing.DecodeSubmission(data)
		if err != nil {
			checkFaults(t, data, err)
			return
		}
		if s.MaxCost < 0 || !s.Publish && (s.AddOn != nil || s.Button != nil) {
			t.Errorf("%q: accepted as %+v", data, s)
		}
		keep(t, "submission", s, func(s listing.Submission) ([]byte, error) { return s.Body("b", uploaded(s.Sources())) })
		if _, err := s.Body("b", listing.Media{}); (err == nil) != (len(s.Sources()) == 0) {
			t.Errorf("%q: without uploads of %d sources: %v", data, len(s.Sources()), err)
		}
		body, err := s.Body("b", uploaded(s.Sources()))
		var sent kenar.PostSubmission
		if err != nil || json.Unmarshal(body, &sent) != nil || slices.ContainsFunc(sent.GeneralData.Images, listing.IsSource) {
			t.Errorf("%q: the body is %s, %v", data, body, err)
		}
		if s.Button != nil {
			if b, err := listing.DecodeButton(s.Button); err != nil || b.Remove {
				t.Errorf("%q: the button is %v, %v", data, b, err)
			}
		}
	})
}

// FuzzDecodeEdit: the mask of what is accepted names its fields, and without
// them, all or one by one, nothing is left.
func FuzzDecodeEdit(f *testing.F) {
	seed(f, edits)
	f.Add([]byte(mileage))
	f.Add([]byte(allChanged))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := listing.DecodeEdit(data)
		if err != nil {
			checkFaults(t, data, err)
			return
		}
		body, err := e.Body(uploaded(e.Sources()))
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		var sent struct {
			UpdateMask []string `json:"update_mask"`
		}
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent.UpdateMask, e.Fields()); diff != "" {
			t.Errorf("%q: the mask (-) is not the fields (+):\n%s", data, diff)
		}
		keep(t, "edit", e, func(e listing.Edit) ([]byte, error) { return e.Body(uploaded(e.Sources())) })
		if left, ok := e.Without(e.Fields()); ok || left.Fields() != nil || left.Sources() != nil {
			t.Errorf("%q: without all its fields there is %v left", data, left.Fields())
		}
		for left, ok := e, true; ok; {
			fields := left.Fields()
			left, ok = left.Without(fields[:1])
			if slices.Contains(left.Fields(), fields[0]) || ok != (len(left.Fields()) > 0) {
				t.Fatalf("%q: without %s there is %v left, ok: %v", data, fields[0], left.Fields(), ok)
			}
			if ok {
				if _, err := left.Body(uploaded(left.Sources())); err != nil {
					t.Errorf("%q: without %s: %v", data, fields[0], err)
				}
			}
		}
	})
}

// FuzzDecodeOther: the small formats accept nothing without meaning.
func FuzzDecodeOther(f *testing.F) {
	seed(f, payments)
	seed(f, buttons)
	seed(f, deletes)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, paymentErr := listing.DecodePayment(data)
		if paymentErr == nil {
			keep(t, "payment", p, func(p listing.Payment) ([]byte, error) { return json.Marshal(p) })
			if p.MaxCost < 0 || len(p.ExtraDetails) > 1024 {
				t.Errorf("%q: accepted as %+v", data, p)
			}
		} else {
			checkFaults(t, data, paymentErr)
		}
		b, buttonErr := listing.DecodeButton(data)
		if buttonErr == nil {
			if _, err := b.Button.Body(); (err == nil) == b.Remove {
				t.Errorf("%q: removes: %v, and its body: %v", data, b.Remove, err)
			}
		} else {
			checkFaults(t, data, buttonErr)
		}
		deleteErr := listing.DecodeDelete(data)
		if deleteErr != nil {
			checkFaults(t, data, deleteErr)
		}
		accepted := 0
		for _, err := range []error{paymentErr, buttonErr, deleteErr} {
			if err == nil {
				accepted++
			}
		}
		if accepted > 1 {
			t.Errorf("%q means %d things", data, accepted)
		}
	})
}
