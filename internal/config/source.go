package config

import (
	"fmt"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// noPath keeps koanf from taking names apart: none holds this character.
const noPath = "\x00"

// A source is one of the places that values come from.
type source struct {
	values *koanf.Koanf
	// describe says where in the source the value of a name is.
	describe func(name string) string
}

// sources are all of them, the strongest first.
type sources []source

// find is the value of a name and where it came from.
func (ss sources) find(name string) (value, from string, ok bool) {
	for _, s := range ss {
		if v := strings.TrimSpace(s.values.String(name)); v != "" {
			return v, s.describe(name), true
		}
	}
	return "", "", false
}

// flagSource is what was given on the command line.
func flagSource(flags *pflag.FlagSet, settings []Setting) (source, error) {
	names := make(map[string]string)
	for _, s := range settings {
		for _, name := range s.names() {
			names[flagName(name)] = name
		}
	}
	k := koanf.New(noPath)
	// Without a Koanf to compare with, the provider leaves out flags that were
	// not given; an empty key leaves out those that are no settings.
	err := k.Load(posflag.ProviderWithValue(flags, noPath, nil, func(flag, value string) (string, any) {
		return names[flag], value
	}), nil)
	return source{k, func(name string) string { return "flag --" + flagName(name) }}, err
}

// environSource is what the variables in environ, "NAME=value" each, say.
func environSource(environ []string, settings []Setting) (source, error) {
	set := make(map[string]string)
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		set[name] = value
	}
	values := make(map[string]any)
	for _, s := range settings {
		for _, name := range s.names() {
			if v, ok := set[name]; ok {
				values[name] = v
			}
		}
	}
	k := koanf.New(noPath)
	err := k.Load(confmap.Provider(values, ""), nil)
	return source{k, func(name string) string { return "env " + name }}, err
}

// fileSource is what the configuration file says; the problems are those of its
// single lines.
func fileSource(path string, settings []Setting) (_ source, problems []error, _ error) {
	doc := &document{path: path}
	for _, s := range settings {
		doc.names = append(doc.names, s.names()...)
	}
	k := koanf.New(noPath)
	if _, err := readFile(path); err != nil {
		return source{}, nil, err
	}
	if err := k.Load(file.Provider(path), doc); err != nil {
		return source{}, nil, err
	}
	return source{k, doc.source}, doc.problems, nil
}

// defaultSource is what the table says.
func defaultSource(settings []Setting) (source, error) {
	values := make(map[string]any)
	for _, s := range settings {
		values[s.Name] = s.Default
	}
	k := koanf.New(noPath)
	err := k.Load(confmap.Provider(values, ""), nil)
	return source{k, func(string) string { return fromDefault }}, err
}

// typos are the variables that look like slips of the pen for one of ours. Only
// those that start like ours count, because the environment is everybody's.
func typos(environ []string, settings []Setting) []string {
	var names []string
	for _, s := range settings {
		names = append(names, s.names()...)
	}
	var found []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "KENAR_") {
			continue
		}
		if like := closest(name, names); like != "" && like != name {
			found = append(found, fmt.Sprintf("the environment variable %s is not used; did you mean %s?", name, like))
		}
	}
	return found
}
