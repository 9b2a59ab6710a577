package strictjson_test

import (
	"fmt"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// Where encoding/json would choose, the caller can ask.
func ExampleParseObject() {
	doc := []byte(`{"price": 1250000.0, "title": "پژو", "price": 980000}`)
	n, err := strictjson.ParseObject(doc, strictjson.Limits{Bytes: 64 << 10, Depth: 8})
	if err != nil {
		fmt.Println("the document", err)
		return
	}
	for _, m := range n.Members {
		fmt.Printf("%s is %s: %s\n", m.Name, m.Kind, m.Raw)
	}
	// Output:
	// price is a number: 1250000.0
	// title is a string: "پژو"
	// price is a number: 980000
}
