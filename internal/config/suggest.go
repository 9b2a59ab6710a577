package config

import "strings"

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
// pairs to swap, to turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, previous := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(previous[j+1]+1, row[j]+1, previous[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, previous = previous, row
	}
	return previous[len(b)]
}
