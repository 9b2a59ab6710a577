package preview

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// screenshotTime is how long one screenshot may take, the start of the
	// browser included.
	screenshotTime = 60 * time.Second
	// maxPixels is the largest side of a picture that Chromium can make.
	maxPixels = 16384
	// minWidth and maxWidth bound the width of a page in CSS pixels.
	minWidth, maxWidth = 240, 4096
)

// Screenshot is a picture (PNG) of a whole page of Render, as wide as width in
// CSS pixels, taken with the Chromium of that path (see FindBrowser). Two pixels
// stand for one of CSS, or one when the page is too long for that. From a width
// of 800 both themes are seen, below it the light one.
//
// It starts a browser of its own, with a fresh profile, and takes a second or
// two; after a minute it gives up.
func Screenshot(ctx context.Context, browser string, html []byte, width int) ([]byte, error) {
	return screenshot(ctx, browser, html, width, "light")
}

func screenshot(ctx context.Context, path string, html []byte, width int, theme string) ([]byte, error) {
	var png []byte
	err := browse(ctx, path, html, width, theme, func(ctx context.Context, t *tab) (err error) {
		png, err = t.screenshot(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take a picture of the preview: %w", err)
	}
	return png, nil
}

// browse opens a page in a new browser, for as long as look runs.
func browse(ctx context.Context, path string, html []byte, width int, theme string, look func(context.Context, *tab) error) error {
	if width < minWidth || width > maxWidth {
		return fmt.Errorf("a width of %d pixels, must be from %d to %d", width, minWidth, maxWidth)
	}
	ctx, cancel := context.WithTimeout(ctx, screenshotTime)
	defer cancel()
	b, err := startBrowser(ctx, path)
	if err != nil {
		return err
	}
	t, err := b.open(ctx, html, width, theme)
	if err == nil {
		err = look(ctx, t)
	}
	b.close()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s did not finish in time (%v at most): %w", path, screenshotTime, ctx.Err())
	}
	return b.explain(err)
}

// A tab is one page open in a browser.
type tab struct {
	*browser
	session string
	width   int
}

// open loads the page in a new tab as wide as width, for somebody who prefers
// the theme.
func (b *browser) open(ctx context.Context, html []byte, width int, theme string) (*tab, error) {
	url, err := b.pageFile(html)
	if err != nil {
		return nil, err
	}
	var target struct{ TargetID string }
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	var attached struct{ SessionID string }
	attach := map[string]any{"targetId": target.TargetID, "flatten": true}
	if err := b.call(ctx, "", "Target.attachToTarget", attach, &attached); err != nil {
		return nil, err
	}
	t := &tab{browser: b, session: attached.SessionID, width: width}
	loaded := b.event("Page.loadEventFired")
	for _, command := range []request{
		{Method: "Page.enable"},
		{Method: "Emulation.setDeviceMetricsOverride", Params: map[string]any{"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": false}},
		{Method: "Emulation.setEmulatedMedia", Params: map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": theme}}}},
		{Method: "Page.navigate", Params: map[string]any{"url": url}},
	} {
		if err := b.call(ctx, t.session, command.Method, command.Params, nil); err != nil {
			return nil, err
		}
	}
	select {
	case <-loaded:
		return t, nil
	case <-b.gone:
		return nil, fmt.Errorf("load the page: %w", errGone)
	case <-ctx.Done():
		return nil, fmt.Errorf("load the page: %w", ctx.Err())
	}
}

func (t *tab) screenshot(ctx context.Context) ([]byte, error) {
	var layout struct {
		CSSContentSize struct{ Height float64 }
	}
	if err := t.call(ctx, t.session, "Page.getLayoutMetrics", nil, &layout); err != nil {
		return nil, err
	}
	height := int(layout.CSSContentSize.Height)
	scale := 1.0 // of the two pixels the tab has for one of CSS
	switch {
	case height > maxPixels:
		return nil, fmt.Errorf("the page is %d pixels long, at most %d can be in a picture; look at the HTML page", height, maxPixels)
	case 2*height > maxPixels || 2*t.width > maxPixels:
		scale = 0.5
	}
	var picture struct{ Data []byte }
	err := t.call(ctx, t.session, "Page.captureScreenshot", map[string]any{
		"format":                "png",
		"captureBeyondViewport": true,
		"clip":                  map[string]any{"x": 0, "y": 0, "width": t.width, "height": height, "scale": scale},
	}, &picture)
	return picture.Data, err
}
