package widgets

import "github.com/kenar-addons/kenar-addons/widgets/strictjson"

// A value is one JSON value. Unlike a map, it keeps the order and the
// spelling of the members.
type value struct {
	kind    strictjson.Kind
	text    string // a string's characters; the literal of a number or boolean
	members []member
	items   []value
}

type member struct {
	name string
	read bool // set by fieldReader once a field has taken the member
	value
}

// appendValue encodes v in one canonical spelling: no white space, the fewest
// escapes, numbers and the order of members as they came.
func appendValue(b []byte, v *value) []byte {
	switch v.kind {
	case strictjson.Null:
		return append(b, "null"...)
	case strictjson.String:
		return appendString(b, v.text)
	case strictjson.Array:
		b = append(b, '[')
		for i := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, &v.items[i])
		}
		return append(b, ']')
	case strictjson.Object:
		b = append(b, '{')
		for i := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, v.members[i].name)
			b = append(b, ':')
			b = appendValue(b, &v.members[i].value)
		}
		return append(b, '}')
	default:
		return append(b, v.text...)
	}
}
