package widgets

import (
	"strings"
	"testing"
)

// A text may have lines and tabs; other control characters would reach the
// ad as they are.
func TestControlCharacters(t *testing.T) {
	for text, ok := range map[string]bool{
		"یک\nدو": true, "a\tb": true, "می\u200cشود": true,
		"a\x00b": false, "a\rb": false, "a\x1bb": false, "a\u0085b": false,
	} {
		err := Decoder{}.Validate(List{{Row: TitleRow{Text: text}}})
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && !strings.Contains(err.Error(), "widgets[0].title_row.text: has the control character U+") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
