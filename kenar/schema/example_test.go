package schema_test

import (
	"errors"
	"fmt"

	"github.com/kenar-addons/kenar-addons/kenar/schema"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// What Kenar answers for a category, and a post that is not ready to be sent.
func Example() {
	s, err := schema.Parse([]byte(`{"schema": {
		"properties": {
			"size":     {"title": "متراژ (متر مربع)", "type": "integer"},
			"price":    {"title": "قیمت (تومان)", "type": "integer"},
			"elevator": {"title": "آسانسور", "type": "string", "enum": ["دارد", "ندارد"], "enumNames": ["دارد", "ندارد"]}
		},
		"required": ["size", "price"]}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = s.Validate([]byte(`{"size": "100", "elevator": "داراد"}`))
	var faults widgets.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			fmt.Println(f)
		}
	}
	// Output:
	// category_fields.size: «متراژ (متر مربع)» is the string "100", must be an integer; write 100 without quotes
	// category_fields.price: «قیمت (تومان)» is missing, must be an integer
	// category_fields.elevator: «آسانسور» is "داراد", must be one of "دارد", "ندارد"; did you mean "دارد"?
}

// A person who writes the first post of a category begins with its skeleton.
func ExampleSchema_Skeleton() {
	s, err := schema.Parse([]byte(`{"schema": {
		"properties": {
			"gearbox": {"title": "گیربکس", "type": "string", "enum": ["منوال", "اتوماتیک"]},
			"usage":   {"title": "کارکرد (کیلومتر)", "type": "integer", "minimum": 0}
		},
		"required": ["usage"]}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", s.Skeleton())
	// Output:
	// {
	//   "usage": "<fill in: an integer, at least 0: کارکرد (کیلومتر)>",
	//   "gearbox": "<fill in or remove: one of منوال | اتوماتیک: گیربکس>"
	// }
}
