package kenar

import (
	"fmt"
	"strconv"
)

// Rials is an amount of money in Iranian rials, which have no smaller unit.
// It is never a floating-point number on its way, and never rounded.
type Rials int64

// UnmarshalJSON reads a whole number, as such or in quotes: Kenar's OpenAPI
// description has the latter, some samples of its guide the former. null
// leaves the amount as it is.
func (r *Rials) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	digits, err := wholeNumber(data)
	if err == nil {
		var n int64
		if n, err = strconv.ParseInt(digits, 10, 64); err == nil {
			*r = Rials(n)
			return nil
		}
	}
	return fmt.Errorf("%s is not an amount in rials: write a whole number, such as 150000 or \"150000\"", shownJSON(data))
}
