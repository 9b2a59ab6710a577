package main

import (
	"fmt"

	"github.com/kenar-addons/kenar-addons/internal/cli"
)

// line writes one JSON object to standard output.
func (a *app) line(v any) error { return cli.WriteJSON(a.out, v) }

// print writes to standard output.
func (a *app) print(format string, args ...any) error {
	_, err := fmt.Fprintf(a.out, format, args...)
	return err
}

// say writes a line for people.
func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, format+"\n", args...)
}

// table writes a table to standard output.
func (a *app) table(t *cli.Table) error {
	_, err := t.WriteTo(a.out)
	return err
}
