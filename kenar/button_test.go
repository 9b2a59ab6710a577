package kenar

import (
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// booking is the button that Kenar's guide shows.
func booking() Button {
	return Button{ButtonAccommodationBooking, widgets.OpenDirectLink("https://your-site.com/booking/{post_token}")}
}

func TestButtonForPost(t *testing.T) {
	if got, want := booking().ForPost("AZir15UU").Action, widgets.OpenDirectLink("https://your-site.com/booking/AZir15UU"); got != want {
		t.Errorf("the link is %v, want %v", got, want)
	}
	if got := booking().Action; got != widgets.OpenDirectLink("https://your-site.com/booking/{post_token}") {
		t.Errorf("the link is %v before it is filled", got)
	}
	page := Button{ButtonOnlineCall, widgets.OpenPostPage{PostToken: "AZir15UU"}}
	if got := page.ForPost("other"); got != page {
		t.Errorf("a button without link became %v", got)
	}
}

func TestButtonFaults(t *testing.T) {
	tests := []struct {
		name   string
		button Button
		want   []string
	}{
		{"nothing", Button{}, []string{
			`customized_button.type: is "": it must be ACCOMMODATION_BOOKING, EXTERNAL_PRODUCT_STORE, RESUME_SUBMISSION or ONLINE_CALL`,
			`customized_button.action: is missing: say what a click does`,
		}},
		{"a link without scheme", Button{ButtonOnlineCall, widgets.OpenDirectLink("example.com")}, []string{
			`customized_button.action.open_direct_link: has no scheme, must start with https:// or http://`,
		}},
		{"a pointer", Button{ButtonOnlineCall, &widgets.OpenPostPage{PostToken: "a"}}, []string{
			`customized_button.action: is a *widgets.OpenPostPage, must be one of the five action types of this package by value`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantFaults(t, tt.button, tt.want) })
	}
}
