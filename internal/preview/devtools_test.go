package preview

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// fakeBrowser answers each request with what answer makes of it, and ends when
// that is "".
func fakeBrowser(t *testing.T, answer func(request) string) *devtools {
	t.Helper()
	commandsRead, commands := io.Pipe()
	answers, answersWrite := io.Pipe()
	var group sync.WaitGroup
	group.Go(func() {
		defer answersWrite.Close()
		defer commandsRead.Close()
		s := bufio.NewScanner(commandsRead)
		s.Split(splitMessages)
		for s.Scan() {
			var r request
			if err := json.Unmarshal(s.Bytes(), &r); err != nil {
				t.Errorf("got %q: %v", s.Bytes(), err)
				return
			}
			text := answer(r)
			if text == "" {
				return
			}
			if _, err := io.WriteString(answersWrite, text+"\x00"); err != nil {
				return
			}
		}
	})
	d := newDevtools(commands, answers)
	t.Cleanup(func() {
		d.close()
		group.Wait()
	})
	return d
}

func TestDevtoolsCall(t *testing.T) {
	d := fakeBrowser(t, func(r request) string {
		switch r.Method {
		case "refuse":
			return `{"id": 1, "error": {"code": -32601, "message": "no such method"}}`
		case "late":
			return `{"id": 99, "result": {}}` + "\x00" + `{"method": "Page.loadEventFired", "params": {}}` + "\x00" + `{"id": 2, "result": {"a": 7}}`
		}
		return ""
	})
	ctx := t.Context()

	err := d.call(ctx, "", "refuse", nil, nil)
	if err == nil || err.Error() != "refuse: the browser answered: no such method" {
		t.Errorf("a refused command: %v", err)
	}
	loaded := d.event("Page.loadEventFired")
	var result struct{ A int }
	if err := d.call(ctx, "session", "late", map[string]int{"x": 1}, &result); err != nil || result.A != 7 {
		t.Errorf("got %+v, %v", result, err)
	}
	select {
	case <-loaded:
	default:
		t.Error("the event was not reported")
	}
	if err := d.call(ctx, "", "end", nil, nil); !errors.Is(err, errGone) {
		t.Errorf("a browser that ends: %v", err)
	}
	if err := d.call(ctx, "", "again", nil, nil); !errors.Is(err, errGone) {
		t.Errorf("a browser that has ended: %v", err)
	}
}

func TestDevtoolsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := fakeBrowser(t, func(request) string {
		cancel()
		return `{"method": "Something.else"}`
	})
	if err := d.call(ctx, "", "wait", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// script installs an executable shell script and returns its directory.
func script(t *testing.T, name, text string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFindBrowser(t *testing.T) {
	dir := script(t, "google-chrome", "exit 0\n")
	t.Setenv("PATH", dir)
	want := filepath.Join(dir, "google-chrome")
	for _, named := range []string{"", "google-chrome", want} {
		if got, err := FindBrowser(named); err != nil || got != want {
			t.Errorf("FindBrowser(%q) = %q, %v", named, got, err)
		}
	}
	if _, err := FindBrowser("my-chromium"); !errors.Is(err, ErrNoBrowser) || !strings.Contains(err.Error(), "my-chromium") {
		t.Errorf("a browser that is not there: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := FindBrowser(""); !errors.Is(err, ErrNoBrowser) || !strings.Contains(err.Error(), "install one") {
		t.Errorf("no browser at all: %v", err)
	}
}

// A program that is no browser, or cannot run, is told from what it says.
func TestScreenshotFailures(t *testing.T) {
	dir := script(t, "chromium", "echo 'cannot open shared object file' >&2\nexit 127\n")
	t.Setenv("TMPDIR", t.TempDir())
	path := filepath.Join(dir, "chromium")
	tests := []struct {
		name, browser string
		width         int
		want          string
	}{
		{"ends at once", path, 360, "the browser ended unexpectedly"},
		{"is not there", path + "-missing", 360, "no such file"},
		{"too narrow", path, 10, "a width of 10 pixels, must be from 240 to 4096"},
		{"too wide", path, 10000, "a width of 10000 pixels, must be from 240 to 4096"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Screenshot(t.Context(), tt.browser, []byte("<p>"), tt.width)
			if err == nil || !strings.HasPrefix(err.Error(), "take a picture of the preview: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if tt.name == "ends at once" && !strings.HasSuffix(err.Error(), ": cannot open shared object file") {
				t.Errorf("the error does not say why: %v", err)
			}
			if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
