package listing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/widgets"
)

func TestDecodeButton(t *testing.T) {
	for data, want := range map[string]listing.Button{
		`{"remove": true}`: {Remove: true},
		`{"type": "ACCOMMODATION_BOOKING", "action": {"open_direct_link": "https://example.com/book/{post_token}"}}`: {Button: kenar.Button{
			Type: kenar.ButtonAccommodationBooking, Action: widgets.OpenDirectLink("https://example.com/book/{post_token}"),
		}},
	} {
		got, err := listing.DecodeButton([]byte(data))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", data, err, diff)
		}
	}

	// The placeholder is there to be filled, and the body is Kenar's.
	b, err := listing.DecodeButton([]byte(`{"type": "ACCOMMODATION_BOOKING", "action": {"open_direct_link": "https://example.com/book/{post_token}?from=divar&x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	body, err := b.Button.ForPost("AZir15UU").Body()
	if err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/bodies/button.json", string(body))
}

func TestDecodePayment(t *testing.T) {
	for data, want := range map[string]listing.Payment{
		`{"max_cost_rials": 0}`: {},
		`{"max_cost_rials": "150000", "extra_details": "order 17"}`: {MaxCost: 150000, ExtraDetails: "order 17"},
		`{"max_cost_rials": 1.5e5, "extra_details": ""}`:            {MaxCost: 150000},
	} {
		got, err := listing.DecodePayment([]byte(data))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", data, err, diff)
		}
	}
}
