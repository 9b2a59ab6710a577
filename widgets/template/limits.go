package template

import "time"

// Limits of a template and of one rendering.
const (
	// MaxProgram is the size of a template file in bytes.
	MaxProgram = 64 << 10
	// MaxEvent is the size of the event it is given, in bytes.
	MaxEvent = 1 << 20
	// MaxOutput is the size of the JSON it yields, in bytes.
	MaxOutput = 256 << 10
	// MaxTime is how long a rendering may take by the wall clock. The budgets
	// below end it much sooner on a machine that has time for it.
	MaxTime = 2 * time.Second
	// MaxValue is the size of any one value a template builds, in bytes of
	// memory, each part counted as often as it occurs.
	MaxValue = 8 << 20
	// MaxWork is the size of all values it builds together, in the same
	// bytes. Comparing each part of one value with each of another counts as
	// building that many bytes.
	MaxWork = 128 << 20
)

const (
	// maxDepth is how deep a program may nest, so that walking and compiling
	// it cannot exhaust the stack.
	maxDepth = 1000
	// maxIndex bounds the array that assigning to one element creates.
	maxIndex = 10_000
	// maxDigits bounds a number, which in jq may have any length, and whose
	// arithmetic costs the square of it.
	maxDigits = 100
	// maxTimeFormat bounds the format of strftime, in which six bytes may ask
	// for a kilobyte of padding.
	maxTimeFormat = 256
	// maxSearch bounds one search for a regular expression, in steps of its
	// automaton: some tenths of a second at worst.
	maxSearch = 16 << 20
	// maxMessage bounds, in code points, what a template's own error(…) may
	// add to an error.
	maxMessage = 200
)
