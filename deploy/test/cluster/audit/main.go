// Command audit compares what the simulated Kenar of the cluster test has received with
// the outcomes that were told of the same events, and fails when an event was lost, sent
// more than once, or sent over the limit.
//
//	publisher outcomes --json | audit -from 1 -to 40 -limit 10/5s calls.ndjson
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/kenar-addons/kenar-addons/deploy/test/cluster/calls"
)

func main() {
	var e expectation
	flag.IntVar(&e.from, "from", 1, "number of the first event")
	flag.IntVar(&e.to, "to", 0, "number of the last event")
	flag.IntVar(&e.again, "again", 0, "let so many events be sent twice: calls that were cut off by a kill and are in doubt")
	flag.Var(&e.limit, "limit", "`calls/window` that calls about these events must not exceed, such as 10/5s")
	flag.Parse()
	if flag.NArg() != 1 || e.to < e.from || e.limit == (calls.Limit{}) {
		fmt.Fprintln(os.Stderr, "usage: publisher outcomes --json | audit -from N -to N -limit CALLS/WINDOW [-again N] CALLS-FILE")
		os.Exit(2)
	}
	summary, err := run(e, flag.Arg(0), os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(summary)
}

func run(e expectation, file string, outcomes io.Reader) (string, error) {
	record, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("opening the record of calls: %w", err)
	}
	defer func() { _ = record.Close() }()
	received, err := decode[calls.Call](record)
	if err != nil {
		return "", fmt.Errorf("reading the record of calls %s: %w", file, err)
	}
	told, err := decode[outcome](outcomes)
	if err != nil {
		return "", fmt.Errorf("reading outcomes from standard input: %w; want the output of publisher outcomes --json", err)
	}
	return e.judge(received, told)
}

// decode reads JSON values, one after the other.
func decode[T any](r io.Reader) ([]T, error) {
	var all []T
	for d := json.NewDecoder(r); ; {
		var v T
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, v)
	}
}
