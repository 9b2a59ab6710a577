package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func followed(t *testing.T, environ ...string) (current func() string, complaints *[]string) {
	t.Helper()
	cfg := load(t, environ)
	complaints = new([]string)
	return cfg.Follow("KENAR_API_KEY", func(err error) { *complaints = append(*complaints, err.Error()) }), complaints
}

// A secret in a file is followed, whether the file is written anew or a link
// to it is swapped, and a bad one never takes the place of a good one.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		link := filepath.Join(dir, "key")
		write := func(name, text string) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		swap := func(to string) {
			if err := os.Symlink(to, link+".new"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(link+".new", link); err != nil {
				t.Fatal(err)
			}
		}
		swap(write("a", "first\n"))
		current, complaints := followed(t, "KENAR_API_KEY_FILE="+link)
		want := func(value string, complained int) {
			t.Helper()
			time.Sleep(followEvery) // virtual
			if got := current(); got != value || len(*complaints) != complained {
				t.Errorf("value %q, complaints %q; want %q and %d", got, *complaints, value, complained)
			}
		}
		want("first", 0)
		swap(write("b", "other"))
		want("other", 0)
		write("b", "other,\u00a0longer")
		want("other", 1) // a no-break space cannot be sent
		want("other", 1) // once
		write("b", "longer")
		want("longer", 1)
		write("b", "\n")
		want("longer", 2)
		if err := os.Remove(filepath.Join(dir, "b")); err != nil {
			t.Fatal(err)
		}
		want("longer", 3)
		for _, c := range *complaints {
			if !strings.Contains(c, "KENAR_API_KEY: "+link) || strings.Contains(c, "longer") || strings.Contains(c, "other") {
				t.Errorf("complaint %q", c)
			}
		}
		write("b", "last")
		if got := current(); got != "longer" {
			t.Errorf("looked at the file again at once: %q", got)
		}
		want("last", 3)
	})
}

func TestFollowValue(t *testing.T) {
	current, complaints := followed(t, "KENAR_API_KEY=fixed")
	if got := current(); got != "fixed" || len(*complaints) != 0 {
		t.Errorf("got %q, %q", got, *complaints)
	}
}
