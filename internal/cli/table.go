package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Table is text in aligned columns. Cells may be painted. The last column is
// not padded, which is the place for text of unknown direction and width.
type Table struct {
	Indent string
	Right  []bool // columns of numbers, aligned to the right; may be shorter than the rows
	rows   [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// WriteTo writes the rows, and implements [io.WriterTo].
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(row)-1 || t.right(i) {
				widths[i] = max(widths[i], Width(cell))
			}
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		line := t.Indent
		for i, cell := range row {
			if i > 0 {
				line += "  "
			}
			gap := strings.Repeat(" ", max(widths[i]-Width(cell), 0))
			if t.right(i) {
				line += gap + cell
			} else {
				line += cell + gap
			}
		}
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func (t *Table) right(column int) bool { return column < len(t.Right) && t.Right[column] }

var paint = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Width is how many cells of a terminal a text takes, painted or not. Every
// character counts as one, which holds for Latin and Persian letters.
func Width(s string) int { return utf8.RuneCountInString(paint.ReplaceAllString(s, "")) }
