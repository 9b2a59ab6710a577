package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// Confidence is how sure a valuation is: in percent or in words, at most one
// of the two. Its zero value says nothing.
type Confidence struct {
	Percent *int
	Level   Level
}

// A Level is a confidence in words.
type Level string

// The levels of confidence.
const (
	LowConfidence    Level = "low"
	MediumConfidence Level = "medium"
	HighConfidence   Level = "high"
)

var levels = []string{string(LowConfidence), string(MediumConfidence), string(HighConfidence)}

func readConfidence(from *object, name string) Confidence {
	n := from.find(name)
	switch {
	case n == nil:
		return Confidence{}
	case n.Kind == strictjson.Number:
		return Confidence{Percent: from.whole(name)}
	case n.Kind == strictjson.String:
		return Confidence{Level: Level(n.Text)}
	}
	from.fault(from.at, name, "is %s, must be a number from 0 to 100, or one of %s", n.Kind, strings.Join(levels, ", "))
	return Confidence{}
}

func (c Confidence) check(f *findings, at, field string) {
	switch {
	case c.Percent != nil && c.Level != "":
		f.fault(at, field, "is given in percent and in words; give one of the two")
	case c.Percent != nil && (*c.Percent < 0 || *c.Percent > 100):
		f.fault(at, field, "is %d, must be from 0 to 100", *c.Percent)
	case c.Level != "" && !slices.Contains(levels, string(c.Level)):
		f.fault(at, field, "%s, and no number from 0 to 100", oneOf(string(c.Level), levels))
	}
}

// text is the confidence as it is shown.
func (c Confidence) text() string {
	switch c.Level {
	case LowConfidence:
		return "کم"
	case MediumConfidence:
		return "متوسط"
	case HighConfidence:
		return "زیاد"
	}
	if c.Percent != nil {
		return persian.Digits(strconv.Itoa(*c.Percent) + "%")
	}
	return ""
}
