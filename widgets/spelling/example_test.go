package spelling_test

import (
	"fmt"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
)

func ExampleHint() {
	fields := []string{"title", "icon_name", "has_divider"}
	for _, given := range []string{"titel", "hasDivider", "price"} {
		fmt.Println(given + ": is not a known field" + spelling.Hint(given, fields))
	}
	// Output:
	// titel: is not a known field; did you mean "title"?
	// hasDivider: is not a known field; did you mean "has_divider"?
	// price: is not a known field; known are title, icon_name, has_divider
}
