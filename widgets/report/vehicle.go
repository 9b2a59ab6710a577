package report

import (
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// A Vehicle is what a report is about. Its three identifiers are not shown,
// and are sent hashed only; each may be given as its SHA-256 in hexadecimal.
// The other fields are shown, and published as semantic data.
type Vehicle struct {
	VIN           string `json:"vin,omitempty" jsonschema:"The VIN as on the card, or its SHA-256. Never shown, sent hashed."`
	ChassisNumber string `json:"chassis_number,omitempty" jsonschema:"The chassis number as on the card, or its SHA-256. Never shown, sent hashed."`
	EngineNumber  string `json:"engine_number,omitempty" jsonschema:"The engine number as on the card, or its SHA-256. Never shown, sent hashed."`
	Color         string `json:"color,omitempty" jsonschema:"The colour, shown and published; at most 50 characters."`
	Year          Year   `json:"year,omitempty" jsonschema:"The year of manufacture, 1300 to 1500 (Solar Hijri) or 1900 to 2100, as a number or a string; shown and published."`
	BrandModel    string `json:"brand_model,omitempty" jsonschema:"Brand and model, shown and published; at most 100 characters."`
}

// What is published must be exact, so it is refused where it is too long, not
// shortened. The limits, in characters, are ours.
const (
	maxColor      = 50
	maxBrandModel = 100
)

// A Year is a year of the Solar Hijri or the Gregorian calendar; 0 is none.
type Year int

func (y Year) isPlausible() bool { return 1300 <= y && y <= 1500 || 1900 <= y && y <= 2100 }

func (v *Vehicle) read(from *object) {
	v.VIN = strings.TrimSpace(from.text("vin"))
	v.ChassisNumber = strings.TrimSpace(from.textOrNumber("chassis_number"))
	v.EngineNumber = strings.TrimSpace(from.textOrNumber("engine_number"))
	v.Color = from.text("color")
	v.Year = readYear(from, "year")
	v.BrandModel = from.text("brand_model")
}

func readYear(from *object, name string) Year {
	s := strings.Map(asciiDigit, strings.TrimSpace(from.textOrNumber(name)))
	if s == "" {
		return 0
	}
	n, ok := wholeNumber(s)
	if !ok || n < 1 || n != int64(int32(n)) {
		from.fault(from.at, name, "must be a whole number: a year in digits")
		return 0
	}
	return Year(n)
}

func (v *Vehicle) visit(at string, to visitor) {
	to.text(at, "color", &v.Color)
	to.text(at, "brand_model", &v.BrandModel)
}

func (v *Vehicle) check(f *findings, at string) {
	for _, id := range v.identifiers(at) {
		id.check(f)
	}
	if v.Year != 0 && !v.Year.isPlausible() {
		f.fault(at, "year", "is %d, must be from 1300 to 1500 (Solar Hijri) or from 1900 to 2100", v.Year)
	}
	for _, published := range []struct {
		field, text string
		most        int
	}{{"color", v.Color, maxColor}, {"brand_model", v.BrandModel, maxBrandModel}} {
		if n := utf8.RuneCountInString(published.text); n > published.most {
			f.fault(at, published.field, "%d characters, at most %d allowed; it is published as it is, so it is not shortened", n, published.most)
		}
	}
}

// identifiers are those that are given.
func (v *Vehicle) identifiers(at string) []identifier {
	if v == nil {
		return nil
	}
	return given([]identifier{
		{"VIN", at, "vin", v.VIN},
		{"chassis_number", at, "chassis_number", v.ChassisNumber},
		{"engine_number", at, "engine_number", v.EngineNumber},
	})
}

func (v *Vehicle) isShown() bool {
	return v != nil && (v.Color != "" || v.Year != 0 || v.BrandModel != "")
}

// rows adds the public facts, each in a row of its own: a semantic path cannot
// lead into the items of a group. The row's text is exactly what is published,
// so no direction marks are added to it.
func (v *Vehicle) rows(b *builder) {
	if v == nil {
		return
	}
	b.publish("brand_model", "برند و مدل", v.BrandModel)
	if v.Year != 0 {
		b.publish("year", "سال ساخت", v.Year.String())
	}
	b.publish("color", "رنگ", v.Color)
}

// publish adds a row with a text that is published under a key.
func (b *builder) publish(key, title, text string) {
	if text == "" {
		return
	}
	text = persian.Digits(text)
	w := widgets.Widget{
		Row:           widgets.ScoreRow{Title: title, DescriptiveScore: text, HasDivider: true},
		SemanticPaths: map[string]string{key: "descriptive_score"},
	}
	if utf8.RuneCountInString(text) > scoreText {
		w.Row = widgets.SubtitleRow{Text: text, HasDivider: true}
		w.SemanticPaths[key] = "text"
	}
	b.list = append(b.list, w)
}
