package preview_test

import (
	"bytes"
	"fmt"

	"github.com/kenar-addons/kenar-addons/internal/preview"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// The page is one file. FindBrowser and Screenshot make a picture of it.
func Example() {
	page, err := preview.Render(preview.Page{
		Title:  "chk-17",
		Target: "post/gZ206tip",
		Widgets: widgets.List{
			{Row: widgets.ScoreRow{Title: "موتور", PercentageScore: new(92), ScoreColor: widgets.SuccessPrimary}},
		},
		Warnings: []widgets.Warning{{Path: "widgets[0].score_row.title", Message: "was shortened"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.Contains(page, []byte("۹۲٪")), bytes.Contains(page, []byte("was shortened")))
	// Output: true true
}
