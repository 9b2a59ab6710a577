package spelling

import (
	"strconv"
	"strings"
)

const (
	maxLength = 64 // of a name that is compared, in bytes
	maxListed = 20 // names; nobody reads more
	maxSlips  = 3  // in a long name
)

// Hint is what follows the news that a name is not known, from the semicolon
// on: the closest one of those that are, or all of them when none is close and
// they are at most 20. It is empty when there is nothing to say.
func Hint(name string, known []string) string {
	if c := Closest(name, known); c != "" {
		return "; did you mean " + strconv.Quote(c) + "?"
	}
	if len(known) == 0 || len(known) > maxListed {
		return ""
	}
	return "; known are " + strings.Join(known, ", ")
}

// Closest is the known name that a slip of the keyboard could have turned into
// name, the first of several that are equally close, or "". The shorter the
// name, the fewer slips are believed: one, and up to three from eight bytes on.
// Case does not count.
func Closest(name string, known []string) string {
	if len(name) > maxLength {
		return ""
	}
	given := []byte(strings.ToLower(name))
	best, fewest := "", max(1, min(maxSlips, (len(given)+1)/3))+1
	for _, k := range known {
		if d := Levenshtein(given, []byte(strings.ToLower(k))); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}
