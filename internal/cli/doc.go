// Package cli is what the commands of this module share: how they run, fail,
// log, connect to NATS and write for people.
//
// Their manners: standard output is data and standard error is for people; the
// exit code is [OK], [Failed] or [Misused]; an error says what was being done
// and, where that helps, a hint says what to do about it; colours appear on a
// terminal only.
package cli
