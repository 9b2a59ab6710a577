package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoBrowser means that no Chromium was found.
var ErrNoBrowser = errors.New("no Chromium found")

// browsers are the names under which Chromium and its relatives are installed.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless-shell"}

// FindBrowser is the path of a Chromium: of the named program, a path or a name
// on the PATH, or, when that is "", of the first of the usual names that is
// installed. The error wraps ErrNoBrowser.
func FindBrowser(named string) (string, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("%w: %w; name the program of a Chromium or Chrome", ErrNoBrowser, err)
		}
		return path, nil
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w (looked for %s on the PATH); install one, or use the HTML page as it is", ErrNoBrowser, strings.Join(browsers, ", "))
}

// closing is how long a browser may take to end by itself.
const closing = 5 * time.Second

// A browser is a running Chromium without a window, with a profile of its own
// that nobody has used and nobody will.
type browser struct {
	*devtools
	cmd     *exec.Cmd
	profile string
	stderr  *bytes.Buffer
}

// startBrowser starts a Chromium, which runs until close or until the context
// ends.
func startBrowser(ctx context.Context, path string) (*browser, error) {
	profile, err := os.MkdirTemp("", "kenar-preview-")
	if err != nil {
		return nil, fmt.Errorf("make a profile for the browser: %w", err)
	}
	b := &browser{profile: profile, stderr: new(bytes.Buffer)}
	if err := b.start(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", path, err), os.RemoveAll(profile))
	}
	return b, nil
}

func (b *browser) start(ctx context.Context, path string) error {
	// The browser reads commands from its file 3 and answers on its file 4.
	commandsRead, commands, err := os.Pipe()
	if err != nil {
		return err
	}
	defer commandsRead.Close()
	answers, answersWrite, err := os.Pipe()
	if err != nil {
		return errors.Join(err, commands.Close())
	}
	defer answersWrite.Close()

	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + b.profile,
		"--no-first-run", "--no-default-browser-check", "--disable-gpu", "--hide-scrollbars", "--mute-audio",
		"--disable-extensions", "--disable-sync", "--disable-component-update", "--disable-background-networking",
		"--disable-default-apps", "--disable-domain-reliability", "--metrics-recording-only", "--no-pings",
		// Containers give /dev/shm little room.
		"--disable-dev-shm-usage",
		// The page needs no network; this makes sure of the browser too.
		"--host-resolver-rules=MAP * ~NOTFOUND",
	}
	if os.Geteuid() == 0 {
		// Chromium refuses to run its sandbox as root. What it shows is a page
		// of ours that holds no script.
		args = append(args, "--no-sandbox")
	}
	b.cmd = exec.CommandContext(ctx, path, args...)
	b.cmd.ExtraFiles = []*os.File{commandsRead, answersWrite}
	b.cmd.Stderr = b.stderr
	b.cmd.WaitDelay = closing
	if err := b.cmd.Start(); err != nil {
		return errors.Join(err, commands.Close(), answers.Close())
	}
	b.devtools = newDevtools(commands, answers)
	return nil
}

// close ends the browser and removes its profile.
func (b *browser) close() {
	timer := time.AfterFunc(closing, func() { _ = b.cmd.Process.Kill() })
	defer timer.Stop()
	// It goes away while it answers, so there is nothing to learn from errors.
	_ = b.send(request{Method: "Browser.close"})
	// Its children share its standard error, so that this waits for them too.
	_ = b.cmd.Wait()
	b.devtools.close()
	_ = os.RemoveAll(b.profile)
}

// explain adds to an error what the browser said last, which tells why it ended.
// It is for use after close.
func (b *browser) explain(err error) error {
	if err == nil || !errors.Is(err, errGone) {
		return err
	}
	lines := strings.Split(strings.TrimSpace(b.stderr.String()), "\n")
	last := shorten(lines[len(lines)-1], 300)
	if strings.Contains(b.stderr.String(), "No usable sandbox") {
		last = "it cannot set up its sandbox here; allow it user namespaces"
	}
	if last == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, last)
}

// pageFile writes the page where the browser can open it.
func (b *browser) pageFile(html []byte) (url string, err error) {
	path := filepath.Join(b.profile, "page.html")
	if err := os.WriteFile(path, html, 0o600); err != nil {
		return "", fmt.Errorf("write the page for the browser: %w", err)
	}
	return "file://" + filepath.ToSlash(path), nil
}
