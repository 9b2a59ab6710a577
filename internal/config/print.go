package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Print writes every setting with its value, masked, and where it came from, one
// per line in the order of their names.
func (c Config) Print(w io.Writer) error {
	settings := Table()
	slices.SortFunc(settings, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range settings {
		shown := s.field.show(&c)
		from := c.source(s.Name, shown)
		if shown == "" {
			shown, from = "("+cmp.Or(s.Unset, "not set")+")", fromDefault
		}
		if _, err := fmt.Fprintf(tw, "%s\t%s\t%s\n", s.Name, shown, from); err != nil {
			return err
		}
	}
	return tw.Flush()
}

// source is where a value that is now shown so came from.
func (c Config) source(name, shown string) string {
	o, ok := c.origins[name]
	if !ok || o.shown != shown {
		return "set by the program"
	}
	return o.source
}

// Markdown is the documentation of all settings as a table.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| Name | Default | Used by | |\n|---|---|---|---|\n")
	for _, s := range Table() {
		value := "–"
		switch {
		case s.Default != "":
			value = "`" + s.Default + "`"
		case s.Unset != "":
			value = "*" + s.Unset + "*"
		case s.Required:
			value = "**required**"
		}
		help := s.Help
		if s.Secret {
			help += " (secret)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, value, s.Programs, help)
	}
	return b.String()
}
