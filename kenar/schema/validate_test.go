package schema_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Everything wrong with the fields of an apartment, at once and in the order of
// the schema.
func TestEveryFault(t *testing.T) {
	got := texts(t, parse(t, document(t, "apartment-rent")).Validate([]byte(`{
		"elevater": "دارد", "parking": "ندارد", "parking": "دارد", "suitable_for": ["زوج", "مجردي", "زوج"],
		"rooms": "دوو", "size": "۱۰۰", "credit": -1, "floor": "همکف", "rebuilt": "true", "year": 1398.5}`)))
	want := []string{
		`category_fields.size: «متراژ (متر مربع)» is the string "۱۰۰", must be an integer; write 100 without quotes`,
		`category_fields.rooms: «تعداد اتاق» is "دوو", must be one of "بدون اتاق", "یک", "دو", "سه", "چهار", "پنج یا بیشتر"; did you mean "دو"?`,
		`category_fields.credit: «ودیعه (تومان)» is -1, must be at least 0`,
		`category_fields.rent: «اجارهٔ ماهانه (تومان)» is missing, must be an integer`,
		`category_fields.year: «سال ساخت» is 1398.5, must be an integer, a whole number`,
		`category_fields.floor: «طبقه» is "همکف", must be one of "-1" (زیرهمکف), "0" (همکف), "1" (۱), "2" (۲), "3" (۳); that is the title of "0", give the value`,
		`category_fields.parking: «پارکینگ» is given twice in one object; remove one of the two`,
		`category_fields.suitable_for[1]: «مناسب برای» is "مجردي", must be one of "خانواده", "زوج", "مجرد", "دانشجو"; did you mean "مجرد"?`,
		`category_fields.suitable_for[2]: «مناسب برای» is the same as item 0; remove one of the two`,
		`category_fields.rebuilt: «بازسازی شده» is the string "true", must be a boolean; write true without quotes`,
		`category_fields.elevater: is not a field of this category; did you mean "elevator"?`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// One thing wrong at a time.
func TestFaults(t *testing.T) {
	const lists = `{"properties":{
		"n":{"type":"integer","minimum":1,"maximum":9,"multipleOf":2},
		"f":{"type":"float","exclusiveMinimum":0,"exclusiveMaximum":0.5},
		"s":{"type":"string","minLength":2,"maxLength":3},
		"p":{"type":"string","pattern":"^[a-z]+$"},
		"l":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":2},
		"e":{"title":"نوع","type":"string","enum":["کارکرده","نقره\u200cای","مدل 2","نو"]},
		"i":{"type":"integer","enum":[1,2,3]},
		"b":{"type":"boolean"},
		"o":{"type":"object","properties":{"x":{"type":"integer"}},"required":["y"],"additionalProperties":false}}}`
	const colours = `must be one of "کارکرده", "نقره\u200cای", "مدل 2", "نو"`
	const alike = "? It reads the same, but has other letters, digits or spaces that look alike"
	for _, tt := range []struct {
		name, schema, fields string
		want                 []string
	}{
		{"nothing", lists, ``, []string{"category_fields: is empty, must be a JSON object"}},
		{"null", lists, `null`, []string{"category_fields: is null, must be an object"}},
		{"a list", lists, `[{}]`, []string{"category_fields: is an array, must be an object"}},
		{"cut off", lists, `{"n":2`, []string{"category_fields: is not JSON: it ends too early, at byte 6"}},
		{"large", lists, `{"s":"` + strings.Repeat("x", 64<<10) + `"}`, []string{"category_fields: has 65544 bytes, at most 65536 allowed"}},

		{"too small", lists, `{"n":0}`, []string{"category_fields.n: is 0, must be at least 1"}},
		{"too large", lists, `{"n":12}`, []string{"category_fields.n: is 12, must be at most 9"}},
		{"no multiple", lists, `{"n":3}`, []string{"category_fields.n: is 3, must be a multiple of 2"}},
		{"at the lower bound", lists, `{"f":0}`, []string{"category_fields.f: is 0, must be more than 0"}},
		{"at the upper bound", lists, `{"f":0.50}`, []string{"category_fields.f: is 0.5, must be less than 0.5"}},
		{"short", lists, `{"s":"ا"}`, []string{"category_fields.s: 1 character, at least 2 required"}},
		{"long", lists, `{"s":"ا\u200cبپ"}`, []string{"category_fields.s: 4 characters, at most 3 allowed"}},
		{"pattern", lists, `{"p":"A1"}`, []string{`category_fields.p: "A1" does not match the regular expression ^[a-z]+$`}},
		{"few items", lists, `{"l":[]}`, []string{"category_fields.l: 0 items, at least 1 required"}},
		{"many items", lists, `{"l":["a","b","c"]}`, []string{"category_fields.l: 3 items, at most 2 allowed"}},
		{"item of a wrong type", lists, `{"l":["a",5]}`, []string{"category_fields.l[1]: is 5, must be a string; put it in quotes"}},
		{"no list", lists, `{"l":"a"}`, []string{`category_fields.l: is the string "a", must be an array; put it in square brackets`}},
		{"a list too many", lists, `{"s":["ab"]}`, []string{"category_fields.s: is an array, must be a string"}},
		{"no value", lists, `{"s":null}`, []string{"category_fields.s: is null, must be a string; leave the field out when it has no value"}},
		{"number without quotes", lists, `{"s":12}`, []string{"category_fields.s: is 12, must be a string; put it in quotes"}},
		{"number in words", lists, `{"n":"دو"}`, []string{`category_fields.n: is the string "دو", must be an integer`}},
		{"grouped number", lists, `{"n":"۱۲٬۵۰۰٬۰۰۰"}`, []string{`category_fields.n: is the string "۱۲٬۵۰۰٬۰۰۰", must be an integer; write 12500000 without quotes`}},
		{"decimal in quotes", lists, `{"f":"٠٫٢٥"}`, []string{`category_fields.f: is the string "٠٫٢٥", must be a number; write 0.25 without quotes`}},
		{"boolean as a number", lists, `{"b":1}`, []string{"category_fields.b: is 1, must be a boolean"}},
		{"unreachable number", lists, `{"n":1e999999999}`, []string{"category_fields.n: is 1e999999999, a number of more digits or a larger exponent than any field takes; write it shorter"}},

		{"Arabic letter", lists, `{"e":"كاركرده"}`, []string{`category_fields.e: «نوع» is "كاركرده", ` + colours + `; did you mean "کارکرده"` + alike}},
		{"lost joiner", lists, `{"e":"نقره ای"}`, []string{`category_fields.e: «نوع» is "نقره ای", ` + colours + `; did you mean "نقره\u200cای"` + alike}},
		{"Persian digit", lists, `{"e":"مدل ۲"}`, []string{`category_fields.e: «نوع» is "مدل ۲", ` + colours + `; did you mean "مدل 2"` + alike}},
		{"slip", lists, `{"e":"کارکده"}`, []string{`category_fields.e: «نوع» is "کارکده", ` + colours + `; did you mean "کارکرده"?`}},
		{"a sign is no blank", `{"properties":{"a":{"enum":["-1","1"]}}}`, `{"a":"۱"}`, []string{`category_fields.a: is "۱", must be one of "-1", "1"; did you mean "1"` + alike}},
		{"blank", lists, `{"e":"  "}`, []string{`category_fields.e: «نوع» is "  ", ` + colours}},
		{"choices of an alternative", `{"properties":{"a":{"allOf":[{"enum":["یک",2]}]}}}`, `{"a":"يك"}`, []string{`category_fields.a: is "يك", must be one of "یک", 2; did you mean "یک"` + alike}},
		{"far from all", lists, `{"e":"طلایی"}`, []string{`category_fields.e: «نوع» is "طلایی", ` + colours}},
		{"number that is no choice", lists, `{"i":4}`, []string{"category_fields.i: is 4, must be one of 1, 2, 3"}},
		{"choice in quotes", lists, `{"i":"۲"}`, []string{`category_fields.i: is the string "۲", must be an integer; write 2 without quotes`}},
		{"choice in quotes, no type", `{"properties":{"a":{"enum":[1,2]}}}`, `{"a":"۲"}`, []string{`category_fields.a: is "۲", must be one of 1, 2; write 2 without quotes`}},
		{"choice without quotes", `{"properties":{"a":{"enum":["1","2"]}}}`, `{"a":2}`, []string{`category_fields.a: is 2, must be one of "1", "2"; put it in quotes`}},
		{"many choices", `{"properties":{"a":{"enum":["a1","b2","c3","d4","e5","f6","g7","h8","i9"]}}}`, `{"a":"zz"}`,
			[]string{`category_fields.a: is "zz", must be one of "a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", … (9 in all)`}},

		{"inside an object", lists, `{"o":{"x":"1","z":1}}`, []string{
			`category_fields.o.x: is the string "1", must be an integer; write 1 without quotes`,
			"category_fields.o.y: is missing",
			"category_fields.o.z: is not a known field",
		}},
		{"unlisted, far from all", `{"properties":{"size":{},"rent":{}}}`, `{"colour":1}`, []string{"category_fields.colour: is not a field of this category; its fields are size, rent"}},
		{"unlisted, a title", `{"properties":{"size":{"title":"متراژ"}}}`, `{"متراژ":1}`, []string{`category_fields["متراژ"]: is not a field of this category; that is the title of size, give the name`}},
		{"unlisted, and the schema says so", `{"properties":{"size":{}},"additionalProperties":false}`, `{"siz":1}`, []string{`category_fields.siz: is not a field of this category; did you mean "size"?`}},
		{"unlisted, restricted", `{"properties":{},"additionalProperties":{"type":"integer"}}`, `{"a":1,"b":"x"}`, []string{`category_fields.b: is the string "x", must be an integer`}},
		{"placeholder", `{"properties":{"a":{"type":"string"}},"required":["a"]}`, `{"a":"<fill in: a string>"}`, []string{"category_fields.a: is still the placeholder of the skeleton; put the value in its place: a string"}},
		{"required, not listed", `{"properties":{},"required":["a"]}`, `{}`, []string{"category_fields.a: is missing, must be any value"}},

		{"alternatives", `{"properties":{"rent":{"type":"integer"},"credit":{"type":"integer"}},"anyOf":[{"required":["rent"]},{"required":["credit"]}]}`, `{}`,
			[]string{"category_fields: fits none of the alternatives: (1) category_fields.rent: is missing, must be an integer, (2) category_fields.credit: is missing, must be an integer"}},
		{"many alternatives", `{"properties":{"a":{"oneOf":[{"type":"integer"},{"maxLength":1},{"const":"x"},false]}}}`, `{"a":"yy"}`,
			[]string{`category_fields.a: fits none of the alternatives: (1) category_fields.a: is the string "yy", must be an integer, (2) category_fields.a: 2 characters, at most 1 allowed, (3) category_fields.a: is "yy", must be "x", … (4 in all)`}},
		{"sizes of an object", `{"properties":{"a":{"minProperties":1},"b":{"maxProperties":1}}}`, `{"a":{},"b":{"x":1,"y":2}}`, []string{
			"category_fields.a: 0 fields, at least 1 required",
			"category_fields.b: 2 fields, at most 1 allowed",
		}},
		{"a rule without words of its own", `{"properties":{"a":{"contains":{"type":"integer"}}}}`, `{"a":["x"]}`, []string{"category_fields.a: does not satisfy the schema: no items match contains schema"}},
		{"many digits", lists, `{"n":` + strings.Repeat("9", 65) + `}`, []string{"category_fields.n: is 999999999999999999999999999999999999999999999999999999999999999…, a number of more digits or a larger exponent than any field takes; write it shorter"}},
		{"a long text", lists, `{"e":"` + strings.Repeat("ط", 50) + `"}`, []string{`category_fields.e: «نوع» is "` + strings.Repeat("ط", 40) + `"…, ` + colours}},
		{"too many alternatives", `{"properties":{"a":{},"b":{}},"oneOf":[{"required":["a"]},{"required":["b"]}]}`, `{"a":1,"b":1}`,
			[]string{"category_fields: fits alternatives 1 and 2, must fit exactly one"}},
		{"condition", `{"properties":{"a":{"type":"boolean"}},"if":{"properties":{"a":{"const":true}}},"then":{"properties":{"b":{"type":"integer"}},"required":["b"]}}`, `{"a":true}`,
			[]string{"category_fields.b: is missing"}},
		{"dependency", `{"properties":{"a":{},"b":{"type":"float"}},"dependencies":{"a":["b"]}}`, `{"a":1}`,
			[]string{"category_fields.b: is missing, and required when a is given, must be a number"}},
		{"exclusion", `{"properties":{"a":{"not":{"type":"string"}},"b":false,"c":{"const":1}}}`, `{"a":"x","b":1,"c":2}`, []string{
			"category_fields.a: is what the schema excludes",
			"category_fields.b: must not be given here; remove it",
			"category_fields.c: is 2, must be 1",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := texts(t, parse(t, []byte(tt.schema)).Validate([]byte(tt.fields)))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// A field of which only an alternative or a condition speaks may be given, and
// so may any where the schema leaves it open.
func TestUnlistedButKnown(t *testing.T) {
	for _, tt := range []struct{ schema, fields string }{
		{`{"properties":{"a":{}},"allOf":[{"properties":{"b":{}}}]}`, `{"b":1}`},
		{`{"properties":{"a":{}},"if":{"required":["a"]},"then":{"properties":{"b":{}}},"else":{"properties":{"c":{}}}}`, `{"c":1}`},
		{`{"properties":{"a":{}},"dependencies":{"a":{"oneOf":[{"properties":{"b":{}}}]}}}`, `{"a":1,"b":1}`},
		{`{"properties":{"a":{}},"additionalProperties":true}`, `{"b":1}`},
		{`{"properties":{"a":{}},"patternProperties":{"^x_":{"type":"integer"}}}`, `{"x_1":1}`},
	} {
		if err := parse(t, []byte(tt.schema)).Validate([]byte(tt.fields)); err != nil {
			t.Errorf("%s against %s: %v", tt.fields, tt.schema, err)
		}
	}
}

// A hundred faults are told, and how many more there are.
func TestManyFaults(t *testing.T) {
	var members []string
	for i := range 150 {
		members = append(members, fmt.Sprintf(`"unheard_of_%d":1`, i))
	}
	all := texts(t, parse(t, document(t, "phone")).Validate([]byte("{"+strings.Join(members, ",")+"}")))
	if len(all) != 101 || all[100] != "category_fields: 53 more faults are not listed; fix these first" {
		t.Errorf("%d faults, the last is %q", len(all), all[len(all)-1])
	}
	if !strings.Contains(all[0], "is missing") {
		t.Errorf("first fault %q, want one of a listed field", all[0])
	}
}

// Whatever the order in which the library meets them, faults come in one.
func TestOrderIsStable(t *testing.T) {
	s := parse(t, document(t, "car"))
	fields := []byte(`{"price":1,"color":"x","usage":-1,"year":1,"brand_model":2,"exchange":3,"zz":1,"aa":1}`)
	want := texts(t, s.Validate(fields))
	for range 50 {
		if diff := cmp.Diff(want, texts(t, s.Validate(fields))); diff != "" {
			t.Fatalf("faults (-first +later):\n%s", diff)
		}
	}
}

// A schema may be used by several goroutines at once.
func TestConcurrentUse(t *testing.T) {
	s := parse(t, document(t, "service"))
	valid := []byte(`{"service_type":"نظافت","on_site":true,"licence":"12345"}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Validate(valid); err != nil {
				t.Error(err)
			}
			if len(s.Fields()) != 6 || s.Validate(s.Skeleton()) == nil {
				t.Error("another schema than the one that was parsed")
			}
		})
	}
	wg.Wait()
}
