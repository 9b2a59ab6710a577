package cli

import (
	"io"
	"time"

	"github.com/rs/zerolog"
)

// NewLogger returns a logger that writes to w. An empty format is console on a
// terminal and json elsewhere; a level that is not known is info. It is for
// standard error: standard output is data.
func NewLogger(w io.Writer, level, format string) zerolog.Logger {
	if format == "" {
		format = "json"
		if IsTerminal(w) {
			format = "console"
		}
	}
	if format == "console" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: !bool(ColorsOf(w))}
	}
	l, err := zerolog.ParseLevel(level)
	if err != nil || l == zerolog.NoLevel {
		l = zerolog.InfoLevel
	}
	return zerolog.New(w).Level(l).With().Timestamp().Logger()
}
