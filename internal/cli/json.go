package cli

import (
	"encoding/json"
	"io"
)

// WriteJSON writes a value on one line, with text as it is: it is for jq and
// for people, not for a web page.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
