package listing

import "strings"

// suggest is the hint that follows an unknown name: the known one that a slip
// of the keyboard could have turned into it, or all of them.
func suggest(name string, known []string) string {
	best, distance := "", max(1, min(3, (len(name)+1)/3))+1
	if len(name) <= 64 {
		for _, k := range known {
			if d := slips(strings.ToLower(name), k); d < distance {
				best, distance = k, d
			}
		}
	}
	switch {
	case best != "":
		return `; did you mean "` + best + `"?`
	case len(known) == 0:
		return "; there is none"
	}
	return "; known are " + strings.Join(known, ", ")
}

// slips is the Levenshtein distance of two names, in bytes.
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
