package template

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// A program is one compiled template.
type program struct {
	file     string
	code     *gojq.Code
	patterns map[string]*pattern
}

// compile reports everything that is wrong with a template, in the order of its
// lines. A program is only there when nothing is.
func compile(file, source string) (*program, []*Error) {
	at := func(offset int, format string, args ...any) *Error {
		line, column := position(source, offset)
		return &Error{File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
	}
	if i := invalidUTF8(source); i >= 0 {
		return nil, []*Error{at(i, "the file is not UTF-8 text")}
	}
	if isBlank(source) {
		return nil, []*Error{at(0, "the file holds no program; write one that yields an object, or delete the file")}
	}
	own, err := gojq.Parse(source)
	if err != nil {
		offset := len(source)
		var parse *gojq.ParseError
		if errors.As(err, &parse) {
			offset = parse.Offset - len(parse.Token)
		}
		return nil, []*Error{at(offset, "%v", err)}
	}

	callable := natives()
	primitives := definitions(primitivesSource)
	declare(callable, primitives)
	library := definitions(librarySource)
	rewriteLibrary(library, callable)
	declare(callable, library)

	r := &rewriter{source: source, callable: callable, uses: make(map[string]int), patterns: make(map[string]*pattern)}
	if own.Meta != nil || len(own.Imports) > 0 {
		r.fault("", "a template has no modules; copy the definitions it needs into it")
	}
	r.query(own)
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b fault) int { return cmp.Compare(a.offset, b.offset) })
		errs := make([]*Error, len(r.faults))
		for i, f := range r.faults {
			errs[i] = at(f.offset, "%s", f.message)
		}
		return nil, errs
	}

	own.FuncDefs = slices.Concat(primitives, library, own.FuncDefs)
	code, err := gojq.Compile(own,
		gojq.WithVariables([]string{"$_meter"}),
		withCharge("_enter", 0, func(m *meter, _ any, _ []any) error { return m.enter() }),
		withCharge("_list", 0, func(m *meter, v any, _ []any) error { return m.list(v) }),
		withCharge("_keep", 0, func(m *meter, v any, _ []any) error { return m.keep(v) }),
		withCharge("_step", 0, func(m *meter, v any, _ []any) error { return m.step(v) }),
		withCharge("_afford", 3, func(m *meter, _ any, args []any) error { return m.afford(args[0], args[1], args[2]) }),
		withMeter("_match_all", 2, func(m *meter, v any, args []any) any { return m.match(v, args[0], args[1]) }),
		withMeter("_match_any", 2, func(m *meter, v any, args []any) any { return m.test(v, args[0], args[1]) }),
	)
	if err != nil {
		// What is left are names: "variable not defined: $x".
		message := err.Error()
		return nil, []*Error{at(find(source, message[strings.LastIndexByte(message, ' ')+1:], 0), "%s", message)}
	}
	return &program{file: file, code: code, patterns: r.patterns}, nil
}

// withMeter makes a function for programs. Its first argument is the meter, then
// come as many as arity says.
func withMeter(name string, arity int, f func(m *meter, v any, args []any) any) gojq.CompilerOption {
	return gojq.WithFunction(name, 1+arity, 1+arity, func(v any, args []any) any {
		m, ok := args[0].(*meter)
		if !ok {
			return fmt.Errorf("%s needs the meter", name)
		}
		return f(m, v, args[1:])
	})
}

// withCharge makes a function for programs that yields its input, unless
// charging fails.
func withCharge(name string, arity int, charge func(m *meter, v any, args []any) error) gojq.CompilerOption {
	return withMeter(name, arity, func(m *meter, v any, args []any) any {
		if err := charge(m, v, args); err != nil {
			return err
		}
		return v
	})
}

func declare(callable map[signature]treatment, defs []*gojq.FuncDef) {
	for _, def := range defs {
		callable[signature{def.Name, len(def.Args)}] = plain
	}
}

func rewriteLibrary(defs []*gojq.FuncDef, primitives map[signature]treatment) {
	callable := internals()
	for s, how := range primitives {
		callable[s] = how
	}
	r := &rewriter{source: librarySource, trusted: true, callable: callable, uses: make(map[string]int)}
	for _, def := range defs {
		r.definition(def)
	}
	if len(r.faults) > 0 {
		panic("template: library.jq: " + r.faults[0].message)
	}
}

func invalidUTF8(s string) int {
	for i, c := range s {
		if c == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return -1
}

// isBlank reports whether a source has nothing but comments, which jq would take
// for the program that yields its input.
func isBlank(source string) bool {
	for line := range strings.Lines(source) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}
