package charttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/printer"
	"sigs.k8s.io/yaml"
)

// The suites in tests/ of the chart, for "helm unittest", which renders with the engine
// of Helm 3; all other tests here do with that of Helm 4.
func TestSuites(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(chartDir, "tests", "*_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tests := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var suite struct {
			Tests []struct{ It string } `json:"tests"`
		}
		if err := yaml.Unmarshal(text, &suite); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		tests += len(suite.Tests)
	}
	if tests < 30 { // none at all would pass
		t.Fatalf("%d tests in %d suites, want all", tests, len(files))
	}
	var out strings.Builder
	plain := false
	runner := unittest.TestRunner{
		Printer:   printer.NewPrinter(&out, &plain),
		TestFiles: []string{"tests/*_test.yaml"},
		Strict:    true,
	}
	dir := t.TempDir() // it leaves a directory for snapshots beside the suites
	if err := os.CopyFS(dir, os.DirFS(chartDir)); err != nil {
		t.Fatal(err)
	}
	if !runner.RunV3([]string{dir}) {
		t.Error(out.String())
	}
}
