package template

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// A pattern is a regular expression of a template. The interpreter's own matching
// is not used: it looks for all matches of a text in one instruction, in time
// that can grow with the square of the text, and keeps every pattern forever.
// Searching again after each match needs the same time in the worst case, but
// the end of the rendering can be noticed in between.
type pattern struct {
	// first finds the first match of a text. next finds the next one, as its
	// first group, in what follows a match: a text of which the first code
	// point is context for ^ and \b only.
	first, next *regexp.Regexp
	// steps is what one byte of text may cost.
	steps int
}

// newPattern compiles the text of expression().
func newPattern(text string) (*pattern, error) {
	first, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	next, err := regexp.Compile(`\A(?s:.)(?s:.*?)(` + text + `)`)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	return &pattern{first: first, next: next, steps: len(program.Inst)}, nil
}

// expression is the regular expression, in Go's syntax, of a pattern with the
// flags of jq. A flag g says how often to match, not what.
func expression(text, flags string) string {
	if strings.Contains(flags, "i") {
		text = "(?i)" + text
	}
	if strings.Contains(flags, "m") {
		text = "(?s)" + text
	}
	return text
}

// pattern is the one that a call in the template names, and the text it is
// matched with. The cost of one search is charged.
func (m *meter) pattern(v, text, flags any) (*pattern, string, error) {
	s, ok := v.(string)
	if !ok {
		return nil, "", fmt.Errorf("a regular expression cannot be applied to a value of type %s, only to a text", gojq.TypeOf(v))
	}
	written, _ := text.(string)
	modes, _ := flags.(string)
	p := m.patterns[expression(written, modes)]
	if p == nil {
		return nil, "", fmt.Errorf("the pattern is not written out in the template")
	}
	if times(p.steps, len(s)) > maxSearch {
		return nil, "", m.end("matches a text of %d bytes with a pattern of %d steps, at most %d allowed of both multiplied", len(s), p.steps, maxSearch)
	}
	return p, s, m.spend(len(s))
}

// test reports whether the pattern matches the text v.
func (m *meter) test(v, text, flags any) any {
	p, s, err := m.pattern(v, text, flags)
	if err != nil {
		return err
	}
	return p.first.MatchString(s)
}

// match is the matches of the pattern in the text v, as jq describes them: all
// of them with the flag g, else the first.
func (m *meter) match(v, text, flags any) any {
	p, s, err := m.pattern(v, text, flags)
	if err != nil {
		return err
	}
	modes, _ := flags.(string)
	all := strings.Contains(modes, "g")
	found := []any{}
	c := counter{text: s}
	for groups := p.first.FindStringSubmatchIndex(s); groups != nil; {
		if err := m.spend((len(groups)/2 + 1) * matchWeight); err != nil {
			return err
		}
		found = append(found, p.describe(&c, groups))
		if !all || m.over() {
			break
		}
		from := groups[1]
		if groups[0] == groups[1] {
			if from == len(s) {
				break
			}
			_, width := utf8.DecodeRuneInString(s[from:])
			from += width
		}
		groups = p.after(s, from)
	}
	return found
}

// after is the groups of the first match that begins at an offset or later.
func (p *pattern) after(s string, from int) []int {
	if from == 0 {
		return p.first.FindStringSubmatchIndex(s)
	}
	_, width := utf8.DecodeLastRuneInString(s[:from])
	groups := p.next.FindStringSubmatchIndex(s[from-width:])
	if groups == nil {
		return nil
	}
	groups = groups[2:]
	for i := range groups {
		if groups[i] >= 0 {
			groups[i] += from - width
		}
	}
	return groups
}

func (p *pattern) describe(c *counter, groups []int) map[string]any {
	whole := c.describe(groups[0], groups[1])
	captures := make([]any, 0, len(groups)/2-1)
	for i, name := range p.first.SubexpNames()[1:] {
		capture := c.describe(groups[2*i+2], groups[2*i+3])
		capture["name"] = nil
		if name != "" {
			capture["name"] = name
		}
		captures = append(captures, capture)
	}
	whole["captures"] = captures
	return whole
}

// A counter turns byte offsets of a text into code points. Asked in ascending
// order, it reads the text once.
type counter struct {
	text          string
	bytes, points int
}

func (c *counter) at(offset int) int {
	if offset < c.bytes {
		return c.points - utf8.RuneCountInString(c.text[offset:c.bytes])
	}
	c.points += utf8.RuneCountInString(c.text[c.bytes:offset])
	c.bytes = offset
	return c.points
}

func (c *counter) describe(from, to int) map[string]any {
	if from < 0 {
		return map[string]any{"offset": -1, "length": 0, "string": nil}
	}
	start := c.at(from)
	return map[string]any{"offset": start, "length": c.at(to) - start, "string": c.text[from:to]}
}
