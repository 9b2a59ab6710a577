package preview

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// The specimen is what may be sent, so that the page shows real widgets.
func TestSpecimenIsValid(t *testing.T) {
	if err := (widgets.Decoder{ImageSources: true}).Validate(specimen().Widgets); err != nil {
		t.Error(err)
	}
}

func TestGoldenPage(t *testing.T) {
	got, err := Render(specimen())
	if err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/page.html", got)
}

// render is the page without its style.
func render(t *testing.T, p Page) string {
	t.Helper()
	data, err := Render(p)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(string(data), "")
}

// Faults and warnings stand beside the rows they belong to, in both columns;
// faults at the top too, and what belongs to no row above the add-on.
func TestNotes(t *testing.T) {
	page := render(t, Page{
		Widgets: widgets.List{{Row: widgets.TitleRow{Text: "یک"}}, {Row: widgets.TitleRow{Text: "دو"}}, {}},
		Faults: widgets.Faults{
			{Path: "widgets[1].title_row.text", Message: "fault one"},
			{Path: "semantic.VIN", Message: "fault two"},
			{Path: "widgets[9]", Message: "fault three"},
		},
		Warnings: []widgets.Warning{
			{Path: "data.widgets.widget_list[0].data", Message: "warning one"},
			{Path: "data.inspection.title", Message: "warning two"},
		},
	})
	head, columns, ok := strings.Cut(page, "<main>")
	if !ok {
		t.Fatal("there is no <main>")
	}
	for message, want := range map[string]struct{ head, columns int }{
		"fault one":   {1, 2},
		"fault two":   {1, 0},
		"fault three": {1, 0},
		"warning one": {0, 2},
		"warning two": {1, 0},
	} {
		if got := strings.Count(head, message); got != want.head {
			t.Errorf("%q is %d times above the add-on, want %d", message, got, want.head)
		}
		if got := strings.Count(columns, message); got != want.columns {
			t.Errorf("%q is %d times beside rows, want %d", message, got, want.columns)
		}
	}
	for _, row := range strings.Split(columns, `<div class="row`)[1:] {
		if strings.Contains(row, "fault one") != strings.Contains(row, `data-row="1"`) || strings.Contains(row, "warning one") != strings.Contains(row, `data-row="0"`) {
			t.Errorf("a note is beside the wrong row: %s", row)
		}
	}
	if !strings.Contains(columns, "widgets[2] cannot be shown") {
		t.Error("nothing says that the third row cannot be shown")
	}
	if !strings.Contains(head, "3 faults") || !strings.Contains(head, "2 warnings") {
		t.Errorf("the head does not count them: %s", head)
	}
}

func TestEmptyPage(t *testing.T) {
	if page := render(t, Page{}); !strings.Contains(page, "There are no rows.") || strings.Contains(page, "panel") {
		t.Errorf("an empty page is\n%s", page)
	}
	page := render(t, Page{Faults: widgets.Faults{{Message: "is not JSON"}}})
	if !strings.Contains(page, "The rows are shown when the faults are gone.") {
		t.Errorf("a page of faults is\n%s", page)
	}
}

// Whatever is in an add-on, the page holds nothing of it but text, and loads
// nothing.
func TestHostileTexts(t *testing.T) {
	const evil = `"'></style></title><script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>{{.}}`
	list := specimen().Widgets
	list = append(list,
		widgets.Widget{Row: widgets.TitleRow{Text: evil}},
		widgets.Widget{Row: widgets.DescriptionRow{Text: evil, Expandable: true}},
		widgets.Widget{Row: widgets.ScoreRow{Title: evil, DescriptiveScore: evil, ScoreColor: evil, IconName: evil}},
		widgets.Widget{Row: widgets.EvaluationRow{Left: widgets.EvaluationSection{Text: evil, SectionColor: evil}, IndicatorText: evil, IndicatorPercentage: -1 << 62, IconName: evil}},
		widgets.Widget{Row: widgets.EventRow{Title: evil, Subtitle: evil, Label: evil, ImageID: evil}},
		widgets.Widget{Row: widgets.ButtonBar{Title: evil, Action: widgets.OpenDirectLink("javascript:alert(1)")}, SemanticPaths: map[string]string{evil: evil}},
		widgets.Widget{Row: widgets.SelectorRow{Title: evil, ImageID: "data:image/svg+xml;base64,AAAA", Action: widgets.OpenServerLink{Data: []byte(evil)}}},
		widgets.Widget{Row: widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: `data:image/png;base64,"onerror=alert(1)`, Description: evil}, {ImageID: "https://evil.example/x.png"}}}},
	)
	page := render(t, Page{
		Title: evil, Target: evil, Widgets: list, Semantic: map[string]string{evil: evil},
		Warnings: []widgets.Warning{{Path: evil, Message: evil}, {Path: "widgets[0]" + evil, Message: evil}},
		Faults:   widgets.Faults{{Path: evil, Message: evil}},
	})
	if !strings.Contains(page, `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`) {
		t.Error("the page has no content security policy")
	}
	for _, bad := range []string{"<script", "<img src=https", "javascript:", "</title><"} {
		if strings.Contains(page, `="`+bad) || strings.Contains(page, bad) && !strings.HasPrefix(bad, "javascript:") {
			t.Errorf("the page holds %s", bad)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|srcset|data|poster)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if m[1] != pixel && !strings.HasPrefix(m[1], strings.ReplaceAll(pixel, "+", "&#43;")[:40]) {
			t.Errorf("the page loads %.80s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "https://sanj.example/") && m[1] != "#ZgotmplZ" {
			t.Errorf("the page links to %s", m[1])
		}
	}
}

func TestRowOf(t *testing.T) {
	tests := []struct {
		path string
		want int
		ok   bool
	}{
		{"widgets[0]", 0, true},
		{"widgets[12].score_row.title", 12, true},
		{"data.widgets[3].title_row", 3, true},
		{"widgets.widget_list[4].data.title", 4, true},
		{"", 0, false},
		{"widgets", 0, false},
		{"widgets[99999999999999999999]", 0, false},
		{"semantic.VIN", 0, false},
		{"mywidgets[1]", 0, false},
	}
	for _, tt := range tests {
		if got, ok := rowOf(tt.path); got != tt.want || ok != tt.ok {
			t.Errorf("rowOf(%q) = %d, %v; want %d, %v", tt.path, got, ok, tt.want, tt.ok)
		}
	}
}

func TestNewImage(t *testing.T) {
	tests := []struct {
		name, id string
		want     image
	}{
		{"in the page", pixel, image{Data: pixel}},
		{"logo", "logo", image{Logo: true}},
		{"id", "abc.jpg", image{Text: "abc.jpg"}},
		{"address", "https://img.example/a.jpg", image{Text: "https://img.example/a.jpg"}},
		{"signed address", "https://user:word@img.example/a%20b.jpg?signature=1#x", image{Text: "https://img.example/a%20b.jpg?…"}},
		{"SVG", "data:image/svg+xml;base64,PHN2Zz4=", image{Text: "data:image/svg+xml;base64,PHN2Zz4="}},
		{"not base64", `data:image/png;base64,"x`, image{Text: `data:image/png;base64,"x`}},
		{"HTML", "data:text/html;base64,PGI+", image{Text: "data:text/html;base64,PGI+"}},
		{"long", strings.Repeat("x", 400), image{Text: strings.Repeat("x", 300) + "…"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, newImage(tt.id)); diff != "" {
				t.Errorf("differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDigits(t *testing.T) {
	for n, want := range map[int]string{0: "۰", 86: "۸۶", 100: "۱۰۰", -1234567890: "-۱۲۳۴۵۶۷۸۹۰"} {
		if got := digits(n); got != want {
			t.Errorf("digits(%d) = %s, want %s", n, got, want)
		}
	}
}

// Every colour of Kenar has a class of its own, and the style has it in both
// themes.
func TestTones(t *testing.T) {
	for _, c := range []widgets.Color{widgets.SuccessPrimary, widgets.SuccessSecondary, widgets.WarningPrimary, widgets.WarningSecondary, widgets.ErrorPrimary} {
		class := tone(c)
		if n := strings.Count(pageStyle, "--"+class+": #"); n != 2 {
			t.Errorf("%s has a colour in %d themes", c, n)
		}
		if !strings.Contains(pageStyle, "."+class+" { --tone: var(--"+class+")") {
			t.Errorf("%s has no class", c)
		}
	}
	if got := tone(`x"; y`); got != "no-colour" {
		t.Errorf("an unknown colour has the class %q", got)
	}
}

func TestIcons(t *testing.T) {
	if newIcon("") != nil {
		t.Error("there is an icon without a name")
	}
	if i := newIcon("BRAND_PEUGEOT"); i.Drawing != "" || i.Letters != "BR" || i.Name != "BRAND_PEUGEOT" {
		t.Errorf("an icon that is not drawn is %+v", i)
	}
	if a, b := newIcon("CAR_ENGINE"), newIcon("CAR_BODY"); a.Drawing == "" || b.Drawing == "" || a.Drawing == b.Drawing {
		t.Error("an engine and a body are not drawn differently")
	}
	for _, d := range drawings {
		decoder := xml.NewDecoder(strings.NewReader("<svg>" + string(d.drawing) + "</svg>"))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("the drawing of %s: %v", d.words[0], err)
				break
			}
		}
	}
}
