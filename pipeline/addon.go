package pipeline

import (
	"encoding/json"
	"fmt"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/report"
)

// An addOn is what is to be shown, whatever kind of event it was made from.
type addOn struct {
	api      string
	report   string             // what it was made from: "inspection", "valuation" or ""
	legacy   widgets.LegacyList // set for api v1
	list     widgets.List
	semantic kenar.Semantic
	notes    string

	// Of users only.
	categories []string
	ticketUUID string
	cost       int32
}

// addOn makes an add-on of the data of an event.
func (b Builder) addOn(kind Kind, typ string, data json.RawMessage) (a addOn, warnings []widgets.Warning, err error) {
	switch {
	case typ == TypeAttach:
		a, warnings, err = b.decodeAttach(kind, data)
	case typ == TypeInspection:
		a, warnings, err = b.decodeReport(kind, "inspection", data)
	case typ == TypeValuation:
		a, warnings, err = b.decodeReport(kind, "valuation", data)
	case b.Templates.Has(typ):
		a, warnings, err = b.decodeRendered(kind, data)
	default:
		err = &Reason{Code: UnknownType, Field: "type", Message: quote(typ) + " is not a type this version handles"}
	}
	if err != nil || b.Images == nil {
		return a, warnings, err
	}
	var faults widgets.Faults
	for i, image := range a.list.ImageSources() {
		if err := b.Images.Check(image.Source); err != nil {
			faults.Add(imagePath(a.report, image.Path, i), "%s", err)
		}
	}
	if err := faults.Err(); err != nil {
		return a, warnings, asReason(InvalidWidgets, err)
	}
	return a, warnings, nil
}

// imagePath is where a producer has put the i-th image of an add-on: a report
// has one list of images, and they keep their order.
func imagePath(report, path string, i int) string {
	if report == "" {
		return path
	}
	return fmt.Sprintf("%s.images[%d]", report, i)
}

// decoder reads widgets in which images may be given by their source.
func (b Builder) decoder() widgets.Decoder {
	d := b.Widgets
	d.ImageSources = true
	return d
}

// decodeRendered reads what a template made: an add-on, or a report that is
// to be turned into one.
func (b Builder) decodeRendered(kind Kind, data json.RawMessage) (addOn, []widgets.Warning, error) {
	fields, err := decodeObject(data)
	if err != nil {
		return addOn{}, nil, &Reason{Code: InvalidEvent, Field: "data", Message: "the output of the template: " + err.Error()}
	}
	for _, name := range []string{"inspection", "valuation"} {
		if _, ok := fields[name]; ok {
			return b.decodeReport(kind, name, data)
		}
	}
	return b.decodeAttach(kind, data)
}

// decodeReport turns the report of a name in the data into an add-on.
func (b Builder) decodeReport(kind Kind, name string, data json.RawMessage) (addOn, []widgets.Warning, error) {
	a := addOn{api: apiV2, report: name}
	fields, err := decodeObject(data)
	if err != nil {
		return a, nil, &Reason{Code: InvalidEvent, Field: "data", Message: err.Error()}
	}
	var faults widgets.Faults
	for field := range fields {
		switch {
		case field == name:
		case kenar.Credential(field):
			faults.Add("data."+field, "an event must not carry a token or a key: name the user's grant by grantid")
		default:
			faults.Add("data."+field, "is unknown; data has %s alone", name)
		}
	}
	if _, ok := fields[name]; !ok {
		faults.Add("data."+name, "is missing")
	}
	if err := faults.Err(); err != nil {
		return a, nil, asReason(InvalidEvent, err)
	}
	made, warnings, err := readReport(name, fields[name])
	if err != nil {
		return a, warnings, asReason(InvalidEvent, err)
	}
	a.list, a.semantic = made.Widgets, made.Semantic
	if kind == KindBusiness && len(a.semantic) > 0 {
		warnings = append(warnings, notSent("semantic", kind))
	}
	if err := b.decoder().Validate(a.list); err != nil {
		return a, warnings, asReason(InvalidWidgets, err)
	}
	return a, warnings, nil
}

func readReport(name string, raw json.RawMessage) (report.AddOn, []widgets.Warning, error) {
	if name == "valuation" {
		v, err := report.DecodeValuation(raw)
		if err != nil {
			return report.AddOn{}, nil, err
		}
		return v.AddOn()
	}
	in, err := report.DecodeInspection(raw)
	if err != nil {
		return report.AddOn{}, nil, err
	}
	return in.AddOn()
}

// request fills in the operation and the body of work that shows the add-on.
func (a addOn) request(w *Work) (err error) {
	switch {
	case w.Target.Kind == KindPost && a.api == apiV1:
		w.Lane, w.Op = PostCreate, CreatePostV1
		w.Body, err = kenar.PostAddonV1{Widgets: a.legacy, Semantic: a.semantic, Notes: a.notes}.Body()
	case w.Target.Kind == KindPost:
		w.Lane, w.Op = PostCreate, CreatePost
		w.Body, err = kenar.PostAddon{Widgets: a.list, Semantic: a.semantic, Notes: a.notes}.Body()
	case w.Target.Kind == KindBusiness:
		w.Lane, w.Op = BusinessCreate, CreateBusiness
		w.Body, err = kenar.BusinessAddon{Widgets: a.list}.Body()
	case w.Target.Kind == KindUser:
		w.Lane, w.Op = UserCreate, CreateUser
		w.Body, err = kenar.UserAddon{
			Widgets: a.list, Categories: a.categories, Semantic: a.semantic,
			TicketUUID: a.ticketUUID, Cost: a.cost,
		}.Body()
	default:
		err = &Reason{Code: InvalidEvent, Field: "subject",
			Message: fmt.Sprintf("an add-on is attached to a post, a business or a user, not to %s", w.Target)}
	}
	if err != nil {
		return asReason(InvalidWidgets, err)
	}
	return nil
}
