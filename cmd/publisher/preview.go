package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/preview"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// previewing are the flags of preview.
type previewing struct {
	out     string
	picture bool
	browser string
	width   int
}

func (a *app) previewCommand() *cobra.Command {
	var p previewing
	cmd := &cobra.Command{
		Use:   "preview FILE|-",
		Short: "Show an event's add-on as an ad's reader would see it",
		Long: `Write one self-contained HTML page that shows the add-on of an event: right to
left, in light and dark, with warnings and faults beside the rows. Identifiers are
shown as they are sent, hashed. It needs no connection, and the page none either.

Of several events each gets a page of its own. With --png a Chromium that is
installed makes a picture of it too.`,
		Example: `  publisher preview event.json                  # writes event.html
  publisher preview --png --width 360 event.json
  publisher preview -o - event.json > page.html
  publisher preview --templates templates/ own-format.json`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error { return a.preview(cmd, args[0], p) },
	}
	cmd.Flags().StringVarP(&p.out, "out", "o", "", "file to write, - for standard output; default: the name of FILE with .html, in this directory")
	cmd.Flags().BoolVar(&p.picture, "png", false, "write a picture beside the page")
	cmd.Flags().StringVar(&p.browser, "browser", "", "Chromium to make the picture with; default: the one that is found")
	cmd.Flags().IntVar(&p.width, "width", 840, "width of the picture in pixels; a phone has about 360")
	return cmd
}

// previewed tells of one page, as JSON.
type previewed struct {
	ID       string            `json:"id,omitempty"`
	Page     string            `json:"page"`
	Picture  string            `json:"picture,omitempty"`
	Valid    bool              `json:"valid"`
	Faults   []widgets.Warning `json:"faults,omitempty"`
	Warnings []widgets.Warning `json:"warnings,omitempty"`
}

func (a *app) preview(cmd *cobra.Command, file string, p previewing) error {
	switch {
	case p.out == "-" && p.picture:
		return cli.Usage(cmd, errors.New("--png writes a file beside the page: give --out the name of a file"))
	case p.width < 200 || p.width > 4000:
		return cli.Usage(cmd, fmt.Errorf("--width is %d, it must be from 200 to 4000", p.width))
	}
	builder, err := a.builder(cmd)
	if err != nil {
		return err
	}
	docs, err := a.readInput(file)
	if err != nil {
		return err
	}
	if p.out == "-" && len(docs) > 1 {
		return cli.Usage(cmd, fmt.Errorf("%d events do not fit into one page: give --out the name of a file", len(docs)))
	}
	var browser string
	if p.picture {
		if browser, err = preview.FindBrowser(p.browser); err != nil {
			return err
		}
	}
	invalid := 0
	for i, d := range docs {
		done, err := a.previewOne(cmd.Context(), builder, d, p, p.pageName(file, i, len(docs)), browser)
		if err != nil {
			return err
		}
		if !done.Valid {
			invalid++
		}
		if a.json && p.out != "-" {
			if err := a.line(done); err != nil {
				return err
			}
		}
	}
	if invalid > 0 {
		return cli.Said()
	}
	return nil
}

// pageName is the file of the i-th of n pages.
func (p previewing) pageName(file string, i, n int) string {
	name := p.out
	if name == "" {
		if file == "-" {
			file = "preview"
		}
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) + ".html"
	}
	if n > 1 {
		ext := filepath.Ext(name)
		name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), i+1, ext)
	}
	return name
}

// pictureTime bounds the start of a browser and its picture.
const pictureTime = time.Minute

func (a *app) previewOne(ctx context.Context, b pipeline.Builder, d document, p previewing, name, browser string) (previewed, error) {
	shown, err := pipeline.Preview{}, d.err
	if err == nil {
		shown, err = b.Preview(d.raw)
	}
	f := finding{document: d, event: shown.Event, warnings: shown.Warnings}
	f.refuse(err)
	page := preview.Page{
		Title: shown.Event.ID, Widgets: shown.Widgets, Semantic: shown.Semantic, Warnings: shown.Warnings, Faults: f.faults,
	}
	if shown.Event.Target != (pipeline.Target{}) {
		page.Target = shown.Event.Target.String()
	}
	html, err := preview.Render(page)
	if err != nil {
		return previewed{}, err
	}
	r := f.record()
	done := previewed{ID: r.ID, Page: name, Valid: r.Valid, Faults: r.Faults, Warnings: r.Warnings}
	for _, l := range f.lines() {
		a.say("%s", l)
	}
	if p.out == "-" {
		return done, a.print("%s", html)
	}
	if err := os.WriteFile(name, html, 0o644); err != nil {
		return done, fmt.Errorf("write the page: %w", err)
	}
	a.say("wrote %s", name)
	if browser == "" {
		return done, nil
	}
	done.Picture = strings.TrimSuffix(name, filepath.Ext(name)) + ".png"
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	picture, err := preview.Screenshot(ctx, browser, html, p.width)
	if err != nil {
		return done, fmt.Errorf("make a picture of %s: %w", name, err)
	}
	if err := os.WriteFile(done.Picture, picture, 0o644); err != nil {
		return done, fmt.Errorf("write the picture: %w", err)
	}
	a.say("wrote %s", done.Picture)
	return done, nil
}
