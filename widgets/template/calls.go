package template

import (
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// call rewrites the arguments of a call of a function, or the use of a variable,
// and returns how the call itself is to be treated.
func (r *rewriter) call(f *gojq.Func) treatment {
	if strings.HasPrefix(f.Name, "$") {
		r.variable(f.Name)
		return plain
	}
	r.uses[f.Name]++
	s := signature{f.Name, len(f.Args)}
	how := plain
	if !slices.Contains(r.defined, s) {
		how = r.callable[s]
		switch {
		case how == 0 || strings.HasPrefix(f.Name, "_") && !r.trusted:
			r.unavailable(s)
		case matching[f.Name] || s == signature{"split", 2}:
			r.regexp(f)
		}
	}
	for _, arg := range f.Args {
		r.query(arg)
	}
	return how
}

func (r *rewriter) variable(name string) {
	if excuse, ok := excuses[name]; ok {
		r.fault(name, "%s is not available in a template: %s", name, excuse)
		return
	}
	r.name(name)
}

func (r *rewriter) unavailable(s signature) {
	if excuse, ok := excuses[s.name]; ok {
		r.fault(s.name, "%s is not available in a template: %s", s.name, excuse)
		return
	}
	if strings.HasPrefix(s.name, "_") {
		r.name(s.name)
		return
	}
	for arity := range 4 {
		if other := (signature{s.name, arity}); r.callable[other] != 0 || slices.Contains(r.defined, other) {
			r.fault(s.name, "%s is not defined; there is %s (name/number of arguments)", s, other)
			return
		}
	}
	r.fault(s.name, "%s is not defined or not available in a template; define it, or do without", s)
}

// regexp checks the pattern and the flags of a call, and compiles the pattern.
// None may be computed from the event: its errors would come late, and its cost
// could be anything.
func (r *rewriter) regexp(f *gojq.Func) {
	if r.trusted {
		return
	}
	text, ok := literalText(f.Args[0])
	if !ok {
		r.fault(f.Name, "%s needs its pattern written out as a plain string in the template", f.Name)
		return
	}
	flags := ""
	at := 1
	if f.Name == "sub" || f.Name == "gsub" {
		at = 2
	}
	if at < len(f.Args) {
		if flags, ok = literalText(f.Args[at]); !ok || strings.Trim(flags, "gim") != "" {
			r.fault(f.Name, "%s needs its flags written out as a plain string of the letters g, i and m", f.Name)
			return
		}
	}
	written := expression(text, flags)
	p, err := newPattern(written)
	if err != nil {
		r.fault(f.Name, "%s has a pattern that is not a regular expression (RE2 syntax): %v", f.Name, err)
		return
	}
	r.patterns[written] = p
}

func literalText(q *gojq.Query) (string, bool) {
	t := q.Term
	if t == nil || len(q.FuncDefs) > 0 || len(t.SuffixList) > 0 {
		return "", false
	}
	if t.Type == gojq.TermTypeNull {
		return "", true
	}
	if t.Type != gojq.TermTypeString || t.Str.Queries != nil {
		return "", false
	}
	return t.Str.Str, true
}
