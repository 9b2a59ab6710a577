package template

import "time"

// SetMaxTime replaces MaxTime, so that a test of another limit does not meet
// this one on a slow machine.
func (s *Set) SetMaxTime(d time.Duration) { s.maxTime = d }
