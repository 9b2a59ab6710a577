package report

import (
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A Property is what a report is about. Its identifiers are not shown, and are
// sent hashed only; each may be given as its SHA-256 in hexadecimal.
type Property struct {
	RealEstateID    string          `json:"real_estate_id,omitempty" jsonschema:"The unique id of the deed, or its SHA-256. Never shown, sent hashed."`
	OldRealEstateID OldRealEstateID `json:"old_real_estate_id,omitempty" jsonschema:"Document and page number of an old deed, as an object or with | between them, or the SHA-256 of the latter. Never shown, sent hashed."`
}

// OldRealEstateID is the document number and the page number of a deed from
// before there were unique ids, with "|" between them; or the SHA-256 of that.
type OldRealEstateID string

const oldRealEstateID = "old_real_estate_id"

func (p *Property) read(from *object) {
	p.RealEstateID = strings.TrimSpace(from.textOrNumber("real_estate_id"))
	n := from.find(oldRealEstateID)
	switch {
	case n == nil:
	case n.Kind == strictjson.String:
		p.OldRealEstateID = OldRealEstateID(strings.TrimSpace(n.Text))
	case n.Kind == strictjson.Object:
		read(from.findings, join(from.at, oldRealEstateID), n, p.OldRealEstateID.read)
	default:
		from.fault(from.at, oldRealEstateID, "is %s, must be an object or a string", n.Kind)
	}
}

func (id *OldRealEstateID) read(from *object) {
	var parts [2]string
	for i, name := range [...]string{"document_number", "page_number"} {
		parts[i] = strings.TrimSpace(from.textOrNumber(name))
		switch {
		case parts[i] == "":
			from.fault(from.at, name, isMissing)
		case strings.Contains(parts[i], "|"):
			from.fault(from.at, name, "has a | in it, which stands between the two numbers; give each number alone")
		}
	}
	*id = OldRealEstateID(parts[0] + "|" + parts[1])
}

func (p *Property) check(f *findings, at string) {
	for _, id := range p.identifiers(at) {
		id.check(f)
	}
}

// identifiers are those that are given.
func (p *Property) identifiers(at string) []identifier {
	if p == nil {
		return nil
	}
	return given([]identifier{
		{"real_estate_id", at, "real_estate_id", p.RealEstateID},
		{oldRealEstateID, join(at, oldRealEstateID), "", string(p.OldRealEstateID)},
	})
}
