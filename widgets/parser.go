package widgets

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxDepth bounds the nesting of a document. The deepest documented widget
// needs seven levels; the rest is for the free-form data of an action.
const maxDepth = 32

// parse reads a whole document, or the part of one that the report stands at,
// which counts for its depth. What encoding/json lets pass although readers
// disagree about it is a fault: duplicate names, invalid UTF-8, half surrogate
// pairs. ok is false when the document as a whole is unusable.
func parse(data []byte, r *report) (v value, ok bool) {
	if len(bytes.TrimSpace(data)) == 0 {
		r.malformed("", "is empty, must be JSON")
		return v, false
	}
	if !utf8.Valid(data) {
		r.malformed("", "is not valid UTF-8 (byte %d)", invalidByte(data))
		return v, false
	}
	// Deciding what is JSON is left to encoding/json, so the parser below only
	// has to find its way through text that is known to be sound.
	if !json.Valid(data) {
		r.malformed("", "is not JSON: %s", syntaxError(data))
		return v, false
	}
	p := parser{src: string(data), report: r}
	v = p.value(len(r.steps))
	if p.tooDeep {
		r.malformed("", "is nested too deeply, at most %d levels are allowed", maxDepth)
		return v, false
	}
	return v, true
}

func invalidByte(data []byte) int {
	for i := 0; ; {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// syntaxError says what encoding/json dislikes and in which line and column.
func syntaxError(data []byte) string {
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err.Error()
	}
	before := data[:min(int(syntax.Offset), len(data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return syntax.Error() + " (line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column) + ")"
}

// A parser builds values from text that is known to be valid JSON. It is here,
// beside that of package strictjson, because lists of widgets are what is read
// most: it cuts texts out of the document instead of copying them, and tells
// faults on the way, at the place where the report stands.
type parser struct {
	src     string
	pos     int
	report  *report
	tooDeep bool

	// What the objects and arrays that are being read have so far, outer ones
	// first: two stacks, so that each gets one slice of the right size.
	openMembers []member
	openItems   []value
}

func (p *parser) value(depth int) value {
	if depth > maxDepth {
		p.tooDeep = true
		p.pos = len(p.src)
		return value{}
	}
	switch p.next() {
	case '{':
		return value{kind: strictjson.Object, members: p.members(depth)}
	case '[':
		return value{kind: strictjson.Array, items: p.items(depth)}
	case '"':
		return value{kind: strictjson.String, text: p.string()}
	case 't', 'f':
		return value{kind: strictjson.Boolean, text: p.literal()}
	case 'n':
		p.literal()
		return value{}
	default:
		return value{kind: strictjson.Number, text: p.literal()}
	}
}

// next skips white space and returns the byte after it, which is not consumed.
// At the end of the text, which only an abandoned document reaches, it is 0.
func (p *parser) next() byte {
	for ; p.pos < len(p.src); p.pos++ {
		switch c := p.src[p.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// more reports whether an object or array that ends with the given bracket
// goes on, and consumes the comma or the bracket.
func (p *parser) more(end byte) bool {
	switch p.next() {
	case end, 0:
		p.pos++
		return false
	case ',':
		p.pos++
	}
	return true
}

// members reads an object. Of members with one name the first is kept.
func (p *parser) members(depth int) []member {
	start := len(p.openMembers)
	var seen map[string]bool // for an object too large to search
	p.pos++
	for p.more('}') {
		p.next()
		name := p.string()
		p.next()
		p.pos++ // the colon
		p.report.enter(name)
		v := p.value(depth + 1)
		switch ms := p.openMembers[start:]; {
		case p.tooDeep:
		case seen[name] || seen == nil && hasMember(ms, name):
			p.report.fault("", "is given twice in one object")
		default:
			p.openMembers = append(p.openMembers, member{name: name, value: v})
			if seen != nil {
				seen[name] = true
			} else if len(ms) == 32 {
				seen = nameSet(p.openMembers[start:])
			}
		}
		p.report.leave()
	}
	ms := slices.Clone(p.openMembers[start:])
	p.openMembers = p.openMembers[:start]
	return ms
}

func hasMember(ms []member, name string) bool {
	for i := range ms {
		if ms[i].name == name {
			return true
		}
	}
	return false
}

func nameSet(ms []member) map[string]bool {
	set := make(map[string]bool)
	for i := range ms {
		set[ms[i].name] = true
	}
	return set
}

func (p *parser) items(depth int) []value {
	start := len(p.openItems)
	p.pos++
	for i := 0; p.more(']'); i++ {
		p.report.enterItem(i)
		v := p.value(depth + 1)
		p.openItems = append(p.openItems, v)
		p.report.leave()
	}
	vs := slices.Clone(p.openItems[start:])
	p.openItems = p.openItems[:start]
	return vs
}

// literal reads a number, true, false or null.
func (p *parser) literal() string {
	start := p.pos
	if n := strings.IndexAny(p.src[start:], ",]} \t\n\r"); n >= 0 {
		p.pos += n
	} else {
		p.pos = len(p.src)
	}
	return p.src[start:p.pos]
}

func (p *parser) string() string {
	start := p.pos + 1
	for p.pos = start; ; p.pos++ {
		switch p.src[p.pos] {
		case '"':
			p.pos++
			return p.src[start : p.pos-1]
		case '\\':
			return p.escaped(start)
		}
	}
}

// escaped reads a string that holds a backslash, from its start.
func (p *parser) escaped(start int) string {
	b := []byte(p.src[start:p.pos])
	for {
		c := p.src[p.pos]
		p.pos++
		switch c {
		case '"':
			return string(b)
		case '\\':
			b = p.escape(b)
		default:
			b = append(b, c)
		}
	}
}

// escape appends what the escape after a backslash stands for.
func (p *parser) escape(b []byte) []byte {
	c := p.src[p.pos]
	p.pos++
	switch c {
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'u':
		return utf8.AppendRune(b, p.codePoint())
	default:
		return append(b, c)
	}
}

// codePoint reads the four digits of a \u escape, and the second escape of a
// surrogate pair. Half a pair is a fault: it is not a character, and what a
// reader puts in its place is its own choice.
func (p *parser) codePoint() rune {
	c := p.hex()
	if !utf16.IsSurrogate(c) {
		return c
	}
	if strings.HasPrefix(p.src[p.pos:], `\u`) {
		back := p.pos
		p.pos += 2
		if pair := utf16.DecodeRune(c, p.hex()); pair != utf8.RuneError {
			return pair
		}
		p.pos = back
	}
	p.report.malformed("", `holds \u%04x, half of a surrogate pair, which is not valid Unicode`, c)
	return utf8.RuneError
}

func (p *parser) hex() rune {
	n, _ := strconv.ParseUint(p.src[p.pos:p.pos+4], 16, 16)
	p.pos += 4
	return rune(n)
}
