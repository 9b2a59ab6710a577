package report

import (
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// A Section is one part of an inspection, such as the engine.
type Section struct {
	Title  string `json:"title" jsonschema:"What was inspected; more than 25 characters are shortened."`
	Score  *int   `json:"score,omitempty" jsonschema:"From 0 (worst) to 100 (best). Either score or grade."`
	Grade  string `json:"grade,omitempty" jsonschema:"The result in words; more than 17 characters are shortened."`
	Status Status `json:"status,omitempty" jsonschema:"The state of the part. Gives the row its colour, before the score does."`
	Note   string `json:"note,omitempty" jsonschema:"A remark on the section, shown with the others below the facts; more than 300 characters are shortened."`
}

// maxSections, maxFacts and maxImages are ours; Kenar documents none. With
// them an add-on keeps within widgets.DefaultMaxWidgets: thirty rows of
// sections, ten of facts, and at most ten others.
const (
	maxSections = 30
	maxFacts    = 27
	maxImages   = 20
)

const maxNote = 300 // characters; ours

func (s *Section) read(from *object) {
	s.Title = from.text("title")
	s.Score = from.whole("score")
	s.Grade = from.text("grade")
	s.Status = Status(from.text("status"))
	s.Note = from.text("note")
}

func (s *Section) visit(at string, v visitor) {
	v.text(at, "title", &s.Title)
	v.text(at, "grade", &s.Grade)
	v.text(at, "note", &s.Note)
}

func (s *Section) check(f *findings, at string) {
	if s.Title == "" {
		f.fault(at, "title", isMissing)
	}
	checkScore(f, at, s.Score, s.Grade)
	if s.Status != "" && !slices.Contains(statuses, string(s.Status)) {
		f.fault(at, "status", "%s", oneOf(string(s.Status), statuses))
	}
	if !s.hasRow() && s.Note == "" {
		f.fault(at, "", "has nothing but a title; give a score, a grade, a status or a note")
	}
}

func (s *Section) hasRow() bool { return s.Score != nil || s.Grade != "" || s.Status != "" }

// row adds the section as a row. A section that is only a note has none.
func (s *Section) row(b *builder, at string) {
	row := widgets.ScoreRow{ScoreColor: s.Status.color(), HasDivider: true}
	switch {
	case s.Score != nil:
		row.PercentageScore = s.Score
		if s.Status == "" {
			row.ScoreColor = scoreColor(*s.Score)
		}
	case s.Grade != "":
		row.DescriptiveScore = b.fit(at, "grade", s.Grade, scoreText)
	case s.Status != "":
		row.DescriptiveScore = s.Status.text()
	default:
		return
	}
	row.Title = b.fit(at, "title", s.Title, scoreTitle)
	b.add(row)
}

// notes adds the notes of all sections as one text, a line for each.
func notes(b *builder, at string, sections []Section) {
	var lines []string
	for i := range sections {
		s := &sections[i]
		if s.Note == "" {
			continue
		}
		title, _ := persian.Fit(s.Title, scoreTitle) // its row tells when it was shortened
		if !s.hasRow() {
			title = b.fit(item(at, i), "title", s.Title, scoreTitle)
		}
		lines = append(lines, persian.Text(title+": "+b.fit(item(at, i), "note", s.Note, maxNote)))
	}
	if len(lines) > 0 {
		b.describe(strings.Join(lines, "\n"))
	}
}
