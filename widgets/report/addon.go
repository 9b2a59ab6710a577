package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// An AddOn is what becomes of a report.
type AddOn struct {
	// Widgets are valid for a widgets.Decoder with ImageSources: the images
	// are yet to be uploaded.
	Widgets widgets.List
	// Semantic is the semantic data of the request. The values of VIN,
	// chassis_number, engine_number, real_estate_id and old_real_estate_id
	// ("document|page") are as in the report: hash them before they leave the
	// process.
	Semantic map[string]string
}

const isMissing = "is missing"

// Limits of the fields that the rows use, in characters (Kenar docs, the page
// of each widget).
const (
	titleText    = 49
	subtitleText = 200
	plainText    = 200 // of a description that is not expandable
	scoreTitle   = 25
	scoreText    = 17
	groupTitle   = 50
	groupValue   = 100
)

// Limits of ours, in characters, where Kenar has none or one for the whole.
const (
	maxSummary = 4000
	maxPerson  = 100
)

// A builder makes the rows of an add-on.
type builder struct {
	*findings
	list widgets.List
}

func (b *builder) add(row widgets.Row) { b.list = append(b.list, widgets.Widget{Row: row}) }

// fit is the text of a field as it is shown, within a limit.
func (b *builder) fit(at, field, s string, limit int) string {
	text, cut := persian.Fit(s, limit)
	if cut {
		b.shortened(join(at, field), utf8.RuneCountInString(persian.Text(s)), limit)
	}
	return text
}

// heading adds the title, and a line that says who and when.
func (b *builder) heading(title, by, day string) {
	b.add(widgets.TitleRow{Text: title, HasDivider: true})
	line := day
	if by != "" {
		line = "کارشناس: " + by
		if day != "" {
			line += "، " + day
		}
	}
	if line != "" {
		b.add(widgets.SubtitleRow{Text: persian.Text(line)})
	}
}

// describe adds running text.
func (b *builder) describe(text string) {
	b.add(widgets.DescriptionRow{
		Text:       text,
		HasDivider: true,
		Expandable: utf8.RuneCountInString(text) > plainText,
	})
}

// button adds the way to the whole report.
func (b *builder) button(link string) {
	if link != "" {
		b.add(widgets.ButtonBar{Title: "مشاهدهٔ گزارش کامل", Action: widgets.OpenDirectLink(link)})
	}
}

// A visitor is shown the texts and the links of a report, each with the path
// of its object and the name of its field.
type visitor interface {
	text(at, field string, p *string)
	link(at, field string, p *string)
}

// folder is the visitor that cleans texts. All but a summary have one line.
type folder struct{}

func (folder) text(_, field string, p *string) {
	*p = persian.Fold(*p)
	if field != "summary" && strings.Contains(*p, "\n") {
		*p = strings.Join(strings.Fields(*p), " ")
	}
}

func (folder) link(string, string, *string) {}

// given are the identifiers that have a value.
func given(ids []identifier) []identifier {
	return slices.DeleteFunc(ids, func(id identifier) bool { return id.value == "" })
}

// semantic is the semantic data of some identifiers, or nil.
func semantic(ids []identifier) map[string]string {
	if len(ids) == 0 {
		return nil
	}
	s := make(map[string]string, len(ids)+1)
	for _, id := range ids {
		s[id.key] = id.value
	}
	return s
}
