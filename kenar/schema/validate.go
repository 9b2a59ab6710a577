package schema

import (
	"cmp"
	"errors"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

const (
	// maxFields bounds the category_fields of a post, in bytes.
	maxFields = 64 << 10
	// maxFaults bounds what is reported: people fix a handful at a time, and
	// faults travel in messages of limited size.
	maxFaults = 100

	// maxTitle is how many characters of a field's title a fault shows.
	maxTitle = 60

	// place is where the fields stand in the body of a submission.
	place = "category_fields"
)

// Validate holds the category_fields of a post, a JSON object, against the
// schema. Every fault is in the error, which is then a widgets.Faults: those of
// listed fields in the order of the schema, then those of unlisted ones. A place
// has one fault at most. After a hundred, a last one tells how many more there
// are.
//
// Numbers are compared by value: 100, 100.0 and 1e2 are the same integer.
func (s *Schema) Validate(fields []byte) error {
	doc, err := parse(fields, maxFields)
	if err != nil {
		return widgets.Faults{{Path: place, Message: err.Error()}}
	}
	j := &judgement{schema: s, doc: doc, speller: new(speller)}
	j.ownRules()
	if invalid := (*jsonschema.ValidationError)(nil); errors.As(s.compiled.Validate(decoded(doc)), &invalid) {
		j.translate(invalid)
	}
	return j.faults()
}

// A judgement collects what is wrong with one document.
type judgement struct {
	schema  *Schema
	doc     *strictjson.Node
	speller *speller
	found   []finding
}

// A finding is told only when it is reported: the search for what was meant
// costs more than all the rest, and a document may have thousands of faults.
type finding struct {
	location []string
	tell     func() string
}

func (j *judgement) add(location []string, message string) {
	j.found = append(j.found, finding{location, func() string { return message }})
}

func (j *judgement) addLater(location []string, tell func() string) {
	j.found = append(j.found, finding{location, tell})
}

// ownRules applies what the schema does not say. Numbers that cannot be
// computed with are null afterwards; at a place that has its fault it does not
// matter what else is found there.
func (j *judgement) ownRules() {
	walk(j.doc, nil, func(location []string, n *strictjson.Node) {
		seen := make(map[string]bool, len(n.Members))
		for _, m := range n.Members {
			if seen[m.Name] {
				j.add(inside(location, m.Name), "is given twice in one object; remove one of the two")
			}
			seen[m.Name] = true
		}
		switch {
		case n.Kind == strictjson.String && isPlaceholder(n.Text):
			advice := "put the value in its place, or remove the field"
			if f := j.field(location); f != nil && f.Required {
				advice = "put the value in its place: " + f.wanted()
			}
			j.add(location, "is still the placeholder of the skeleton; "+advice)
		case n.Kind == strictjson.Number && !bearable(n.Text):
			j.add(location, "is "+show(decoded(n))+", a number of more digits or a larger exponent than any field takes; write it shorter")
			*n = strictjson.Node{}
		}
	})
	if j.schema.open {
		return
	}
	for i := range j.doc.Members {
		if name := j.doc.Members[i].Name; !j.schema.known[name] {
			j.addLater([]string{name}, func() string { return j.unlisted(name) })
		}
	}
}

// field is the listed field that a location is in, or nil.
func (j *judgement) field(location []string) *Field {
	if len(location) == 0 {
		return nil
	}
	if i, ok := j.schema.index[location[0]]; ok {
		return &j.schema.fields[i]
	}
	return nil
}

// faults puts the findings in order.
func (j *judgement) faults() error {
	// The library goes through objects in random order.
	slices.SortStableFunc(j.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(j.rank(a.location), j.rank(b.location)), compareLocations(a.location, b.location))
	})
	j.found = slices.CompactFunc(j.found, func(a, b finding) bool { return slices.Equal(a.location, b.location) })
	var faults widgets.Faults
	for i, f := range j.found {
		if i == maxFaults {
			faults.Add(place, "%d more faults are not listed; fix these first", len(j.found)-maxFaults)
			break
		}
		message := f.tell()
		if field := j.field(f.location); field != nil && field.Title != "" {
			title, _ := persian.Shorten(field.Title, maxTitle)
			message = "«" + title + "» " + message
		}
		faults = append(faults, widgets.Fault{Path: path(place, j.doc, f.location), Message: message})
	}
	return faults.Err()
}

// rank is the place of a location's field among all: the document itself comes
// first, unlisted fields come last.
func (j *judgement) rank(location []string) int {
	if len(location) == 0 {
		return -1
	}
	if i, ok := j.schema.index[location[0]]; ok {
		return i
	}
	return len(j.schema.fields)
}

// compareLocations puts outer before inner and low indices before high ones.
func compareLocations(a, b []string) int {
	return slices.CompareFunc(a, b, func(a, b string) int {
		if isIndex(a) && isIndex(b) {
			return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	})
}

func isIndex(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
