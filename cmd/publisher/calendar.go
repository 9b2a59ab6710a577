package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// calendar draws when the spent tokens of each window come back.
func (a *app) calendar(s pipeline.Status, now time.Time) error {
	drawn := make(map[string]bool) // the windows of the app are in every lane
	for _, l := range s.Lanes {
		for _, w := range l.Windows {
			name := fmt.Sprintf("%s, %d in %s", w.Permission, w.Limit, every(w.Every))
			if w.Every == 0 || drawn[name] {
				continue
			}
			drawn[name] = true
			if err := a.print("\n%s: %s\n", name, freeNow(w)); err != nil {
				return err
			}
			if err := a.table(bars(w, now)); err != nil {
				return err
			}
		}
	}
	if len(drawn) == 0 {
		a.say("no window is known, so there is no calendar")
	}
	return nil
}

func freeNow(w pipeline.Window) string {
	if !w.Known {
		return "being rebuilt"
	}
	return fmt.Sprintf("%d free now, %s to come back", w.Free, cli.Count(len(w.Returns), "token", "tokens"))
}

// widest is the length of the longest bar.
const widest = 40

// bars has a row for each day with tokens that come back, or each hour or
// minute when the window is shorter than two of the next larger unit.
func bars(w pipeline.Window, now time.Time) *cli.Table {
	form := "Mon 2006-01-02"
	switch {
	case w.Every < 2*time.Hour:
		form = "15:04"
	case w.Every < 48*time.Hour:
		form = "Mon 15h"
	}
	var rows []string
	counts := make(map[string]int)
	most := 0
	for _, t := range w.Returns { // earliest first
		row := t.In(now.Location()).Format(form)
		if counts[row]++; counts[row] == 1 {
			rows = append(rows, row)
		}
		most = max(most, counts[row])
	}
	t := &cli.Table{Indent: "  ", Right: []bool{1: true}}
	for _, row := range rows {
		n := counts[row]
		length := n
		if most > widest {
			length = max(n*widest/most, 1)
		}
		t.Add(row, fmt.Sprint(n), strings.Repeat("█", length))
	}
	return t
}
