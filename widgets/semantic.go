package widgets

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxSemanticPaths bounds the paths of one widget. Kenar documents no limit;
// this one is ours. A row has about ten fields, and each path costs a walk
// through what it names.
const maxSemanticPaths = 100

// readSemanticPaths reads the semantic_paths of a row, which the report stands
// at. The paths come out in the schema's spelling. Those into a field that the
// reader has dropped go with it.
func readSemanticPaths(r *fieldReader, row Row, v *value) map[string]string {
	if v.kind == strictjson.Null {
		return nil
	}
	if v.kind != strictjson.Object {
		r.report.malformed("", "is %s, must be an object of strings", v.kind)
		return nil
	}
	if n := len(v.members); n > maxSemanticPaths {
		r.report.malformed("", "%d paths, at most %d allowed", n, maxSemanticPaths)
		return nil
	}
	var paths map[string]string
	for _, m := range v.members {
		if m.kind != strictjson.String {
			r.report.malformed(m.name, "is %s, must be a string: the path of a field", m.kind)
			continue
		}
		path := m.text
		if row != nil {
			t := findPath(row, path)
			if t.lost != "" {
				r.report.warn(m.name, "was dropped with the field it names: %s", t.lost)
				continue
			}
			path = t.path
		}
		if paths == nil {
			paths = make(map[string]string, len(v.members))
		}
		paths[m.name] = path
	}
	return paths
}

// checkSemanticPaths checks the paths of a widget, which the report stands at.
func checkSemanticPaths(r *report, w Widget) {
	if len(w.SemanticPaths) == 0 {
		return
	}
	row := r.path(w.Name())
	r.enter("semantic_paths")
	defer r.leave()
	if n := len(w.SemanticPaths); n > maxSemanticPaths {
		r.fault("", "%d paths, at most %d allowed", n, maxSemanticPaths)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(w.SemanticPaths)) {
		path := w.SemanticPaths[key]
		t := findPath(w.Row, path)
		switch {
		case strings.TrimSpace(key) == "":
			r.fault("", "has an empty key, must name what is published")
		case !utf8.ValidString(key):
			r.fault(key, "has a key that is not valid UTF-8")
		case isSensitive(key):
			r.fault(key, publishesSensitive)
		case sameName(t.first, w.Name()):
			r.fault(key, "is %s, must start inside the widget: leave %q out", quote(path), w.Name()+".")
		case t.missing && !r.readable(row+"."+t.path):
			// The field is there, and what is wrong with it has been said.
		case t.lost != "":
			r.fault(key, "is %s, but %s", quote(path), t.lost)
		case t.problem != "":
			r.fault(key, "is %s, %s", quote(path), t.problem)
		case t.path != path:
			r.fault(key, "is %s, must be spelled %q", quote(path), t.path)
		}
	}
}

const publishesSensitive = "would publish a sensitive identifier in plain text; " +
	"send its hash in the semantic data of the request instead"

// isSensitive reports whether a key is one of the five whose values Kenar
// wants hashed (Kenar docs, misc/masking), however it is spelled.
func isSensitive(key string) bool {
	letters := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, key)
	switch letters {
	case "vin", "chassisnumber", "enginenumber", "realestateid", "oldrealestateid":
		return true
	}
	return false
}

// holdsSensitive reports whether a member anywhere in v has a sensitive name.
func holdsSensitive(v *value) bool {
	for i := range v.members {
		if isSensitive(v.members[i].name) || holdsSensitive(&v.members[i].value) {
			return true
		}
	}
	return slices.ContainsFunc(v.items, func(v value) bool { return holdsSensitive(&v) })
}
