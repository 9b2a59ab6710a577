// Package strictjson reads JSON objects that people and programs of others
// have written, and loses nothing that readers of JSON disagree about.
//
// encoding/json keeps the last of several members with one name, replaces what
// is not Unicode, and forgets order and spelling. ParseObject returns a tree
// that has all of it, so whoever reads a document can tell its writer what is
// ambiguous, and where.
//
// What cannot be read as a whole is an error: an empty document, one that is
// too long or nested too deeply, that is not UTF-8, not JSON or no object, or
// that has something behind its end. Errors are made to follow the name of the
// document: "is not JSON: it ends too early, at byte 16".
//
// Everything here is a pure function of its arguments, and may be called by
// several goroutines at once.
package strictjson
