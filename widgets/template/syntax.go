package template

import "github.com/itchyny/gojq"

// What rewriting puts into a syntax tree.

func query(t *gojq.Term) *gojq.Query { return &gojq.Query{Term: t} }

func identity() *gojq.Query { return query(&gojq.Term{Type: gojq.TermTypeIdentity}) }

func variable(name string) *gojq.Term { return call(name) }

func call(name string, args ...*gojq.Query) *gojq.Term {
	return &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: args}}
}

// pipe is (q | t).
func pipe(q *gojq.Query, t *gojq.Term) *gojq.Term {
	return &gojq.Term{
		Type:  gojq.TermTypeQuery,
		Query: &gojq.Query{Left: q, Op: gojq.OpPipe, Right: query(t)},
	}
}

// keep is (q | _keep($_meter)), which charges for each value of q.
func keep(q *gojq.Query) *gojq.Term {
	return pipe(q, metered("_keep"))
}

// metered is a call of a function that charges for its input.
func metered(name string) *gojq.Term { return call(name, query(variable("$_meter"))) }

// bindRight is right as $_right | q.
func bindRight(right, q *gojq.Query) *gojq.Query {
	return &gojq.Query{
		Left:     right,
		Op:       gojq.OpPipe,
		Patterns: []*gojq.Pattern{{Name: "$_right"}},
		Right:    q,
	}
}

// replace puts a term in the place of an operator.
func replace(q *gojq.Query, t *gojq.Term) {
	*q = gojq.Query{FuncDefs: q.FuncDefs, Term: t}
}
