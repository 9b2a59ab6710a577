package cli

import (
	"os"

	"github.com/mattn/go-isatty"
)

// IsTerminal reports whether a reader or writer is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && isatty.IsTerminal(f.Fd())
}

// Colors paints text for a terminal, and leaves it as it is when false.
type Colors bool

// ColorsOf returns the colours for a writer: none unless it is a terminal that
// has them, and none when the user asked for none (https://no-color.org).
func ColorsOf(w any) Colors {
	return Colors(IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

// Bold paints s bold.
func (c Colors) Bold(s string) string { return c.paint("1", s) }

// Faint paints s less bright.
func (c Colors) Faint(s string) string { return c.paint("2", s) }

// Red paints s red.
func (c Colors) Red(s string) string { return c.paint("31", s) }

// Green paints s green.
func (c Colors) Green(s string) string { return c.paint("32", s) }

// Yellow paints s yellow.
func (c Colors) Yellow(s string) string { return c.paint("33", s) }

// Cyan paints s cyan.
func (c Colors) Cyan(s string) string { return c.paint("36", s) }

func (c Colors) paint(code, s string) string {
	if !c || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
