package report

import (
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// A Fact is a title and a value, such as the mileage of a car.
type Fact struct {
	Title string `json:"title" jsonschema:"What the value is of; more than 50 characters are shortened."`
	Value string `json:"value" jsonschema:"The value as a text; more than 100 characters are shortened."`
}

func (x *Fact) read(from *object) {
	x.Title = from.text("title")
	x.Value = from.text("value")
}

func (x *Fact) visit(at string, v visitor) {
	v.text(at, "title", &x.Title)
	v.text(at, "value", &x.Value)
}

func (x *Fact) check(f *findings, at string) {
	if x.Title == "" {
		f.fault(at, "title", isMissing)
	}
	if x.Value == "" {
		f.fault(at, "value", isMissing)
	}
}

// facts adds facts in rows of three and two. It leaves none alone: four are
// two and two, seven are three and two and two. A fact that is the only one
// becomes another row, since a group needs two.
func facts(b *builder, at string, own []widgets.GroupInfoItem, given []Fact) {
	if len(own) == 0 && len(given) == 1 {
		given[0].row(b, item(at, 0))
		return
	}
	items := own
	for i := range given {
		at := item(at, i)
		items = append(items, widgets.GroupInfoItem{
			Title: b.fit(at, "title", given[i].Title, groupTitle),
			Value: b.fit(at, "value", given[i].Value, groupValue),
		})
	}
	if len(items) == 1 {
		b.pair(items[0].Title, items[0].Value)
		return
	}
	for n := len(items); n > 0; n = len(items) {
		take := 3
		if n == 2 || n == 4 {
			take = 2
		}
		b.add(widgets.GroupInfoRow{Items: items[:take:take], HasDivider: true})
		items = items[take:]
	}
}

// row adds the fact as a row of its own.
func (x *Fact) row(b *builder, at string) {
	title, cut := persian.Fit(x.Title, scoreTitle)
	value, alsoCut := persian.Fit(x.Value, scoreText)
	if cut || alsoCut {
		title = b.fit(at, "title", x.Title, groupTitle)
		value = b.fit(at, "value", x.Value, groupValue)
	}
	b.pair(title, value)
}

// pair adds a title and a value that stand alone: as a grade in words where
// they fit, else as a line.
func (b *builder) pair(title, value string) {
	if utf8.RuneCountInString(title) <= scoreTitle && utf8.RuneCountInString(value) <= scoreText {
		b.add(widgets.ScoreRow{Title: title, DescriptiveScore: value, HasDivider: true})
		return
	}
	b.add(widgets.SubtitleRow{Text: persian.Text(title + ": " + value), HasDivider: true})
}
