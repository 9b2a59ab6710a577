package pipeline

import (
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// The main path: an event becomes one correct call and one outcome.
func TestAttach(t *testing.T) {
	l := newLab(t, kenartest.Config{})
	l.kenar.AddPost(kenartest.Post{Token: "AZir15UU"})
	l.worker(func(s *settings) { s.limits = "ADD_ON_CREATE=100/168h" })
	l.publish(attach("e1", "post/AZir15UU", "کارشناسی خودرو"))

	if got := l.final("e1"); got.Result != ResultAccepted || got.HTTPStatus != 200 || got.Attempts != 1 || got.Lane != PostCreate {
		t.Errorf("outcome %+v", got)
	}
	calls := l.kenar.Calls()
	if len(calls) != 1 || calls[0].Status != 200 || string(calls[0].Body) != `{"widgets":[{"title_row":{"text":"کارشناسی خودرو"}}]}` {
		t.Errorf("calls %v", calls)
	}
	l.drained()
}
