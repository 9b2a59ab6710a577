package widgets

import (
	"fmt"
	"strings"
)

// A Fault is one thing wrong with a payload: where, what, and by how much.
type Fault struct {
	// Path names the field from the root of the decoded document, such as
	// "widgets[2].score_row.title".
	Path string
	// Message says what is wrong in words. When a limit is broken it holds
	// the limit and the actual value: "52 characters, at most 49 allowed".
	Message string
}

func (f Fault) String() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// Faults is every fault of one payload, in the order of its widgets, up to a
// hundred of them; a last one then tells how many more there are. It is an
// error when it is not empty; a nil or empty Faults must not be returned as one
// (see Err).
type Faults []Fault

// Error lists all faults, separated by "; ".
func (fs Faults) Error() string {
	s := make([]string, len(fs))
	for i, f := range fs {
		s[i] = f.String()
	}
	return strings.Join(s, "; ")
}

// Add records a fault.
func (fs *Faults) Add(path, format string, args ...any) {
	*fs = append(*fs, Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

// Err is fs as an error, or nil when there is no fault.
func (fs Faults) Err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}

// A Warning is something that was changed or dropped on the way without
// making the payload unusable.
type Warning struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

func (w Warning) String() string { return Fault(w).String() }
