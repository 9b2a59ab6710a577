package template_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// One file renders the events of one type. os.DirFS gives a directory.
func Example() {
	set, err := template.Load(fstest.MapFS{"acme.tested.v1.jq": {Data: []byte(`
		.data | {widgets: [
			{title_row: {text: "تست \(.model)"}},
			(.results[] | {score_row: {title: .name, percentage_score: .percent}})
		]}`,
	)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := set.Render(context.Background(), "acme.tested.v1", []byte(`{
		"specversion": "1.0", "id": "17", "type": "acme.tested.v1", "subject": "post/gZ206tip",
		"data": {"model": "پژو ۲۰۶", "results": [{"name": "موتور", "percent": 92}]}}`,
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output:
	// {"widgets":[{"title_row":{"text":"تست پژو ۲۰۶"}},{"score_row":{"percentage_score":92,"title":"موتور"}}]}
}

// All that is wrong with all files is reported at once, each with its place.
func ExampleLoad_broken() {
	_, err := template.Load(fstest.MapFS{
		"acme.tested.v1.jq": {Data: []byte("{\n  widgets: [,\n}")},
		"acme.priced.v1.jq": {Data: []byte("{\n  notes: \"as of \\(now)\"\n}")},
	})
	fmt.Println(err)
	// Output:
	// acme.priced.v1.jq:2:19: now is not available in a template: rendering is repeatable, so there is no clock; take the time from the event
	// acme.tested.v1.jq:2:13: unexpected token ","
}
