package template

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
)

// A meter holds the budget of one rendering. When that is spent, or a template
// asks for something no rendering may do, it ends the rendering by cancelling
// its context: the interpreter looks at that before every instruction, and no
// try … catch can stop it.
type meter struct {
	left     int
	patterns map[string]*pattern // of the template
	cancel   context.CancelCauseFunc
	done     <-chan struct{} // closed when the rendering has ended
}

// A limitError is what a rendering was ended for.
type limitError string

func (e limitError) Error() string { return string(e) }

// end ends the rendering. Its result is also a value the interpreter takes for
// an error.
func (m *meter) end(format string, args ...any) error {
	err := limitError(fmt.Sprintf(format, args...))
	m.cancel(err)
	return err
}

// list bounds an array whose items were charged one by one.
func (m *meter) list(v any) error {
	if size(v) > MaxValue/itemWeight {
		return m.end("builds a value of more than %d bytes", MaxValue)
	}
	return nil
}

// spend takes a cost from the budget.
func (m *meter) spend(cost int) error {
	if cost > m.left {
		m.left = 0
		return m.end("does more work than a rendering may (values of %d bytes together)", MaxWork)
	}
	m.left -= cost
	return nil
}

// over reports whether the rendering has ended, for charges that take long.
func (m *meter) over() bool {
	select {
	case <-m.done:
		return true
	default:
		return false
	}
}

// enter charges for a call of a function, for which the interpreter's stack may
// grow.
func (m *meter) enter() error { return m.spend(callWeight) }

// keep charges for a value that was built.
func (m *meter) keep(v any) error {
	s := scale{limit: min(MaxValue, m.left)}
	switch {
	case s.add(v):
		return m.spend(s.weight)
	case s.fault != "":
		return m.end("%s", s.fault)
	case s.limit < MaxValue:
		return m.spend(m.left + 1)
	}
	return m.end("builds a value of more than %d bytes", MaxValue)
}

// What parts of a value, a call, and a group of a match weigh in bytes, roughly
// as they lie in memory.
const (
	callWeight   = 256
	matchWeight  = 400
	itemWeight   = 16
	objectWeight = 48
	memberWeight = 40
)

// A scale weighs values up to a limit.
type scale struct {
	limit, weight int
	fault         string // of a number that is too long
}

// add puts a value on the scale. It reports false, without going on, when the
// limit is passed or the value holds a number that is too long.
func (s *scale) add(v any) bool {
	switch v := v.(type) {
	case string:
		s.weight += itemWeight + len(v)
	case []any:
		s.weight += 2 * itemWeight
		for _, item := range v {
			if !s.add(item) {
				return false
			}
		}
	case map[string]any:
		s.weight += objectWeight
		for key, member := range v {
			s.weight += memberWeight + len(key)
			if !s.add(member) {
				return false
			}
		}
	case json.Number:
		s.weight += itemWeight + len(v)
		if len(v) > maxDigits {
			s.fault = fmt.Sprintf("has a number of %d digits, at most %d allowed", len(v), maxDigits)
			return false
		}
	case *big.Int:
		s.weight += 2 * itemWeight
		if digits := int(float64(v.BitLen())*math.Log10(2)) + 1; digits > maxDigits {
			s.fault = fmt.Sprintf("has a number of %d digits, at most %d allowed", digits, maxDigits)
			return false
		}
	default:
		s.weight += itemWeight
	}
	return s.weight <= s.limit
}

// weigh is the weight of a value that was charged for or came from the event,
// and so has a bounded one.
func weigh(v any) int {
	s := scale{limit: math.MaxInt}
	s.add(v)
	return s.weight
}

// times multiplies two costs, staying at the largest int when they overflow.
func times(a, b int) int {
	if a > 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}
