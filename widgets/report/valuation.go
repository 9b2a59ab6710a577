package report

import (
	"slices"
	"time"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// A Valuation is what a vehicle or a property is worth on the market.
// Currency, Low, Fair and High are required.
type Valuation struct {
	Title       string     `json:"title,omitempty" jsonschema:"The heading; without one there is a default. More than 49 characters are shortened."`
	Valuer      string     `json:"valuer,omitempty" jsonschema:"Who valued: a person or a company; more than 100 characters are shortened."`
	ValuedAt    time.Time  `json:"valued_at,omitzero" jsonschema:"When: an RFC 3339 time, or a date alone. Gregorian; shown as a Solar Hijri date of Iran."`
	Currency    Currency   `json:"currency" jsonschema:"The unit of all prices: IRR (rials) or IRT (tomans, ten rials each)."`
	Low         Price      `json:"low" jsonschema:"The low end of the market, not above fair."`
	Fair        Price      `json:"fair" jsonschema:"The fair price."`
	High        Price      `json:"high" jsonschema:"The high end of the market, not below fair."`
	Asking      Price      `json:"asking,omitempty" jsonschema:"The price that the ad asks. Without it the indicator stands at the fair price."`
	Comparables int        `json:"comparables,omitempty" jsonschema:"How many ads the valuation rests on; 0 is not shown."`
	Confidence  Confidence `json:"confidence,omitzero" jsonschema:"How sure the valuation is: from 0 to 100, or in words."`
	Facts       []Fact     `json:"facts,omitempty" jsonschema:"What else there is to know, in rows of two or three."`
	Images      []Image    `json:"images,omitempty" jsonschema:"Pictures to swipe through."`
	ReportURL   string     `json:"report_url,omitempty" jsonschema:"Where the whole report is: an http or https URL of at most 2048 characters."`
	Vehicle     *Vehicle   `json:"vehicle,omitempty" jsonschema:"The vehicle. Either vehicle or property."`
	Property    *Property  `json:"property,omitempty" jsonschema:"The property. Either vehicle or property."`
}

const (
	valuation      = "valuation"
	maxComparables = 1_000_000
)

// DecodeValuation reads a valuation, a JSON object, and checks it by every
// rule that AddOn depends on. The error is widgets.Faults, all that was found,
// with paths from "valuation". Texts come out as by persian.Fold.
func DecodeValuation(data []byte) (Valuation, error) {
	f := &findings{}
	var v Valuation
	readObject(f, valuation, data, v.read)
	v = v.folded()
	v.check(f)
	if err := f.err(valuation); err != nil {
		return Valuation{}, err
	}
	return v, nil
}

func (v *Valuation) read(from *object) {
	v.Title = from.text("title")
	v.Valuer = from.text("valuer")
	v.ValuedAt = from.day("valued_at")
	v.Currency = Currency(from.text("currency"))
	v.Low = readPrice(from, "low")
	v.Fair = readPrice(from, "fair")
	v.High = readPrice(from, "high")
	v.Asking = readPrice(from, "asking")
	if n := from.whole("comparables"); n != nil {
		v.Comparables = *n
	}
	v.Confidence = readConfidence(from, "confidence")
	v.Facts = readList(from, "facts", maxFacts, (*Fact).read)
	v.Images = readList(from, "images", maxImages, (*Image).read)
	v.ReportURL = from.text("report_url")
	v.Vehicle = readOptional(from, "vehicle", (*Vehicle).read)
	v.Property = readOptional(from, "property", (*Property).read)
}

// folded is a copy with clean texts. It shares nothing that it changes.
func (v Valuation) folded() Valuation {
	v.Facts = slices.Clone(v.Facts)
	v.Images = slices.Clone(v.Images)
	if v.Vehicle != nil {
		v.Vehicle = new(*v.Vehicle)
	}
	v.visit(folder{})
	return v
}

func (v *Valuation) visit(to visitor) {
	to.text(valuation, "title", &v.Title)
	to.text(valuation, "valuer", &v.Valuer)
	for i := range v.Facts {
		v.Facts[i].visit(item(valuation+".facts", i), to)
	}
	for i := range v.Images {
		v.Images[i].visit(item(valuation+".images", i), to)
	}
	to.link(valuation, "report_url", &v.ReportURL)
	if v.Vehicle != nil {
		v.Vehicle.visit(valuation+".vehicle", to)
	}
}

// check holds a folded valuation against the rules.
func (v *Valuation) check(f *findings) {
	checkDay(f, valuation, "valued_at", v.ValuedAt)
	v.prices(f)
	if v.Comparables < 0 || v.Comparables > maxComparables {
		f.fault(valuation, "comparables", "is %d, must be from 0 to %d", v.Comparables, maxComparables)
	}
	v.Confidence.check(f, valuation, "confidence")
	checkAttachments(f, valuation, v.Facts, v.Images, v.ReportURL)
	checkSubject(f, valuation, v.Vehicle, v.Property)
	checkLeaks(f, v.identifiers(), v.visit)
}

func (v *Valuation) identifiers() []identifier {
	return append(v.Vehicle.identifiers(valuation+".vehicle"), v.Property.identifiers(valuation+".property")...)
}

// AddOn builds the add-on of a valuation: the heading, a bar from cheap to
// expensive with the asking price on it, or the fair price when none is asked,
// the three prices, what is known of the vehicle, the facts, the pictures and
// the way to the report.
//
// A valuation that was built in Go is checked as one that is decoded. The
// error is widgets.Faults; it and the warnings have paths from "valuation".
func (v Valuation) AddOn() (AddOn, []widgets.Warning, error) {
	f := &findings{}
	v = v.folded()
	if v.check(f); len(f.faults) > 0 {
		return AddOn{}, nil, f.err(valuation)
	}
	b := &builder{findings: f}
	title := "قیمت کارشناسی"
	if v.Title != "" {
		title = b.fit(valuation, "title", v.Title, titleText)
	}
	b.heading(title, b.fit(valuation, "valuer", v.Valuer, maxPerson), persian.Date(v.ValuedAt))
	b.add(v.bar())
	b.add(widgets.GroupInfoRow{
		Items: []widgets.GroupInfoItem{
			{Title: "کف بازار", Value: v.Low.show(v.Currency)},
			{Title: "قیمت منصفانه", Value: v.Fair.show(v.Currency)},
			{Title: "سقف بازار", Value: v.High.show(v.Currency)},
		},
		HasDivider: true,
	})
	v.Vehicle.rows(b)
	facts(b, valuation+".facts", v.basis(), v.Facts)
	images(b, valuation+".images", v.Images)
	b.button(v.ReportURL)
	return AddOn{Widgets: b.list, Semantic: semantic(v.identifiers())}, b.warnings, nil
}

// bar is the row with the indicator.
func (v *Valuation) bar() widgets.EvaluationRow {
	shown := v.Fair
	if v.Asking != 0 {
		shown = v.Asking
	}
	return widgets.EvaluationRow{
		Left:                widgets.EvaluationSection{Text: "ارزان", SectionColor: widgets.SuccessSecondary},
		Middle:              widgets.EvaluationSection{Text: "منصفانه", SectionColor: widgets.SuccessPrimary},
		Right:               widgets.EvaluationSection{Text: "گران", SectionColor: widgets.WarningPrimary},
		IndicatorText:       shown.show(v.Currency),
		IndicatorPercentage: v.position(shown),
		IconName:            "MONEY",
	}
}

// basis is what the valuation rests on, as facts.
func (v *Valuation) basis() []widgets.GroupInfoItem {
	var items []widgets.GroupInfoItem
	if v.Comparables > 0 {
		items = append(items, widgets.GroupInfoItem{Title: "آگهی\u200cهای مشابه", Value: persian.Number(int64(v.Comparables)) + " آگهی"})
	}
	if text := v.Confidence.text(); text != "" {
		items = append(items, widgets.GroupInfoItem{Title: "اطمینان برآورد", Value: text})
	}
	return items
}
