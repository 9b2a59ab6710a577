package widgets

import (
	"bytes"
	"encoding/json"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// IsLegacy reports whether data looks like the v1 form of a list of widgets,
// an object with a widget_list, which DecodeLegacy reads.
func IsLegacy(data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return false
		}
		if s, ok := name.(string); ok && sameName(s, "widget_list") {
			return true
		}
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return false
		}
	}
	return false
}

// DecodeLegacy reads a v1 list, {"widget_list": […]}, and checks it by the
// rules of ValidateLegacy. Spelling is taken as by Decode. A missing "@type"
// is no fault, since widget_type implies it.
//
// The error is Faults, all that was found, with paths from "widgets", where
// the object stands in a request. The warnings are returned in either case.
func (d Decoder) DecodeLegacy(data []byte) (LegacyList, []Warning, error) {
	r := &report{}
	r.enter("widgets")
	root, ok := parse(data, r)
	if !ok {
		return nil, nil, r.err()
	}
	if root.kind != strictjson.Object {
		r.fault("", `is %s, must be an object {"widget_list": […]}`, root.kind)
		return nil, nil, r.err()
	}
	var list LegacyList
	reader := &fieldReader{report: r}
	reader.object(&root, func(visitor) {
		v := reader.find("widget_list")
		r.enter("widget_list")
		defer r.leave()
		switch {
		case v == nil:
			r.fault("", "is missing, must be an array of v1 widgets")
		case v.kind != strictjson.Array:
			r.fault("", "is %s, must be an array of v1 widgets", v.kind)
		default:
			list = d.readLegacyWidgets(reader, v.items)
		}
	})
	if err := r.err(); err != nil {
		return nil, r.warnings, err
	}
	return list, r.warnings, nil
}

// ValidateLegacy checks a v1 list built in Go. The rules are those of
// Validate with the limits, colours and actions of v1. The error is Faults,
// all that was found, with paths from "widgets".
func (d Decoder) ValidateLegacy(l LegacyList) error {
	r := &report{}
	r.enter("widgets")
	r.enter("widget_list")
	d.checkLength(r, len(l))
	for i, w := range l {
		r.enterItem(i)
		d.checkLegacyWidget(r, w)
		r.leave()
	}
	return r.err()
}

func (d Decoder) readLegacyWidgets(r *fieldReader, items []value) LegacyList {
	d.checkLength(r.report, len(items))
	items = items[:min(len(items), d.maxWidgets())]
	list := make(LegacyList, 0, len(items))
	for i := range items {
		r.report.enterItem(i)
		if w := readLegacyWidget(r, &items[i]); w != nil {
			d.checkLegacyWidget(r.report, w)
			list = append(list, w)
		}
		r.report.leave()
	}
	return list
}

// readLegacyWidget reads one element of a v1 list, which the report stands
// at. It is nil after a fault that leaves no widget to check.
func readLegacyWidget(r *fieldReader, v *value) LegacyWidget {
	var w LegacyWidget
	r.object(v, func(visitor) {
		name := r.findAs(strictjson.String, "widget_type")
		data := r.find("data")
		if name == nil {
			r.report.fault("widget_type", "is missing, must name the kind of widget")
			return
		}
		w = newLegacyWidget(name.text)
		if w == nil {
			r.report.fault("widget_type", "%s is not a v1 widget type%s", quote(name.text), spelling.Hint(name.text, legacyTypes[:]))
			return
		}
		if data == nil {
			r.report.malformed("data", "is missing, must be the fields of the widget")
			return
		}
		_, dataType := legacyType(w)
		r.report.enter("data")
		r.object(data, func(v visitor) {
			v.constant("@type", dataType, false)
			w = w.fields(v)
		})
		r.report.leave()
	})
	return w
}

// checkLegacyWidget checks one widget, which the report stands at.
func (d Decoder) checkLegacyWidget(r *report, w LegacyWidget) {
	if widgetType, _ := legacyType(w); widgetType == "" {
		r.fault("", "is a %T, must be one of the eleven v1 widget types of this package by value", w)
		return
	}
	d.ImageSources = false // v1 has ids only
	r.enter("data")
	w.fields(&fieldChecker{report: r, settings: d})
	r.leave()
}
