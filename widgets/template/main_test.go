package template_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/kenar-addons/kenar-addons/widgets/template"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load loads one program as the template of the event type "t".
func load(program string) (*template.Set, error) {
	return template.Load(fstest.MapFS{"t.jq": {Data: []byte(program)}})
}

// render loads one program and gives it the event.
func render(t testing.TB, program, event string) (json.RawMessage, error) {
	t.Helper()
	set, err := load(program)
	if err != nil {
		t.Fatalf("%s\n%v", program, err)
	}
	return set.Render(context.Background(), "t", json.RawMessage(event))
}
