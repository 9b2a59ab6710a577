// Package spelling finds out which of several known names was meant by one that
// is not among them.
//
// Hint makes the end of a message about an unknown name, by the rules of
// Closest. Those who have rules of their own measure with Levenshtein or
// OptimalStringAlignment.
//
// Everything here is a pure function of its arguments, and may be called by
// several goroutines at once.
package spelling
