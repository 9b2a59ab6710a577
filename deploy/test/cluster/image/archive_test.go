package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A layer has the files with their rights, and nothing that changes from one build to
// the next.
func TestLayer(t *testing.T) {
	root := t.TempDir()
	build := func(dir string, at time.Time) []byte {
		t.Helper()
		path := filepath.Join(dir, "bin", "app")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("program"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		layer, err := newLayer(dir)
		if err != nil {
			t.Fatal(err)
		}
		return layer
	}
	layer := build(filepath.Join(root, "one"), time.Unix(1, 0))
	if again := build(filepath.Join(root, "two"), time.Unix(2, 0)); !bytes.Equal(layer, again) {
		t.Error("the same files give another layer")
	}

	type entry struct {
		Name, Content string
		Mode          int64
	}
	var got []entry
	for r := tar.NewReader(bytes.NewReader(layer)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entry{h.Name, string(content), h.Mode})
	}
	want := []entry{{"bin", "", 0o755}, {"bin/app", "program", 0o755}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

// What would be lost on the way is an error.
func TestLayerRefusesLinks(t *testing.T) {
	root := t.TempDir()
	if err := os.Symlink("/etc", filepath.Join(root, "etc")); err != nil {
		t.Fatal(err)
	}
	if _, err := newLayer(root); err == nil {
		t.Error("no error, want one")
	}
}
