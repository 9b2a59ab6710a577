package config

import "strings"

// A Setting is one thing that can be set, described once.
type Setting struct {
	// Name is the environment variable. Key and Flag are derived from it.
	Name string
	// Default is the value when nothing is set; empty means that Unset applies.
	Default string
	// Unset says in words what happens when there is neither value nor default.
	Unset string
	// Help says what the setting does, for the flags and the documentation.
	Help string
	// Secret values are never shown and not accepted as flags.
	Secret bool
	// Credentials marks a URL that may hold some, which are never shown and not
	// accepted as flags.
	Credentials bool
	// Required settings have no default and must be set (but see Demo).
	Required bool
	// Programs are those which use the setting.
	Programs Program

	field field
}

// Key is the setting's key in the configuration file; the Name is accepted too.
func (s Setting) Key() string { return strings.ToLower(s.Name) }

// Flag is the setting's flag without the dashes, or empty for a secret, which
// has only FileFlag.
func (s Setting) Flag() string {
	if s.Secret {
		return ""
	}
	return flagName(s.Name)
}

// FileName is the variable that names a file with the value, or empty when the
// setting has none.
func (s Setting) FileName() string {
	if !s.Secret && !s.Credentials {
		return ""
	}
	return s.Name + "_FILE"
}

// FileFlag is the flag for FileName, or empty.
func (s Setting) FileFlag() string { return flagName(s.FileName()) }

// usedBy reports whether the program reads the setting.
func (s Setting) usedBy(p Program) bool {
	if p == Demo {
		p = Worker
	}
	return s.Programs&p != 0
}

// names are the setting's name and, if there is one, its file's.
func (s Setting) names() []string {
	if f := s.FileName(); f != "" {
		return []string{s.Name, f}
	}
	return []string{s.Name}
}

func flagName(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}
