package report

import (
	"time"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// What inspections and valuations have in common is checked here.

// checkDay refuses days that nobody means, most of all those of a date that is
// not Gregorian.
func checkDay(f *findings, at, field string, t time.Time) {
	if t.IsZero() {
		return
	}
	if y := t.In(persian.Iran()).Year(); y < 2000 || y > 2100 {
		f.fault(at, field, "is in the year %d, must be from 2000 to 2100; give the Gregorian date", y)
	}
}

func checkLength(f *findings, at, field string, n, most int) {
	if n > most {
		f.fault(at, field, tooMany, n, most)
	}
}

func checkAttachments(f *findings, at string, facts []Fact, images []Image, reportURL string) {
	checkLength(f, at, "facts", len(facts), maxFacts)
	for i := range facts {
		facts[i].check(f, item(join(at, "facts"), i))
	}
	checkLength(f, at, "images", len(images), maxImages)
	for i := range images {
		images[i].check(f, item(join(at, "images"), i))
	}
	if reportURL != "" {
		checkLink(f, at, "report_url", reportURL)
	}
}

func checkSubject(f *findings, at string, v *Vehicle, p *Property) {
	if v != nil {
		v.check(f, join(at, "vehicle"))
	}
	if p != nil {
		p.check(f, join(at, "property"))
	}
	if v != nil && p != nil {
		f.fault(at, "property", "is given beside vehicle; a report is about one of the two")
	}
}
