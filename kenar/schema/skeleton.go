package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// blank begins every placeholder. No choice and no text of an ad does.
const blank = "<fill in"

func isPlaceholder(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), blank) }

// Skeleton is a JSON object with a placeholder for every field, those that are
// required first. A placeholder tells what belongs in its place, and Validate
// refuses it until it is replaced or, when the field is optional, removed.
func (s *Schema) Skeleton() []byte {
	fields := slices.Clone(s.fields)
	slices.SortStableFunc(fields, func(a, b Field) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	if len(fields) == 0 {
		return []byte("{}\n")
	}
	var b bytes.Buffer
	b.WriteString("{")
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  ")
		writeString(&b, f.Name)
		b.WriteString(": ")
		if f.Type == "array" {
			b.WriteByte('[')
			writeString(&b, f.placeholder())
			b.WriteByte(']')
		} else {
			writeString(&b, f.placeholder())
		}
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// placeholder is such as "<fill in: an integer, at least 20: متراژ>".
func (f Field) placeholder() string {
	var b strings.Builder
	b.WriteString(blank)
	if !f.Required {
		b.WriteString(" or remove")
	}
	b.WriteString(": ")
	b.WriteString(f.wanted())
	for _, l := range f.Limits {
		b.WriteString(", " + l)
	}
	if f.Title != "" {
		b.WriteString(": " + f.Title)
	}
	b.WriteString(">")
	return b.String()
}

// wanted is what the field takes, in a few words.
func (f Field) wanted() string {
	of := ""
	if f.Type == "array" {
		of = "a list of " + cmp.Or(f.Items, "value") + "s"
	}
	switch {
	case len(f.Choices) > 0 && of != "":
		return "some of " + listed(f.Choices, Choice.bare, " | ")
	case len(f.Choices) > 0:
		return "one of " + listed(f.Choices, Choice.bare, " | ")
	case of != "":
		return of
	case f.Type == "":
		return "any value"
	}
	return typePhrase(f.Type)
}

// listed names the first choices, in the form that is given, and tells how many
// there are when there are more.
func listed(choices []Choice, form func(Choice) string, separator string) string {
	const most = 8
	var names []string
	for _, c := range choices[:min(most, len(choices))] {
		names = append(names, form(c))
	}
	if len(choices) > most {
		names = append(names, fmt.Sprintf("… (%d in all)", len(choices)))
	}
	return strings.Join(names, separator)
}

// bare is a choice as it can be copied into a form: strings have no quotes and
// no escapes.
func (c Choice) bare() string {
	value, ok := c.Value.(string)
	if !ok {
		value = show(c.Value)
	}
	return c.titled(strings.Join(strings.Fields(value), " "), value)
}

// quoted is a choice as a fault shows it: whatever is in it can be seen.
func (c Choice) quoted() string {
	value, _ := c.Value.(string)
	return c.titled(show(c.Value), cmp.Or(value, show(c.Value)))
}

func (c Choice) titled(shown, value string) string {
	if c.Title == value {
		return shown
	}
	return shown + " (" + c.Title + ")"
}

// writeString writes a JSON string that a person can read.
func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err == nil { // a string always encodes
		b.Truncate(b.Len() - 1) // the line feed
	}
}
