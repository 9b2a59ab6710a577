package config

import (
	"fmt"
	"strings"
)

// A Problem is one thing wrong with a configuration. Load joins all of them.
type Problem struct {
	Setting string // its name, or what else is at fault
	Source  string // where the value came from; empty when there is none
	Value   string // empty when there is none or it is secret
	Reason  string // what is allowed, or what to do
}

// Error is the problem on one line.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Setting)
	if p.Value != "" {
		fmt.Fprintf(&b, " %q", p.Value)
	}
	if p.Source != "" {
		fmt.Fprintf(&b, " (%s)", p.Source)
	}
	b.WriteString(": ")
	b.WriteString(p.Reason)
	return b.String()
}
