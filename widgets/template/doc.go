// Package template renders a producer's own events into add-on data with jq
// programs the operator writes, one for each event type.
//
// A template is a file TYPE.jq. It is given the whole CloudEvents event and
// must yield exactly one object: the data of a kenar.addon.attach.v1 event
// (widgets, semantic, notes and so on), or an object with an "inspection" or a
// "valuation", which the caller takes further. What it yields is not checked
// here beyond that.
//
// Rendering is repeatable: the same event gives the same bytes, today and after
// a crash, so a template sees no clock, no time zone of the machine, no
// environment, no files, no modules and no further input. Object keys of the
// output are sorted, and integers of any length a rendering accepts keep all
// their digits.
//
// # What a template may use
//
// All of jq's syntax except modules, and its functions that depend on nothing
// but their input, save some of little use here (streaming, JOIN, the rarer
// mathematics). Load refuses everything else by name. The pattern and flags
// of test, match, capture, scan, splits, split/2, sub and gsub are written out in
// the template as plain strings, in Go's regular expression syntax (RE2), so
// that Load checks them. Names that begin with an underscore are reserved.
//
// Two things differ from jq: when the replacement of sub or gsub yields several
// texts, each match takes each of them, and an array is no index of another (use
// indices).
//
// # Limits
//
// An interpreter that only looks at its deadline between two instructions can
// be made to allocate gigabytes in one of them: "x" * 1e9, .[500000000] = 1, or
// an array that holds itself twice, forty times over. So before it is compiled
// a template is rewritten: whatever builds a value, and whatever may cost more
// than its input's size, is charged to a budget that a rendering cannot exceed
// and that no try … catch can hide. The budget counts bytes roughly as they lie
// in memory, is the same on every machine, and is spent long after any honest
// template is done. The limits are MaxProgram, MaxEvent, MaxOutput, MaxValue,
// MaxWork and MaxTime.
//
// What cannot be bounded exactly: one instruction runs to its end, so a
// rendering may return some tenths of a second after MaxTime or the end of its
// context (sorting the largest array, one search for the worst pattern), and
// the interpreter's own stack takes a few hundred bytes more for a call than it
// is charged for.
package template
