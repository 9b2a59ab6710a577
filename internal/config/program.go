package config

import "strings"

// Program is a program, or a set of them.
type Program uint8

const (
	// Worker needs everything that it takes to call Kenar.
	Worker Program = 1 << iota
	// Publisher talks to NATS alone.
	Publisher
	// Demo takes the settings of Worker and requires none, because it simulates
	// what they lead to.
	Demo
	// Setup of the streams takes the settings of NATS, and those on which the
	// streams depend.
	Setup
)

// String names the programs in the set, for people. Setup is a part of the
// worker.
func (p Program) String() string {
	var names []string
	for _, n := range []struct {
		program Program
		name    string
	}{{Worker, "worker"}, {Publisher, "publisher"}, {Demo, "demo"}} {
		if p&n.program != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ", ")
}
