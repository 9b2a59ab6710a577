package template

import (
	"encoding/json"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// afford charges, before it is done, for an operation that may cost more than
// the size of what it is given. The kinds and their operands are those of
// primitives.jq. Operands of types the operation does not take cost nothing: the
// interpreter refuses them with its own words.
func (m *meter) afford(kind, a, b any) error {
	switch kind {
	case "subtract":
		if l, ok := a.([]any); ok {
			if r, ok := b.([]any); ok {
				return m.spend((times(weigh(l), len(r)) + times(weigh(r), len(l))) / itemWeight)
			}
		}
	case "multiply":
		if n, ok := gojq.ToFloat64(b); ok {
			return m.affordRepeat(a, n)
		}
		if n, ok := gojq.ToFloat64(a); ok {
			return m.affordRepeat(b, n)
		}
	case "divide":
		if s, ok := a.(string); ok {
			if separator, ok := b.(string); ok {
				return m.affordSize(times(2*itemWeight, strings.Count(s, separator)+1))
			}
		}
	case "join":
		if separator, ok := b.(string); ok {
			return m.affordSize(times(len(separator), size(a)))
		}
	case "contain":
		if _, ok := a.(string); !ok {
			return m.spend(times(weigh(a)/itemWeight, weigh(b)/itemWeight))
		}
	case "find":
		return m.affordFind(a, b)
	case "transpose":
		rows, ok := a.([]any)
		longest := 0
		for _, row := range rows {
			longest = max(longest, size(row))
		}
		if ok {
			return m.affordSize(times(itemWeight*len(rows), longest))
		}
	case "explode":
		if s, ok := a.(string); ok {
			return m.affordSize(times(2*itemWeight, utf8.RuneCountInString(s)))
		}
	case "decode":
		if s, ok := a.(string); ok {
			// Three bytes, "{},", become an object and its place in an array.
			return m.affordSize(times((objectWeight+itemWeight)/3, len(s)))
		}
	case "number":
		if s, ok := a.(string); ok && len(s) > maxDigits {
			return m.end("makes a number of a text of %d bytes, at most %d allowed", len(s), maxDigits)
		}
	case "path":
		return m.affordPath(a)
	case "delete":
		paths, _ := b.([]any)
		for _, path := range paths {
			if err := m.affordPath(path); err != nil {
				return err
			}
		}
		return m.spend(times(weigh(a)/itemWeight, len(paths)))
	case "format":
		return m.affordFormat(a, b == "parse")
	}
	return nil
}

// affordSize refuses a result that is too large before it is built.
func (m *meter) affordSize(size int) error {
	if size > MaxValue {
		return m.end("builds a value of more than %d bytes", MaxValue)
	}
	return m.spend(size)
}

func (m *meter) affordRepeat(v any, n float64) error {
	s, ok := v.(string)
	if !ok || !(n > 0) {
		return nil
	}
	return m.affordSize(times(len(s), int(min(n, MaxValue+1))))
}

// affordFind charges for comparing b with each place of a.
func (m *meter) affordFind(a, b any) error {
	switch a := a.(type) {
	case string:
		part, _ := b.(string)
		size := 2 * itemWeight * (utf8.RuneCountInString(a) + utf8.RuneCountInString(part))
		if err := m.affordSize(size); err != nil {
			return err
		}
		return m.spend(times(len(a), len(part)))
	case []any:
		return m.spend(times(len(a), weigh(b)))
	}
	return nil
}

// step checks what may become one step of a path. Kenar's lists are
// short, so an index as large as this is a mistake or an attack.
func (m *meter) step(v any) error {
	switch v := v.(type) {
	case int, float64, *big.Int, json.Number:
		if i, _ := gojq.ToInt(v); i > maxIndex {
			return m.end("uses an array index of %d, at most %d allowed", i, maxIndex)
		}
	case []any:
		return m.end("uses an array as an index; use indices(…)")
	}
	return nil
}

func (m *meter) affordPath(v any) error {
	path, _ := v.([]any)
	for _, v := range path {
		if err := m.step(v); err != nil {
			return err
		}
	}
	return nil
}

func (m *meter) affordFormat(v any, parse bool) error {
	format, _ := v.(string)
	if len(format) > maxTimeFormat {
		return m.end("uses a time format of %d bytes, at most %d allowed", len(format), maxTimeFormat)
	}
	if parse && strings.Contains(format, "%Z") {
		return m.end("reads a time zone by its name (%%Z), which depends on the machine; use %%z")
	}
	return nil
}

// size is the number of items or members.
func size(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}
