package charttest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	corev1 "k8s.io/api/core/v1"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write what the tests compare with")

const chartDir = "../helm"

// A release is the chart with values, as Helm would install it.
type release struct {
	name      string // "kenar" if empty
	namespace string // "shop" if empty
	values    map[string]any
}

// An object is one of a release, with the template it comes from.
type object struct {
	template string
	text     []byte
	tree     map[string]any
}

// render is all objects of the release, hooks too, and its notes.
func (r release) render() ([]object, string, error) {
	if r.name == "" {
		r.name = "kenar"
	}
	if r.namespace == "" {
		r.namespace = "shop"
	}
	c, err := loader.Load(chartDir)
	if err != nil {
		return nil, "", err
	}
	caps := common.DefaultCapabilities.Copy()
	values, err := util.ToRenderValues(c, r.values, common.ReleaseOptions{Name: r.name, Namespace: r.namespace, IsInstall: true, Revision: 1}, caps)
	if err != nil {
		return nil, "", err
	}
	files, err := engine.Engine{Strict: true}.RenderWithContext(context.Background(), c, values)
	if err != nil {
		return nil, "", err
	}
	var all []object
	var notes string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		short := strings.TrimPrefix(name, c.Name()+"/templates/")
		if short == "NOTES.txt" {
			notes = files[name]
			continue
		}
		docs := kubeyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(files[name])))
		for {
			text, err := docs.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, "", err
			}
			o := object{template: short, text: text}
			if err := yaml.UnmarshalStrict(text, &o.tree); err != nil {
				return nil, "", errors.Join(errors.New(short), err)
			}
			if len(o.tree) > 0 { // else only comments
				all = append(all, o)
			}
		}
	}
	return all, notes, nil
}

// installed renders what must render.
func (r release) installed(t *testing.T) []object {
	t.Helper()
	all, _, err := r.render()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("the release has no objects")
	}
	return all
}

func (o object) kind() string { return str(o.tree, "kind") }
func (o object) name() string { return str(o.tree, "metadata", "name") }
func (o object) String() string {
	return o.template + ": " + o.kind() + " " + o.name()
}

// hook is when Helm makes the object, "" when it is part of the release.
func (o object) hook() string { return str(o.tree, "metadata", "annotations", "helm.sh/hook") }

// pod is the pod that the object makes; nil when it makes none.
func (o object) pod(t *testing.T) *corev1.PodTemplateSpec {
	t.Helper()
	var tree any
	switch o.kind() {
	case "Pod":
		tree = map[string]any{"metadata": o.tree["metadata"], "spec": o.tree["spec"]}
	case "Deployment", "StatefulSet", "Job":
		tree = at(o.tree, "spec", "template")
	case "CronJob":
		tree = at(o.tree, "spec", "jobTemplate", "spec", "template")
	default:
		return nil
	}
	text, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	pod := new(corev1.PodTemplateSpec)
	if err := yaml.UnmarshalStrict(text, pod); err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	return pod
}

// find is the one object of a kind and a name.
func find(t *testing.T, all []object, kind, name string) object {
	t.Helper()
	for _, o := range all {
		if o.kind() == kind && o.name() == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return object{}
}

// at is what lies under the keys, nil when there is nothing.
func at(tree any, keys ...string) any {
	for _, key := range keys {
		m, _ := tree.(map[string]any)
		tree = m[key]
	}
	return tree
}

func str(tree any, keys ...string) string {
	s, _ := at(tree, keys...).(string)
	return s
}

// parse reads values as they are written in a file, or in a test.
func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	values := make(map[string]any)
	if err := yaml.UnmarshalStrict([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// cases are the values with which everything is checked.
func cases(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir, "ci", "*-values.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no values in ci/: %v", err)
	}
	all := make(map[string]map[string]any)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), "-values.yaml")] = parse(t, string(text))
	}
	return all
}

// minimal is the least that can be installed, with more values on top.
func minimal(t *testing.T, more string) map[string]any {
	t.Helper()
	return util.CoalesceTables(parse(t, more), cases(t)["minimal"])
}

func chartOf(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// compare compares a file with what it should hold, and writes it with -update.
func compare(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not up to date: run go test ./... -update in deploy/test", file)
	}
}
