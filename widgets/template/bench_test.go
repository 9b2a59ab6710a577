package template_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// BenchmarkRender renders the events of testdata.
func BenchmarkRender(b *testing.B) {
	set, err := template.Load(os.DirFS("testdata/directory"))
	if err != nil {
		b.Fatal(err)
	}
	for _, eventType := range set.Types() {
		event, err := os.ReadFile(filepath.Join("testdata", "events", eventType+".json"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(eventType, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(event)))
			for b.Loop() {
				if _, err := set.Render(b.Context(), eventType, event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLoad reads and compiles two templates.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := template.Load(os.DirFS("testdata/directory")); err != nil {
			b.Fatal(err)
		}
	}
}
