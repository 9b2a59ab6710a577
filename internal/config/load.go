package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// fromDefault is the source of values that were not set.
const fromDefault = "default"

// Load reads the configuration of a program from the parsed flags, on which
// Register was called, and from environ, which has the form of [os.Environ]. A
// nil flag set is one with nothing set.
//
// The checks, by the name of a setting, run on its text in addition to the
// setting's own; their errors say what is allowed and, for a secret, must not
// quote it. A check of a setting that the program does not use does not run.
//
// The error joins a [*Problem] for everything that is wrong, so that it can be
// put right in one go. The Config is of no use then.
func Load(flags *pflag.FlagSet, environ []string, p Program, checks map[string]func(string) error) (Config, error) {
	l := &loader{program: p, checks: checks, settings: Table(), failed: make(map[string]bool), paths: make(map[string]string)}
	l.config.origins = make(map[string]origin)
	if flags == nil {
		flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	l.open(flags, environ)
	for _, s := range l.settings {
		l.load(s)
	}
	l.checkNames()
	l.checkTogether()
	if err := errors.Join(l.problems...); err != nil {
		return Config{}, err
	}
	l.config.warnings = append(typos(environ, l.settings), l.doubts()...)
	return l.config, nil
}

// A loader fills a Config and collects what is wrong on the way.
type loader struct {
	program  Program
	checks   map[string]func(string) error
	settings []Setting
	sources  sources

	config   Config
	problems []error
	failed   map[string]bool   // settings with a problem of their own
	paths    map[string]string // of the files that hold settings
}

func (l *loader) problem(p *Problem) {
	l.problems = append(l.problems, p)
	l.failed[p.Setting] = true
}

// open collects the sources.
func (l *loader) open(flags *pflag.FlagSet, environ []string) {
	add := func(s source, err error) {
		if err != nil {
			l.problems = append(l.problems, err)
			return
		}
		l.sources = append(l.sources, s)
	}
	add(flagSource(flags, l.settings))
	add(environSource(environ, l.settings))
	if f := flags.Lookup(configFlag); f != nil && f.Value.String() != "" {
		s, problems, err := fileSource(f.Value.String(), l.settings)
		if err != nil {
			err = &Problem{Setting: "--" + configFlag, Value: f.Value.String(), Reason: err.Error()}
		}
		add(s, err)
		l.problems = append(l.problems, problems...)
	}
	add(defaultSource(l.settings))

	for _, s := range l.settings {
		if s.Secret && flags.Changed(flagName(s.Name)) {
			l.problem(&Problem{Setting: s.Name, Source: "flag --" + flagName(s.Name),
				Reason: fmt.Sprintf("a secret is not taken from the command line, which others can read; use --%s, or the variable %s or %s", s.FileFlag(), s.Name, s.FileName())})
		}
	}
}

// load sets the field of one setting. A program gets the defaults of settings
// that it does not use, whatever was set: a file may serve several programs.
func (l *loader) load(s Setting) {
	if !s.usedBy(l.program) {
		if s.Default != "" {
			l.store(s, s.Default, fromDefault)
		}
		return
	}
	value, from, err := l.value(s)
	switch {
	case err != nil:
		l.problem(err)
	case value != "":
		l.store(s, value, from)
	case s.Required && l.program != Demo && !l.failed[s.Name]:
		l.problem(&Problem{Setting: s.Name, Reason: fmt.Sprintf("not set; set the variable %s, or %s to the name of a file that holds it", s.Name, s.FileName())})
	}
}

// value is the text of a setting, from the place itself or from a file that is
// named there.
func (l *loader) value(s Setting) (value, from string, problem *Problem) {
	value, from, ok := l.sources.find(s.Name)
	if s.FileName() == "" {
		return value, from, nil
	}
	path, pathFrom, inFile := l.sources.find(s.FileName())
	if !inFile {
		return value, from, nil
	}
	if ok {
		return "", "", &Problem{Setting: s.Name, Source: from + " and " + pathFrom,
			Reason: fmt.Sprintf("set both by value and by file; keep one of %s and %s", s.Name, s.FileName())}
	}
	pathFrom += " = " + path
	b, err := readFile(path)
	if err != nil {
		return "", "", &Problem{Setting: s.Name, Source: pathFrom, Reason: err.Error()}
	}
	value = strings.TrimSpace(string(b))
	if value == "" {
		return "", "", &Problem{Setting: s.Name, Source: pathFrom, Reason: "the file is empty; it must hold the value"}
	}
	l.paths[s.Name] = path
	return value, pathFrom, nil
}

// store parses a value into its field and runs the caller's check.
func (l *loader) store(s Setting, value, from string) {
	err := s.field.parse(&l.config, value)
	if check := l.checks[s.Name]; err == nil && check != nil && s.usedBy(l.program) {
		err = check(value)
	}
	switch {
	case err != nil:
		l.problem(&Problem{Setting: s.Name, Source: from, Value: quotable(s, value), Reason: err.Error()})
	case s.Credentials && from == "flag --"+s.Flag() && hasCredentials(value):
		l.problem(&Problem{Setting: s.Name, Source: from, Value: quotable(s, value),
			Reason: fmt.Sprintf("a user or a password is not taken from the command line, which others can read; use --%s, or the variable %s", s.FileFlag(), s.Name)})
	default:
		l.config.origins[s.Name] = origin{source: from, shown: s.field.show(&l.config), path: l.paths[s.Name]}
	}
}

// quotable is as much of a value as may be shown.
func quotable(s Setting, value string) string {
	switch {
	case s.Secret, strings.Contains(strings.ToUpper(value), ageIdentity):
		return ""
	case s.Credentials:
		return maskURLs(value)
	}
	return value
}

// checkNames reports checks of settings that do not exist.
func (l *loader) checkNames() {
	for _, name := range slices.Sorted(maps.Keys(l.checks)) {
		if !slices.ContainsFunc(l.settings, func(s Setting) bool { return s.Name == name }) {
			l.problem(&Problem{Setting: name, Reason: "there is a check of it, but no such setting"})
		}
	}
}
