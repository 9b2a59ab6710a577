package report

import "github.com/kenar-addons/kenar-addons/widgets"

// maxScore is the best score; the worst is 0.
const maxScore = 100

// scoreColor is the colour of a score: from 80 on the dark green, from 60 on
// the light one, from 40 on yellow, below that red.
func scoreColor(score int) widgets.Color {
	switch {
	case score >= 80:
		return widgets.SuccessPrimary
	case score >= 60:
		return widgets.SuccessSecondary
	case score >= 40:
		return widgets.WarningPrimary
	}
	return widgets.ErrorPrimary
}

// Overall is the result of a whole inspection: a score or a grade.
type Overall struct {
	Score *int   `json:"score,omitempty" jsonschema:"From 0 (worst) to 100 (best). Either score or grade."`
	Grade string `json:"grade,omitempty" jsonschema:"The result in words, at most 17 characters; a longer text is shortened."`
}

func (o *Overall) read(from *object) {
	o.Score = from.whole("score")
	o.Grade = from.text("grade")
}

func checkScore(f *findings, at string, score *int, grade string) {
	if score != nil && (*score < 0 || *score > maxScore) {
		f.fault(at, "score", "is %d, must be from 0 to %d", *score, maxScore)
	}
	if score != nil && grade != "" {
		f.fault(at, "grade", "is given beside score; remove one of the two")
	}
}

// A Verdict is what an inspection came to.
type Verdict string

// The verdicts of an inspection.
const (
	Approved    Verdict = "approved"
	Conditional Verdict = "conditional"
	Rejected    Verdict = "rejected"
)

var verdicts = []string{string(Approved), string(Conditional), string(Rejected)}

// row is the verdict as it is shown.
func (v Verdict) row() widgets.ScoreRow {
	row := widgets.ScoreRow{Title: "نتیجهٔ کارشناسی", HasDivider: true}
	switch v {
	case Approved:
		row.DescriptiveScore, row.ScoreColor, row.IconName = "تأیید شده", widgets.SuccessPrimary, "VERIFIED"
	case Conditional:
		row.DescriptiveScore, row.ScoreColor, row.IconName = "تأیید مشروط", widgets.WarningPrimary, "WARNING"
	case Rejected:
		row.DescriptiveScore, row.ScoreColor, row.IconName = "رد شده", widgets.ErrorPrimary, "CLOSE_CIRCLE"
	}
	return row
}

// color is the colour of an overall grade: words have no threshold, so it is
// that of the verdict, and none without one.
func (v Verdict) color() widgets.Color { return v.row().ScoreColor }

// A Status is the state of the part of a vehicle or property that a section
// of an inspection is about.
type Status string

// The states of a part.
const (
	StatusOK        Status = "ok"
	StatusAttention Status = "attention"
	StatusFault     Status = "fault"
)

var statuses = []string{string(StatusOK), string(StatusAttention), string(StatusFault)}

// text and color are the status as it is shown.
func (s Status) text() string {
	switch s {
	case StatusOK:
		return "سالم"
	case StatusAttention:
		return "نیازمند توجه"
	case StatusFault:
		return "معیوب"
	}
	return ""
}

func (s Status) color() widgets.Color {
	switch s {
	case StatusOK:
		return widgets.SuccessPrimary
	case StatusAttention:
		return widgets.WarningPrimary
	case StatusFault:
		return widgets.ErrorPrimary
	}
	return ""
}
