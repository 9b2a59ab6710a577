package template

import "fmt"

// An Error is what is wrong with one template, or what went wrong while it
// rendered an event.
type Error struct {
	// File is the name of the template's file in its directory.
	File string
	// Line and Column count from 1, the column in code points. Both are 0
	// when the place is not known, as in every error of Render: the
	// interpreter does not tell.
	Line, Column int
	// Message says what is wrong and, when a limit is broken, by how much.
	// It holds nothing of the event except what the template itself gave to
	// error(…), and is short.
	Message string
	// Err is the cause, or nil. It is the error of the context when that
	// ended the rendering.
	Err error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }
