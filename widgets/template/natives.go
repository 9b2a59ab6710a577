package template

import (
	_ "embed"
	"strconv"

	"github.com/itchyny/gojq"
)

var (
	//go:embed primitives.jq
	primitivesSource string
	//go:embed library.jq
	librarySource string
)

// A signature is a function's name and the number of its parameters.
type signature struct {
	name  string
	arity int
}

func (s signature) String() string { return s.name + "/" + strconv.Itoa(s.arity) }

// A treatment is what the rewriting of a template does with a call of a
// function that the interpreter has built in.
type treatment int

const (
	// plain calls stay as they are: the function passes on what it was
	// given, or its result is small.
	plain treatment = iota + 1
	// kept calls are charged for their result, which costs about as much
	// as it is large.
	kept
)

// natives is the built-in functions a template may call directly. All others
// it may use are in primitives.jq and library.jq; what is in none of the three
// is refused, so a function that a newer interpreter brings is refused until
// someone has thought about its cost.
func natives() map[signature]treatment {
	all := make(map[signature]treatment)
	add := func(t treatment, arity int, names ...string) {
		for _, name := range names {
			all[signature{name, arity}] = t
		}
	}
	add(plain, 0, "empty", "error", "not", "length", "utf8bytelength", "type", "toboolean", "abs",
		"arrays", "objects", "iterables", "booleans", "numbers", "finites", "normals", "strings", "nulls", "values", "scalars",
		"paths", "first", "last", "all", "any", "min", "max",
		"ltrim", "rtrim", "trim",
		"floor", "ceil", "round", "trunc", "fabs", "sqrt", "exp", "exp2", "exp10", "log", "log2", "log10",
		"infinite", "nan", "isinfinite", "isfinite", "isnan", "isnormal",
		"gmtime", "mktime", "fromdate", "fromdateiso8601", "todate", "todateiso8601")
	add(plain, 1, "error", "path", "has", "in", "select", "range",
		"startswith", "endswith", "ltrimstr", "rtrimstr", "trimstr",
		"first", "last", "nth", "isempty", "all", "any", "paths", "IN", "bsearch")
	add(plain, 2, "range", "limit", "skip", "nth", "all", "any", "IN", "pow", "fmin", "fmax", "fmod")
	add(plain, 3, "range")
	add(kept, 0, "keys", "add", "tostring", "tojson", "reverse", "flatten", "sort", "unique",
		"implode", "ascii_downcase", "ascii_upcase")
	add(kept, 1, "flatten")
	return all
}

// internals is what library.jq may call besides: what the interpreter's own
// definitions of the same functions rest on.
func internals() map[signature]treatment {
	return map[signature]treatment{
		{"_min_by", 1}:    plain,
		{"_max_by", 1}:    plain,
		{"_sort_by", 1}:   kept,
		{"_group_by", 1}:  kept,
		{"_unique_by", 1}: kept,
		{"_captures", 0}:  kept,
	}
}

// excuses says why a function that other jq programs have is refused.
var excuses = map[string]string{
	"now":               "rendering is repeatable, so there is no clock; take the time from the event",
	"localtime":         "it depends on the machine's time zone; use gmtime",
	"strflocaltime":     "it depends on the machine's time zone; use strftime",
	"env":               "a template does not see the environment",
	"$ENV":              "a template does not see the environment",
	"input":             "a template is given one event, as its input",
	"inputs":            "a template is given one event, as its input",
	"debug":             "a template writes nothing but its output",
	"stderr":            "a template writes nothing but its output",
	"halt":              "a template always yields one object; use error(…) to refuse an event",
	"halt_error":        "use error(…) to refuse an event",
	"input_filename":    "a template does not see files",
	"modulemeta":        "a template has no modules",
	"get_search_list":   "a template has no modules",
	"builtins":          "it differs between versions of the interpreter",
	"input_line_number": "a template is given one event, as its input",
}

// matching is the functions whose first argument is a regular expression.
var matching = map[string]bool{
	"test": true, "match": true, "capture": true, "scan": true, "splits": true, "sub": true, "gsub": true,
}

// formats is what @ may be followed by.
var formats = []string{"@text", "@json", "@html", "@uri", "@urid", "@csv", "@tsv", "@sh", "@base64", "@base64d"}

// definitions parses one of the two embedded sources. They are part of the
// program, and a test loads them, so a fault in them is a panic.
func definitions(source string) []*gojq.FuncDef {
	q, err := gojq.Parse(source)
	if err != nil {
		panic("template: embedded definitions: " + err.Error())
	}
	return q.FuncDefs
}
