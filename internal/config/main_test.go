package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
)

// flags is a program's flag set that has parsed args.
func flags(t *testing.T, p Program, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet(p.String(), pflag.ContinueOnError)
	Register(fs, p)
	if err := fs.Parse(args); err != nil {
		t.Fatalf("parse %q: %v", args, err)
	}
	return fs
}

// tempFile writes a file of the test and returns its path.
func tempFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads the configuration of a demo, which requires nothing.
func load(t *testing.T, environ []string, args ...string) Config {
	t.Helper()
	c, err := Load(flags(t, Demo, args...), environ, Demo, nil)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}
