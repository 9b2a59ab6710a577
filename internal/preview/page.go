package preview

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// A Page is what is shown of one add-on. Its zero value is the page of an empty
// one.
type Page struct {
	// Title heads the page, such as the id of the event; Target says where the
	// add-on goes, such as "post/gZ206tip". Neither is part of the add-on.
	Title, Target string
	// Widgets are the rows. They need not be valid.
	Widgets widgets.List
	// Semantic is the semantic data of the request. Values that must not be
	// seen, such as a VIN, have to be hashed already.
	Semantic map[string]string
	// Warnings and Faults are shown beside the row that their path leads to
	// ("widgets[2].…", also inside a longer path), the others above the
	// add-on. Faults are also listed at the top.
	Warnings []widgets.Warning
	Faults   widgets.Faults
}

var (
	//go:embed page.gohtml
	pageSource string
	//go:embed page.css
	pageStyle string
)

// Render is the page as HTML in UTF-8.
func Render(p Page) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"digits": digits,
		"tone":   tone,
		"icon":   newIcon,
		"image":  newImage,
		"action": newAction,
	}).Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("preview: parse the page's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newView(p)); err != nil {
		return nil, fmt.Errorf("preview: render the page of %q: %w", p.Title, err)
	}
	return b.Bytes(), nil
}

// A view is a Page as its template needs it.
type view struct {
	Page
	Style     template.CSS
	Columns   []column
	Notes     []note // of no row
	Semantic  []pair
	Published []pair
}

// A column is the add-on in one theme.
type column struct {
	Theme string // "light" or "dark"
	Rows  []row
}

type row struct {
	Index int
	Name  string // "" when the row is none of the ten
	Row   widgets.Row
	Notes []note
}

// A note is a fault or a warning.
type note struct {
	Fault         bool
	Path, Message string
}

type pair struct{ Key, Value string }

func newView(p Page) view {
	v := view{Page: p, Style: template.CSS(pageStyle)}
	rows := make([]row, len(p.Widgets))
	for i, w := range p.Widgets {
		rows[i] = row{Index: i, Name: w.Name(), Row: w.Row}
		for _, key := range slices.Sorted(maps.Keys(w.SemanticPaths)) {
			v.Published = append(v.Published, pair{key, fmt.Sprintf("widgets[%d].%s.%s", i, w.Name(), w.SemanticPaths[key])})
		}
	}
	place := func(n note) {
		if i, ok := rowOf(n.Path); ok && i < len(rows) {
			rows[i].Notes = append(rows[i].Notes, n)
		} else if !n.Fault {
			v.Notes = append(v.Notes, n)
		}
	}
	for _, f := range p.Faults {
		place(note{Fault: true, Path: f.Path, Message: f.Message})
	}
	for _, w := range p.Warnings {
		place(note{Path: w.Path, Message: w.Message})
	}
	v.Columns = []column{{"light", rows}, {"dark", rows}}
	for _, key := range slices.Sorted(maps.Keys(p.Semantic)) {
		v.Semantic = append(v.Semantic, pair{key, p.Semantic[key]})
	}
	return v
}

var widgetPath = regexp.MustCompile(`(?:^|\.)widgets(?:\.widget_list)?\[([0-9]{1,6})\]`)

// rowOf is the index of the widget that a path leads into.
func rowOf(path string) (int, bool) {
	m := widgetPath.FindStringSubmatch(path)
	if m == nil {
		return 0, false
	}
	i, err := strconv.Atoi(m[1])
	return i, err == nil
}
