// Package persian sets text as a careful Persian typist would: Persian digits
// and letters, prices and dates as people write them, no surprises where Latin
// words stand in the line, and cuts that do not hurt a word.
//
// Most callers want Text, or Fit when the text has a limit. The steps they
// take are there to be used alone: Fold cleans, Digits sets digits, Direct
// adds the marks that keep the order of words, Shorten cuts. Number, Toman and
// Date write values.
//
// Lengths are counted in Unicode code points, marks and joiners included.
//
// Everything here is a pure function of its arguments, and may be called by
// several goroutines at once.
package persian
