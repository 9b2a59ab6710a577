package preview

import (
	"bytes"
	"context"
	stdimage "image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// chromium is the browser of this machine. Without one, its test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path, err := FindBrowser("")
	if err != nil {
		t.Skip(err)
	}
	return path
}

func TestScreenshot(t *testing.T) {
	path := chromium(t)
	html, err := Render(specimen())
	if err != nil {
		t.Fatal(err)
	}
	picture := func(width int, theme string) stdimage.Image {
		t.Helper()
		data, err := screenshot(t.Context(), path, html, width, theme)
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	light, dark, wide := picture(360, "light"), picture(360, "dark"), picture(900, "light")

	for name, m := range map[string]stdimage.Image{"light": light, "dark": dark} {
		size := m.Bounds().Size()
		if size.X != 720 {
			t.Errorf("%s is %d pixels wide, want two for each of 360", name, size.X)
		}
		// Twenty-three rows of 40 at least.
		if size.Y < 2*23*40 {
			t.Errorf("%s is %d pixels high: it is not the whole page", name, size.Y)
		}
		if n := len(colours(m)); n < 50 {
			t.Errorf("%s has %d colours: it is blank", name, n)
		}
	}
	if l, d := brightness(light), brightness(dark); l < 180 || d > 90 {
		t.Errorf("the brightness is %d in light and %d in dark, from 0 to 255", l, d)
	}
	// Side by side on a wide screen: the left half is light, the right dark.
	half := wide.Bounds().Dx() / 2
	middle := wide.Bounds().Dy() / 2
	left := stdimage.Rect(0, middle, half, middle+200)
	right := left.Add(stdimage.Pt(half, 0))
	if l, r := brightness(part(wide, left)), brightness(part(wide, right)); l < r+60 {
		t.Errorf("the brightness is %d on the left and %d on the right; want light beside dark", l, r)
	}
}

// Nothing is wider than a phone, whatever the texts, and the pictures of the
// page are seen.
func TestLayout(t *testing.T) {
	path := chromium(t)
	page := specimen()
	page.Faults = widgets.Faults{{Path: "widgets[1]." + strings.Repeat("long_path", 30), Message: strings.Repeat("word", 100)}}
	html, err := Render(page)
	if err != nil {
		t.Fatal(err)
	}
	const measure = `JSON.stringify({
		overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		wide: [...document.querySelectorAll('main *')]
			.filter(e => e.offsetParent && !e.closest('.carousel') && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != 'inline')
			.map(e => e.className + ' ' + e.textContent.trim().slice(0, 40)),
		outside: [...document.querySelectorAll('.addon *')]
			.filter(e => e.offsetParent && !e.closest('.carousel'))
			.filter(e => { const r = e.getBoundingClientRect(); return r.left < -1 || r.right > innerWidth + 1 })
			.map(e => e.className),
		broken: [...document.images].filter(i => !i.naturalWidth).length,
		direction: getComputedStyle(document.querySelector('.addon')).direction,
	})`
	for _, width := range []int{320, 360, 900} {
		var got string
		err := browse(t.Context(), path, html, width, "light", func(ctx context.Context, tab *tab) error {
			var answer struct{ Result struct{ Value string } }
			err := tab.call(ctx, tab.session, "Runtime.evaluate", map[string]any{"expression": measure}, &answer)
			got = answer.Result.Value
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"overflow":0,"wide":[],"outside":[],"broken":0,"direction":"rtl"}`; got != want {
			t.Errorf("at a width of %d:\ngot  %s\nwant %s", width, got, want)
		}
	}
}

func colours(m stdimage.Image) map[color.Color]bool {
	seen := make(map[color.Color]bool)
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 3 {
		for x := b.Min.X; x < b.Max.X; x += 3 {
			seen[m.At(x, y)] = true
		}
	}
	return seen
}

// part is a picture seen through a frame.
func part(m stdimage.Image, frame stdimage.Rectangle) stdimage.Image {
	framed := stdimage.NewRGBA(frame)
	draw.Draw(framed, frame, m, frame.Min, draw.Src)
	return framed
}

// brightness is the mean of a picture, from 0 to 255.
func brightness(m stdimage.Image) int {
	sum, n := 0, 0
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 5 {
		for x := b.Min.X; x < b.Max.X; x += 5 {
			r, g, bl, _ := m.At(x, y).RGBA()
			sum += int(r+g+bl) / 3 >> 8
			n++
		}
	}
	return sum / n
}
