package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	rule "github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// translate adds what the library has found, in words that tell what to do.
func (j *judgement) translate(e *jsonschema.ValidationError) {
	at := e.InstanceLocation
	switch k := e.ErrorKind.(type) {
	case *rule.Schema, *rule.Group, *rule.AllOf:
		for _, cause := range e.Causes {
			j.translate(cause)
		}
	case *rule.Required:
		for _, name := range k.Missing {
			here := inside(at, name)
			j.add(here, "is missing"+j.mustBe(here))
		}
	case *rule.Dependency:
		for _, name := range k.Missing {
			here := inside(at, name)
			j.add(here, "is missing, and required when "+k.Prop+" is given"+j.mustBe(here))
		}
	case *rule.AdditionalProperties:
		for _, name := range k.Properties {
			if len(at) > 0 {
				j.add(inside(at, name), "is not a known field")
				continue
			}
			j.addLater([]string{name}, func() string { return j.unlisted(name) })
		}
	case *rule.AnyOf:
		j.addLater(at, func() string { return "fits none of the alternatives: " + j.alternatives(e.Causes) })
	case *rule.OneOf:
		if len(k.Subschemas) > 0 {
			j.add(at, fmt.Sprintf("fits alternatives %d and %d, must fit exactly one", k.Subschemas[0]+1, k.Subschemas[1]+1))
			break
		}
		j.addLater(at, func() string { return "fits none of the alternatives: " + j.alternatives(e.Causes) })
	case *rule.UniqueItems:
		j.add(inside(at, strconv.Itoa(k.Duplicates[1])), fmt.Sprintf("is the same as item %d; remove one of the two", k.Duplicates[0]))
	default:
		j.addLater(at, func() string { return j.describe(e) })
	}
}

// describe is the message for a value that is not as it must be.
func (j *judgement) describe(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *rule.Type:
		return j.wrongType(e.InstanceLocation, k.Want)
	case *rule.Enum:
		return j.noChoice(e.InstanceLocation, k.Got, k.Want)
	case *rule.Const:
		return "is " + show(k.Got) + ", must be " + show(k.Want)
	case *rule.Minimum:
		return "is " + number(k.Got) + ", must be at least " + number(k.Want)
	case *rule.Maximum:
		return "is " + number(k.Got) + ", must be at most " + number(k.Want)
	case *rule.ExclusiveMinimum:
		return "is " + number(k.Got) + ", must be more than " + number(k.Want)
	case *rule.ExclusiveMaximum:
		return "is " + number(k.Got) + ", must be less than " + number(k.Want)
	case *rule.MultipleOf:
		return "is " + number(k.Got) + ", must be a multiple of " + number(k.Want)
	case *rule.MinLength:
		return count(k.Got, "character") + fmt.Sprintf(", at least %d required", k.Want)
	case *rule.MaxLength:
		return count(k.Got, "character") + fmt.Sprintf(", at most %d allowed", k.Want)
	case *rule.MinItems:
		return count(k.Got, "item") + fmt.Sprintf(", at least %d required", k.Want)
	case *rule.MaxItems:
		return count(k.Got, "item") + fmt.Sprintf(", at most %d allowed", k.Want)
	case *rule.MinProperties:
		return count(k.Got, "field") + fmt.Sprintf(", at least %d required", k.Want)
	case *rule.MaxProperties:
		return count(k.Got, "field") + fmt.Sprintf(", at most %d allowed", k.Want)
	case *rule.Pattern:
		return quote(k.Got) + " does not match the regular expression " + k.Want
	case *rule.FalseSchema:
		return "must not be given here; remove it"
	case *rule.Not:
		return "is what the schema excludes"
	}
	return "does not satisfy the schema: " + e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}

// alternatives tells what is wrong with each of several ways to be right.
func (j *judgement) alternatives(causes []*jsonschema.ValidationError) string {
	const most = 3
	var all []string
	for i, cause := range causes {
		if i == most {
			all = append(all, fmt.Sprintf("… (%d in all)", len(causes)))
			break
		}
		one := &judgement{schema: j.schema, doc: j.doc, speller: j.speller}
		one.translate(cause)
		if err := one.faults(); err != nil {
			all = append(all, fmt.Sprintf("(%d) %v", i+1, err))
		}
	}
	const length = 500 // alternatives may have alternatives in them
	text, _ := persian.Shorten(strings.Join(all, ", "), length)
	return text
}

// mustBe follows the news that a field is missing.
func (j *judgement) mustBe(location []string) string {
	if f := j.field(location); f != nil && len(location) == 1 {
		return ", must be " + f.wanted()
	}
	return ""
}

// wrongType tells what stands there, what must, and how to get from the one to
// the other when that is plain.
func (j *judgement) wrongType(location, want []string) string {
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = typePhrase(w)
	}
	must := ", must be " + strings.Join(names, " or ")
	n := at(j.doc, location)
	if n == nil {
		return "is of the wrong type" + must
	}
	wants := func(t string) bool { return slices.Contains(want, t) }
	wantsNumber := wants("integer") || wants("number")
	switch n.Kind {
	case strictjson.Null:
		return "is null" + must + "; leave the field out when it has no value"
	case strictjson.Number, strictjson.Boolean:
		is := "is " + show(decoded(n))
		switch {
		case n.Kind == strictjson.Number && wants("integer"):
			return is + must + ", a whole number"
		case wants("string"):
			return is + must + "; put it in quotes"
		case wants("array"):
			return is + must + "; put it in square brackets"
		}
		return is + must
	case strictjson.String:
		is := "is the string " + quote(n.Text)
		switch literal := asNumber(n.Text); {
		case wantsNumber && literal != "":
			return is + must + "; write " + literal + " without quotes"
		case wants("boolean") && (n.Text == "true" || n.Text == "false"):
			return is + must + "; write " + n.Text + " without quotes"
		case wants("array"):
			return is + must + "; put it in square brackets"
		}
		return is + must
	}
	return "is " + n.Kind.String() + must
}

// typePhrase is a type, in Kenar's words or JSON Schema's, as a fault names it.
func typePhrase(t string) string {
	switch t {
	case "integer", "array", "object":
		return "an " + t
	case "float":
		return "a number"
	case "null":
		return t
	}
	return "a " + t
}

// asNumber is the JSON number that a string with digits of any kind, and with
// separators of thousands, spells; or "".
func asNumber(s string) string {
	s = strings.NewReplacer("٬", "", ",", "", "٫", ".").Replace(asciiDigits(strings.TrimSpace(s)))
	if _, err := strconv.ParseFloat(s, 64); err != nil || !json.Valid([]byte(s)) || !bearable(s) {
		return ""
	}
	return s
}

// noChoice tells the choices when they are few, and the nearest one.
func (j *judgement) noChoice(location []string, got any, want []any) string {
	var choices []Choice
	if f := j.field(location); f != nil && len(f.Choices) == len(want) {
		choices = f.Choices
	} else { // those of an alternative, or of something inside the field
		for _, w := range want {
			title, ok := w.(string)
			if !ok {
				title = show(w)
			}
			choices = append(choices, Choice{Value: w, Title: title})
		}
	}
	return "is " + show(got) + ", must be one of " + listed(choices, Choice.quoted, ", ") + j.speller.nearestChoice(got, choices)
}

// unlisted is the message for a field that the schema does not list.
func (j *judgement) unlisted(name string) string {
	return "is not a field of this category" + j.speller.nearestField(name, j.schema.fields)
}

// number is an exact decimal number; those of JSON always have one.
func number(r *big.Rat) string {
	const most = 20
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(most), "0")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
