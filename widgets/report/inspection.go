package report

import (
	"slices"
	"time"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// An Inspection is what an inspection of a vehicle or a property found. Every
// field is optional, but something must be there to show.
type Inspection struct {
	Title       string    `json:"title,omitempty" jsonschema:"The heading; without one there is a default. More than 49 characters are shortened."`
	Inspector   string    `json:"inspector,omitempty" jsonschema:"Who inspected: a person or a company; more than 100 characters are shortened."`
	InspectedAt time.Time `json:"inspected_at,omitzero" jsonschema:"When: an RFC 3339 time, or a date alone. Gregorian; shown as a Solar Hijri date of Iran."`
	Overall     *Overall  `json:"overall,omitempty" jsonschema:"The result as a whole: a score or a grade."`
	Verdict     Verdict   `json:"verdict,omitempty" jsonschema:"What the inspection came to. Only approved is told as the semantic inspection_result."`
	Sections    []Section `json:"sections,omitempty" jsonschema:"The parts that were inspected, a row for each."`
	Facts       []Fact    `json:"facts,omitempty" jsonschema:"What else there is to know, in rows of two or three."`
	Summary     string    `json:"summary,omitempty" jsonschema:"The result as a text, lines allowed; expandable when it has more than 200 characters, shortened to 4000."`
	Images      []Image   `json:"images,omitempty" jsonschema:"Pictures to swipe through."`
	ReportURL   string    `json:"report_url,omitempty" jsonschema:"Where the whole report is: an http or https URL of at most 2048 characters."`
	Vehicle     *Vehicle  `json:"vehicle,omitempty" jsonschema:"The vehicle. Either vehicle or property."`
	Property    *Property `json:"property,omitempty" jsonschema:"The property. Either vehicle or property."`
}

const inspection = "inspection"

// DecodeInspection reads an inspection, a JSON object, and checks it by every
// rule that AddOn depends on. The error is widgets.Faults, all that was found,
// with paths from "inspection". Texts come out as by persian.Fold.
func DecodeInspection(data []byte) (Inspection, error) {
	f := &findings{}
	var in Inspection
	readObject(f, inspection, data, in.read)
	in = in.folded()
	in.check(f)
	if err := f.err(inspection); err != nil {
		return Inspection{}, err
	}
	return in, nil
}

func (in *Inspection) read(from *object) {
	in.Title = from.text("title")
	in.Inspector = from.text("inspector")
	in.InspectedAt = from.day("inspected_at")
	in.Overall = readOptional(from, "overall", (*Overall).read)
	in.Verdict = Verdict(from.text("verdict"))
	in.Sections = readList(from, "sections", maxSections, (*Section).read)
	in.Facts = readList(from, "facts", maxFacts, (*Fact).read)
	in.Summary = from.text("summary")
	in.Images = readList(from, "images", maxImages, (*Image).read)
	in.ReportURL = from.text("report_url")
	in.Vehicle = readOptional(from, "vehicle", (*Vehicle).read)
	in.Property = readOptional(from, "property", (*Property).read)
}

// folded is a copy with clean texts. It shares nothing that it changes.
func (in Inspection) folded() Inspection {
	in.Sections = slices.Clone(in.Sections)
	in.Facts = slices.Clone(in.Facts)
	in.Images = slices.Clone(in.Images)
	if in.Overall != nil {
		in.Overall = new(*in.Overall)
	}
	if in.Vehicle != nil {
		in.Vehicle = new(*in.Vehicle)
	}
	in.visit(folder{})
	return in
}

func (in *Inspection) visit(v visitor) {
	v.text(inspection, "title", &in.Title)
	v.text(inspection, "inspector", &in.Inspector)
	if in.Overall != nil {
		v.text(inspection+".overall", "grade", &in.Overall.Grade)
	}
	for i := range in.Sections {
		in.Sections[i].visit(item(inspection+".sections", i), v)
	}
	for i := range in.Facts {
		in.Facts[i].visit(item(inspection+".facts", i), v)
	}
	v.text(inspection, "summary", &in.Summary)
	for i := range in.Images {
		in.Images[i].visit(item(inspection+".images", i), v)
	}
	v.link(inspection, "report_url", &in.ReportURL)
	if in.Vehicle != nil {
		in.Vehicle.visit(inspection+".vehicle", v)
	}
}

// check holds a folded inspection against the rules.
func (in *Inspection) check(f *findings) {
	checkDay(f, inspection, "inspected_at", in.InspectedAt)
	if in.Overall != nil {
		checkScore(f, inspection+".overall", in.Overall.Score, in.Overall.Grade)
	}
	if in.Verdict != "" && !slices.Contains(verdicts, string(in.Verdict)) {
		f.fault(inspection, "verdict", "%s", oneOf(string(in.Verdict), verdicts))
	}
	checkLength(f, inspection, "sections", len(in.Sections), maxSections)
	for i := range in.Sections {
		in.Sections[i].check(f, item(inspection+".sections", i))
	}
	checkAttachments(f, inspection, in.Facts, in.Images, in.ReportURL)
	checkSubject(f, inspection, in.Vehicle, in.Property)
	checkLeaks(f, in.identifiers(), in.visit)
	if !in.isShown() {
		f.fault(inspection, "", "has nothing to show; give an overall result, a verdict, sections, facts, a summary, images or a report_url")
	}
}

func (in *Inspection) identifiers() []identifier {
	return append(in.Vehicle.identifiers(inspection+".vehicle"), in.Property.identifiers(inspection+".property")...)
}

// isShown reports whether there is more to show than a heading.
func (in *Inspection) isShown() bool {
	return in.Overall != nil && (in.Overall.Score != nil || in.Overall.Grade != "") || in.Verdict != "" ||
		len(in.Sections)+len(in.Facts)+len(in.Images) > 0 || in.Summary != "" || in.ReportURL != "" ||
		in.Vehicle.isShown()
}

// AddOn builds the add-on of an inspection: the heading, what it came to,
// what is known of the vehicle, a row for each section, the facts, the notes
// of the sections, the summary, the pictures and the way to the report.
//
// An inspection that was built in Go is checked as one that is decoded. The
// error is widgets.Faults; it and the warnings have paths from "inspection".
func (in Inspection) AddOn() (AddOn, []widgets.Warning, error) {
	f := &findings{}
	in = in.folded()
	if in.check(f); len(f.faults) > 0 {
		return AddOn{}, nil, f.err(inspection)
	}
	b := &builder{findings: f}
	title := "گزارش کارشناسی"
	switch {
	case in.Title != "":
		title = b.fit(inspection, "title", in.Title, titleText)
	case in.Property != nil:
		title = "گزارش کارشناسی ملک"
	}
	b.heading(title, b.fit(inspection, "inspector", in.Inspector, maxPerson), persian.Date(in.InspectedAt))
	if in.Verdict != "" {
		b.add(in.Verdict.row())
	}
	in.overall(b)
	in.Vehicle.rows(b)
	for i := range in.Sections {
		in.Sections[i].row(b, item(inspection+".sections", i))
	}
	facts(b, inspection+".facts", nil, in.Facts)
	notes(b, inspection+".sections", in.Sections)
	if in.Summary != "" {
		b.describe(b.fit(inspection, "summary", in.Summary, maxSummary))
	}
	images(b, inspection+".images", in.Images)
	b.button(in.ReportURL)

	s := semantic(in.identifiers())
	if in.Verdict == Approved {
		if s == nil {
			s = make(map[string]string, 1)
		}
		s["inspection_result"] = "INSPECTION_APPROVED"
	}
	return AddOn{Widgets: b.list, Semantic: s}, b.warnings, nil
}

func (in *Inspection) overall(b *builder) {
	row := widgets.ScoreRow{Title: "امتیاز کلی", HasDivider: true}
	switch o := in.Overall; {
	case o == nil:
		return
	case o.Score != nil:
		row.PercentageScore, row.ScoreColor = o.Score, scoreColor(*o.Score)
	case o.Grade != "":
		row.DescriptiveScore = b.fit(inspection+".overall", "grade", o.Grade, scoreText)
		row.ScoreColor = in.Verdict.color()
	default:
		return
	}
	b.add(row)
}
