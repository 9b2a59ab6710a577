package template

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Set is the templates of one directory. A nil Set has none. It does not
// change after Load and may be used by several goroutines at once.
type Set struct {
	programs map[string]*program // by event type
	maxTime  time.Duration
}

const extension = ".jq"

// reserved begins the event types of the product itself.
const reserved = "kenar."

var eventType = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// Load reads every template at the top level of a directory: the files whose
// name ends in ".jq", the rest of the name being the type of the events it
// renders, such as "acme.inspection.v2.jq". A type is made of a-z, 0-9, ".", "_"
// and "-", begins with a letter or a digit, and not with "kenar.".
//
// Directories, files of other names and those that begin with a dot are not
// looked at, so that notes, tests and what mounted volumes keep beside the files
// can be there. A symbolic link is followed.
//
// Everything wrong with any file is reported at once: the error joins one
// *Error for each finding, in the order of files and lines.
func Load(fsys fs.FS) (*Set, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read the directory of templates: %w", err)
	}
	set := &Set{programs: make(map[string]*program), maxTime: MaxTime}
	var faults []error
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), extension)
		if !ok || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		p, errs := loadFile(fsys, entry.Name(), name)
		faults = append(faults, errs...)
		set.programs[name] = p
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return set, nil
}

func loadFile(fsys fs.FS, file, name string) (*program, []error) {
	refuse := func(format string, args ...any) (*program, []error) {
		return nil, []error{&Error{File: file, Message: fmt.Sprintf(format, args...)}}
	}
	switch {
	case strings.HasPrefix(name, reserved):
		return refuse("event types that begin with %q are the product's own; name the file after a type of yours", reserved)
	case !eventType.MatchString(name):
		return refuse("the file name must be an event type (a-z, 0-9, \".\", \"_\", \"-\", beginning with a letter or a digit) and %q", extension)
	}
	info, err := fs.Stat(fsys, file)
	switch {
	case err != nil:
		return nil, []error{&Error{File: file, Message: "cannot be read: " + err.Error(), Err: err}}
	case !info.Mode().IsRegular():
		return refuse("is not a regular file")
	case info.Size() > MaxProgram:
		return refuse("is %d bytes long, at most %d allowed", info.Size(), MaxProgram)
	}
	source, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, []error{&Error{File: file, Message: "cannot be read: " + err.Error(), Err: err}}
	}
	p, findings := compile(file, string(source))
	errs := make([]error, len(findings))
	for i, f := range findings {
		errs[i] = f
	}
	return p, errs
}

// Has reports whether there is a template for events of the type.
func (s *Set) Has(eventType string) bool {
	return s != nil && s.programs[eventType] != nil
}

// Types is the event types that have a template, sorted.
func (s *Set) Types() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.programs))
}

// Render gives the event to the template of its type. It takes at most MaxTime,
// give or take one instruction, and less when the context ends before.
//
// An error of the template is an *Error. One that wraps the error of a context
// says nothing certain about the event: the machine may have been busy, and
// another try may succeed. Every other error comes again.
func (s *Set) Render(ctx context.Context, eventType string, event json.RawMessage) (json.RawMessage, error) {
	if !s.Has(eventType) {
		return nil, fmt.Errorf("render an event: there is no template %s%s for its type; add one or correct the type", eventType, extension)
	}
	return s.programs[eventType].render(ctx, s.maxTime, event)
}
