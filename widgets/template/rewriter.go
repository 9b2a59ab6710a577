package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// A rewriter walks the syntax tree of a program and changes it in place: what
// builds a value or may be expensive goes through the meter (see the package
// comment), and what a template may not use is reported.
type rewriter struct {
	source string
	// trusted is set for library.jq, which may use names with an underscore.
	trusted bool
	// callable is the functions that are there without being defined.
	callable map[signature]treatment
	// defined is the functions in scope, the innermost last.
	defined []signature
	// uses counts the calls seen of each function, to tell their places.
	uses map[string]int
	// patterns is the regular expressions used, by expression().
	patterns map[string]*pattern
	depth    int
	faults   []fault
}

type fault struct {
	offset  int
	message string
}

func (r *rewriter) fault(name string, format string, args ...any) {
	r.faults = append(r.faults, fault{
		offset:  find(r.source, name, max(0, r.uses[name]-1)),
		message: fmt.Sprintf(format, args...),
	})
}

func (r *rewriter) query(q *gojq.Query) {
	if q == nil {
		return
	}
	if r.depth++; r.depth > maxDepth {
		if r.depth == maxDepth+1 {
			r.fault("", "the program nests deeper than %d", maxDepth)
		}
		r.depth--
		return
	}
	defer func(outer []signature) {
		r.defined = outer
		r.depth--
	}(r.defined)
	for _, def := range q.FuncDefs {
		r.definition(def)
	}
	if q.Term != nil {
		q.Term = r.term(q.Term)
		return
	}
	r.query(q.Left)
	for _, p := range q.Patterns {
		r.pattern(p)
	}
	r.query(q.Right)
	r.operator(q)
}

func (r *rewriter) definition(def *gojq.FuncDef) {
	r.name(def.Name)
	r.defined = append(slices.Clip(r.defined), signature{def.Name, len(def.Args)})
	around := len(r.defined)
	for _, arg := range def.Args {
		r.name(arg)
		r.defined = append(r.defined, signature{strings.TrimPrefix(arg, "$"), 0})
	}
	r.query(def.Body)
	r.defined = r.defined[:around]
	def.Body = &gojq.Query{Left: query(metered("_enter")), Op: gojq.OpPipe, Right: def.Body}
}

// name refuses the names that are the rewriter's own.
func (r *rewriter) name(name string) {
	if plain := strings.TrimPrefix(name, "$"); strings.HasPrefix(plain, "_") && !r.trusted {
		r.fault(name, "%s: names that begin with an underscore are reserved; choose another", name)
	}
}

// operator replaces an operator that builds values. Comparisons cost no more
// than the values they compare, which were paid for.
func (r *rewriter) operator(q *gojq.Query) {
	functions := map[gojq.Operator]string{
		gojq.OpAdd: "_sum", gojq.OpUpdateAdd: "_sum",
		gojq.OpSub: "_difference", gojq.OpUpdateSub: "_difference",
		gojq.OpMul: "_product", gojq.OpUpdateMul: "_product",
		gojq.OpDiv: "_quotient", gojq.OpUpdateDiv: "_quotient",
	}
	left, right := q.Left, q.Right
	switch q.Op {
	case gojq.OpAdd, gojq.OpSub, gojq.OpMul, gojq.OpDiv:
		replace(q, call(functions[q.Op], right, left))
	case gojq.OpAssign, gojq.OpModify:
		replace(q, keep(&gojq.Query{Left: left, Op: q.Op, Right: right}))
	case gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv:
		// l += r is r as $_right | l |= . + $_right
		sum := call(functions[q.Op], query(variable("$_right")), identity())
		replace(q, keep(bindRight(right, &gojq.Query{Left: left, Op: gojq.OpModify, Right: query(sum)})))
	case gojq.OpUpdateMod, gojq.OpUpdateAlt:
		replace(q, keep(&gojq.Query{Left: left, Op: q.Op, Right: right}))
	}
}

// term rewrites a term and returns what stands in its place.
func (r *rewriter) term(t *gojq.Term) *gojq.Term {
	charge := ""
	switch t.Type {
	case gojq.TermTypeIndex:
		r.index(t.Index)
	case gojq.TermTypeFunc:
		if r.call(t.Func) == kept {
			charge = "_keep"
		}
	case gojq.TermTypeObject:
		r.object(t.Object)
		charge = "_keep"
	case gojq.TermTypeArray:
		if r.query(t.Array.Query); t.Array.Query != nil {
			// Each item is charged when it comes: the array is not there
			// until all of them are.
			t.Array.Query = query(keep(t.Array.Query))
			charge = "_list"
		}
	case gojq.TermTypeNumber:
		if len(t.Number) > maxDigits {
			r.fault(t.Number, "a number of %d digits, at most %d allowed", len(t.Number), maxDigits)
		}
	case gojq.TermTypeUnary:
		t.Unary.Term = r.term(t.Unary.Term)
	case gojq.TermTypeFormat, gojq.TermTypeString:
		if t.Format != "" && !slices.Contains(formats, t.Format) {
			r.fault(t.Format, "%s is not a format; there are %s", t.Format, strings.Join(formats, ", "))
		}
		r.text(t.Str)
		if t.Type == gojq.TermTypeFormat || t.Str.Queries != nil {
			charge = "_keep"
		}
	case gojq.TermTypeIf:
		r.query(t.If.Cond)
		r.query(t.If.Then)
		for _, e := range t.If.Elif {
			r.query(e.Cond)
			r.query(e.Then)
		}
		r.query(t.If.Else)
	case gojq.TermTypeTry:
		r.query(t.Try.Body)
		r.query(t.Try.Catch)
	case gojq.TermTypeReduce:
		r.loop(t.Reduce.Patterns, t.Reduce.Query, t.Reduce.Start, t.Reduce.Update)
	case gojq.TermTypeForeach:
		r.loop(t.Foreach.Patterns, t.Foreach.Query, t.Foreach.Start, t.Foreach.Update, t.Foreach.Extract)
	case gojq.TermTypeLabel:
		r.query(t.Label.Body)
	case gojq.TermTypeQuery:
		r.query(t.Query)
	}
	for _, s := range t.SuffixList {
		r.index(s.Index)
	}
	if charge == "" {
		return t
	}
	suffixes := t.SuffixList
	t.SuffixList = nil
	charged := pipe(query(t), metered(charge))
	charged.SuffixList = suffixes
	return charged
}

func (r *rewriter) loop(patterns []*gojq.Pattern, queries ...*gojq.Query) {
	for _, p := range patterns {
		r.pattern(p)
	}
	for _, q := range queries {
		r.query(q)
	}
}

func (r *rewriter) object(o *gojq.Object) {
	for _, kv := range o.KeyVals {
		if strings.HasPrefix(kv.Key, "$") {
			r.variable(kv.Key)
		}
		r.text(kv.KeyString)
		r.query(kv.KeyQuery)
		r.query(kv.Val)
	}
}

func (r *rewriter) text(s *gojq.String) {
	if s == nil {
		return
	}
	for _, q := range s.Queries {
		if q.Term.Str == nil { // the others are the text in between
			r.query(q)
		}
	}
}

func (r *rewriter) pattern(p *gojq.Pattern) {
	r.name(p.Name)
	for _, item := range p.Array {
		r.pattern(item)
	}
	for _, member := range p.Object {
		if strings.HasPrefix(member.Key, "$") {
			r.name(member.Key)
		}
		r.text(member.KeyString)
		r.query(member.KeyQuery)
		if member.Val != nil {
			r.pattern(member.Val)
		}
	}
}

func (r *rewriter) index(x *gojq.Index) {
	if x == nil {
		return
	}
	r.text(x.Str)
	r.query(x.Start)
	r.query(x.End)
	if x.Start == nil || x.IsSlice {
		return
	}
	number, literal := literalIndex(x.Start)
	switch {
	case !literal:
		x.Start = query(pipe(x.Start, metered("_step")))
	case number != "":
		if n, err := strconv.ParseFloat(number, 64); err != nil || n > maxIndex {
			r.fault(number, "an array index of %s, at most %d allowed", number, maxIndex)
		}
	}
}

// literalIndex reports whether an index is a plain text or number, and which
// number.
func literalIndex(q *gojq.Query) (number string, ok bool) {
	t := q.Term
	switch {
	case t == nil || len(t.SuffixList) > 0:
		return "", false
	case t.Type == gojq.TermTypeString:
		return "", t.Str.Queries == nil
	}
	return t.Number, t.Type == gojq.TermTypeNumber
}
