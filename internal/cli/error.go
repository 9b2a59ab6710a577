package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// An Error is a failure of a command with what only the command knows about it.
type Error struct {
	Code int    // the exit code; 0 means Failed
	Err  error  // nil: everything was said already
	Hint string // what to do about it; may be empty
}

// Error is the text of the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return "failed"
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Usage makes err an error of usage of a command.
func Usage(cmd *cobra.Command, err error) error {
	return &Error{Code: Misused, Err: err, Hint: fmt.Sprintf("see %s --help", cmd.CommandPath())}
}

// Misconfigured makes err, which may join several, an error of configuration.
func Misconfigured(err error) error {
	return &Error{Code: Misused, Err: err, Hint: "a flag beats an environment variable, which beats the file of --config; see --help for all settings"}
}

// WithHint adds advice to an error.
func WithHint(err error, format string, args ...any) error {
	return &Error{Err: err, Hint: fmt.Sprintf(format, args...)}
}

// Said is the error of a command that has told already what went wrong.
func Said() error { return &Error{Code: Failed} }

// Report writes an error for people, one line for each error that it joins,
// and returns the exit code it asks for.
func Report(w io.Writer, program string, err error) int {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Err: err}
	}
	if e.Err != nil {
		if err == error(e) { //nolint:errorlint // whether nothing was added to it
			err = e.Err // it may join several
		}
		for _, each := range joined(err) {
			_, _ = fmt.Fprintf(w, "%s: error: %s\n", program, strings.ReplaceAll(each.Error(), "\n", "\n  "))
		}
	}
	if e.Hint != "" {
		_, _ = fmt.Fprintf(w, "%s: hint: %s\n", program, e.Hint)
	}
	if e.Code == 0 {
		return Failed
	}
	return e.Code
}

// joined takes an error of errors.Join apart.
func joined(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range j.Unwrap() {
			all = append(all, joined(e)...)
		}
		return all
	}
	return []error{err}
}
