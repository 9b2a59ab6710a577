// Package report turns the results of inspections and valuations, as the
// systems of their companies know them, into add-ons: widgets in correct
// Persian, and the semantic data that earns an ad its badge.
//
// DecodeInspection and DecodeValuation read a report strictly and say
// everything that is wrong with it at once; AddOn of either builds the add-on,
// which a widgets.Decoder with ImageSources accepts. Every fault and warning
// names a field of the report, not of a widget: it is for the one who wrote
// the report.
//
// Texts are set by package persian. One that is too long for its place is cut
// at a word, with a warning. What must not be cut, such as a link, is a fault.
//
// The identifiers of a vehicle or property are not shown. They go into
// AddOn.Semantic as they are in the report, so they must be hashed before
// they leave the process; a report in whose texts or links one of them can be
// read is refused. No fault and no warning holds the value of one.
//
// Null and the empty string are the same as an absent field.
package report
