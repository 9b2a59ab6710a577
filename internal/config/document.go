package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A document is a configuration file: a YAML map of settings to plain values. It
// is the koanf parser of the file, and remembers what koanf has no place for:
// the line of each value, and everything wrong with the file.
type document struct {
	path     string
	names    []string // that may occur, in upper case
	lines    map[string]int
	problems []error
}

// Unmarshal returns the text of each known setting as it is written, so that a
// value means the same in a file as in a variable.
func (d *document) Unmarshal(b []byte) (map[string]any, error) {
	d.lines = make(map[string]int)
	values := make(map[string]any)
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return nil, d.invalid(err)
	}
	if root.Kind == 0 {
		return values, nil // an empty file
	}
	top := root.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return values, nil
	}
	if top.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: want a map of settings, such as kenar_timeout: 15s", top.Line)
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		d.add(values, top.Content[i], top.Content[i+1])
	}
	return values, nil
}

// Marshal is there for koanf's interface; nothing here writes files.
func (d *document) Marshal(map[string]any) ([]byte, error) {
	return nil, fmt.Errorf("write %s: %w", d.path, errors.ErrUnsupported)
}

func (d *document) add(values map[string]any, key, value *yaml.Node) {
	name := strings.ToUpper(key.Value)
	if !slices.Contains(d.names, name) {
		// What follows an equals sign is a value in the wrong syntax.
		key.Value, _, _ = strings.Cut(key.Value, "=")
		d.reject(key, "unknown setting; "+advice(key.Value, d.names))
		return
	}
	if first, ok := d.lines[name]; ok {
		d.reject(key, fmt.Sprintf("set before in line %d; keep one of the two", first))
		return
	}
	for value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	if value.Kind != yaml.ScalarNode {
		d.reject(key, "want one plain value, not a list or a map")
		return
	}
	d.lines[name] = key.Line
	if value.Tag != "!!null" {
		values[name] = value.Value
	}
}

func (d *document) reject(key *yaml.Node, reason string) {
	d.problems = append(d.problems, &Problem{Setting: key.Value, Source: fmt.Sprintf("%s:%d", d.path, key.Line), Reason: reason})
}

// source is where the value of a setting stands.
func (d *document) source(name string) string {
	return fmt.Sprintf("%s:%d", d.path, d.lines[name])
}

var yamlLine = regexp.MustCompile(`line \d+`)

// invalid is a syntax error cut down to its line: the rest can quote the file,
// and the file can hold secrets.
func (d *document) invalid(err error) error {
	where := ""
	if line := yamlLine.FindString(err.Error()); line != "" {
		where = " near " + line
	}
	return fmt.Errorf("not valid YAML%s; want lines such as kenar_timeout: 15s, and quotes around a value with special characters", where)
}

// advice is what to do about a key that is no setting's.
func advice(key string, names []string) string {
	if name := closest(key, names); name != "" {
		return "did you mean " + strings.ToLower(name) + "?"
	}
	return "remove it"
}
