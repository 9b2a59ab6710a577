package spelling

// Levenshtein is how many letters must be inserted, removed or replaced to turn
// a into b.
func Levenshtein[Letter comparable](a, b []Letter) int {
	return distance(a, b, false)
}

// OptimalStringAlignment is the Levenshtein distance with one thing more that a
// hand in a hurry does: two neighbouring letters that are swapped, and are not
// touched otherwise, count once.
func OptimalStringAlignment[Letter comparable](a, b []Letter) int {
	return distance(a, b, true)
}

// distance needs time in proportion to the product of the lengths, so callers
// bound these.
func distance[Letter comparable](a, b []Letter, swaps bool) int {
	width := len(b) + 1
	cells := make([]int, 3*width)
	// The distances of a[:i-1], a[:i] and a[:i+1] to every beginning of b.
	before, previous, row := cells[:width], cells[width:2*width], cells[2*width:]
	for j := range previous {
		previous[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			replaced := previous[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, previous[j+1]+1, row[j]+1)
			if swaps && i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, previous, row = previous, row, before
	}
	return previous[len(b)]
}
