// Command schemagen writes JSON schemas of Kubernetes objects into a directory, for
// checks that need no cluster and no network: strict ones, in which an unknown field is a
// fault. It takes them from what Kubernetes, the Prometheus operator and KEDA publish with
// their sources, which the Go module proxy has.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The sources, with the hashes of their modules as in a go.sum: here is no go.mod
// that would keep them.
var (
	kubernetes = module{"k8s.io/kubernetes@v1.36.3", "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o="}
	prometheus = module{"github.com/prometheus-operator/prometheus-operator@v0.85.0", "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s="}
	keda       = module{"github.com/kedacore/keda/v2@v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps="}
)

type module struct{ version, sum string }

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemagen DIRECTORY")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	// Written beside and moved at the end, so that a directory that is there is whole.
	temp, err := os.MkdirTemp(filepath.Dir(dir), "schemas-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	source, err := kubernetes.download()
	if err == nil {
		err = writeBuiltins(temp, filepath.Join(source, "api", "openapi-spec", "swagger.json"))
	}
	if err != nil {
		return err
	}
	for _, crds := range []struct {
		of  module
		dir string
	}{
		{prometheus, "example/prometheus-operator-crd"},
		{keda, "config/crd/bases"},
	} {
		source, err := crds.of.download()
		if err == nil {
			err = writeCRDs(temp, filepath.Join(source, filepath.FromSlash(crds.dir)))
		}
		if err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(temp, dir)
}

// download fetches a module, or finds it in the cache, and returns its directory.
func (m module) download() (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", m.version)
	cmd.Dir = os.TempDir() // outside of any module
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var got struct{ Dir, Sum, Error string }
	if json.Unmarshal(out, &got) == nil && got.Error != "" {
		err = errors.New(got.Error)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("download %s: %w", m.version, err)
	case got.Sum != m.sum:
		return "", fmt.Errorf("download %s: its hash is %s, want %s; it is not what was reviewed", m.version, got.Sum, m.sum)
	}
	return got.Dir, nil
}

// A groupVersionKind is how an object names its type.
type groupVersionKind struct{ Group, Version, Kind string }

// file is the name by which a validator finds the schema.
func (g groupVersionKind) file() string {
	name := g.Kind + "-" + g.Version
	if group, _, _ := strings.Cut(g.Group, "."); group != "" {
		name = g.Kind + "-" + group + "-" + g.Version
	}
	return strings.ToLower(name) + ".json"
}

// writeBuiltins writes a schema for each kind of Kubernetes itself. They refer to
// one file of definitions.
func writeBuiltins(dir, swagger string) error {
	text, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var doc struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("read %s: %w", swagger, err)
	}
	for name, def := range doc.Definitions {
		if _, given := def["properties"]; given {
			seal(def)
		}
		switch {
		case strings.HasSuffix(name, ".intstr.IntOrString"):
			doc.Definitions[name] = map[string]any{"oneOf": []any{map[string]any{"type": "string"}, map[string]any{"type": "integer"}}}
		case strings.HasSuffix(name, ".resource.Quantity"):
			doc.Definitions[name] = map[string]any{"oneOf": []any{map[string]any{"type": "string"}, map[string]any{"type": "number"}}}
		}
	}
	if err := write(dir, "definitions.json", doc); err != nil {
		return err
	}
	for name, def := range doc.Definitions {
		kinds, err := json.Marshal(def["x-kubernetes-group-version-kind"])
		if err != nil {
			return err
		}
		var of []groupVersionKind
		if err := json.Unmarshal(kinds, &of); err != nil || len(of) != 1 { // several: options of a call, no object
			continue
		}
		if err := write(dir, of[0].file(), map[string]any{"$ref": "definitions.json#/definitions/" + name}); err != nil {
			return err
		}
	}
	return nil
}

// writeCRDs writes a schema for each version of each custom resource.
func writeCRDs(dir, from string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no definitions of custom resources in %s", from)
	}
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var crd struct {
				Kind string
				Spec struct {
					Group    string
					Names    struct{ Kind string }
					Versions []struct {
						Name   string
						Schema struct {
							OpenAPI map[string]any `yaml:"openAPIV3Schema"`
						}
					}
				}
			}
			if err := d.Decode(&crd); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return fmt.Errorf("read %s: %w", file, err)
			}
			if crd.Kind != "CustomResourceDefinition" {
				continue
			}
			for _, v := range crd.Spec.Versions {
				sealAll(v.Schema.OpenAPI)
				of := groupVersionKind{crd.Spec.Group, v.Name, crd.Spec.Names.Kind}
				if err := write(dir, of.file(), v.Schema.OpenAPI); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// seal refuses properties that are not described.
func seal(schema map[string]any) {
	if _, said := schema["additionalProperties"]; !said {
		schema["additionalProperties"] = false
	}
}

// sealAll seals every object within a schema that has properties, and turns what
// JSON Schema does not know into what it does.
func sealAll(node any) {
	switch node := node.(type) {
	case map[string]any:
		if _, given := node["properties"].(map[string]any); given && node["x-kubernetes-preserve-unknown-fields"] != true {
			seal(node)
		}
		if node["x-kubernetes-int-or-string"] == true {
			delete(node, "type")
		}
		for _, child := range node {
			sealAll(child)
		}
	case []any:
		for _, child := range node {
			sealAll(child)
		}
	}
}

func write(dir, name string, schema any) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), text, 0o644)
}
