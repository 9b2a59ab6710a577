package provision

import (
	"slices"
	"strings"
)

// TakesAll reports whether a stream on the subjects have takes every message
// that one on the subjects want would. It judges one subject by one other: that
// two of them cover a third together is not seen.
func TakesAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !takes(have, w) })
}

// takes reports whether one of the subjects covers another.
func takes(subjects []string, other string) bool {
	return slices.ContainsFunc(subjects, func(s string) bool { return covers(s, other) })
}

// covers reports whether all that matches narrow matches wide, both of which
// may have wildcards.
func covers(wide, narrow string) bool {
	w, n := strings.Split(wide, "."), strings.Split(narrow, ".")
	for i, token := range w {
		switch {
		case token == ">":
			return i < len(n)
		case i >= len(n), n[i] == ">":
			return false
		case token != "*" && token != n[i]:
			return false
		}
	}
	return len(w) == len(n)
}

// union is all that is taken by either, without subjects that others cover: a
// server refuses a stream whose subjects overlap.
func union(have, want []string) []string {
	var all []string
	for _, s := range have {
		if !takes(want, s) {
			all = append(all, s)
		}
	}
	for _, s := range want {
		if !takes(all, s) {
			all = append(all, s)
		}
	}
	return all
}
