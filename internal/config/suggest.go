package config

import (
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
)

// closest is the candidate that word is most likely a slip of the pen for, or
// empty. Case does not count, hyphens pass for underscores, and a word that
// lacks the start of a name ("timeout") is close to it.
func closest(word string, candidates []string) string {
	word = strings.ToUpper(strings.ReplaceAll(word, "-", "_"))
	best, bestDistance := "", 2+len(word)/8
	for _, c := range candidates {
		d := distance(word, c)
		if len(word) >= 4 && strings.HasSuffix(c, "_"+word) {
			d = 1
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the number of bytes to insert, remove or replace, or of adjacent
// pairs to swap, to turn a into b.
func distance(a, b string) int {
	return spelling.OptimalStringAlignment([]byte(a), []byte(b))
}
