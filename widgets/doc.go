// Package widgets holds the widgets of Kenar add-ons: their types, and all
// that can be known about a list of them before it is sent.
//
// A call to Kenar is scarce, and its answer says only that a request was
// well formed. So a list is decoded strictly and checked against every
// documented rule, and everything wrong with it is reported at once, as
// Faults, each with its place in the document.
//
// For most uses, read what a producer sent with Decoder.Decode, or build a
// List in Go and check it with Decoder.Validate; a List encodes itself as the
// "widgets" of a request. Producers of the first generation of the API send a
// LegacyList, which IsLegacy recognises, Decoder.DecodeLegacy reads and Migrate
// turns into a List.
//
// Lengths of texts are counted in Unicode code points, without normalising.
// Kenar's docs say "characters" and leave open which; bytes are ruled out by
// their own samples, and code points are the strict reading for Persian, where
// a zero-width non-joiner counts.
//
// Nothing here does I/O, and everything may be used by several goroutines at
// once as long as none changes a list that another reads.
package widgets
