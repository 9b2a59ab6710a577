package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxDepth bounds the nesting of a document. Kenar's own schemas need five
// levels, and the fields of a post two.
const maxDepth = 32

// parse reads a whole document of at most limit bytes.
func parse(data []byte, limit int) (*strictjson.Node, error) {
	n, err := strictjson.ParseObject(data, strictjson.Limits{Bytes: limit, Depth: maxDepth})
	switch {
	case errors.Is(err, strictjson.ErrNotUTF8):
		return nil, fmt.Errorf("%w; encode the text as UTF-8", err)
	case errors.Is(err, strictjson.ErrTrailing):
		return nil, fmt.Errorf("%w; remove it", err)
	case err != nil:
		return nil, err
	}
	return &n, nil
}

// member is the value of a member of n, the last one as in encoding/json, or
// nil.
func member(n *strictjson.Node, name string) *strictjson.Node {
	for i := len(n.Members) - 1; i >= 0; i-- {
		if n.Members[i].Name == name {
			return &n.Members[i].Node
		}
	}
	return nil
}

// at is the value at a location inside n, or nil.
func at(n *strictjson.Node, location []string) *strictjson.Node {
	for _, step := range location {
		switch n.Kind {
		case strictjson.Object:
			n = member(n, step)
		case strictjson.Array:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.Items) {
				return nil
			}
			n = &n.Items[i]
		default:
			return nil
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// decoded is n as encoding/json decodes it into an any with UseNumber.
func decoded(n *strictjson.Node) any {
	switch n.Kind {
	case strictjson.Boolean:
		return n.Text == "true"
	case strictjson.Number:
		return json.Number(n.Text)
	case strictjson.String:
		return n.Text
	case strictjson.Array:
		items := make([]any, len(n.Items))
		for i := range n.Items {
			items[i] = decoded(&n.Items[i])
		}
		return items
	case strictjson.Object:
		members := make(map[string]any, len(n.Members))
		for i := range n.Members {
			members[n.Members[i].Name] = decoded(&n.Members[i].Node)
		}
		return members
	}
	return nil
}

// walk visits n and everything inside it, parents first.
func walk(n *strictjson.Node, location []string, visit func(location []string, n *strictjson.Node)) {
	visit(location, n)
	for i := range n.Items {
		walk(&n.Items[i], inside(location, strconv.Itoa(i)), visit)
	}
	for i := range n.Members {
		walk(&n.Members[i].Node, inside(location, n.Members[i].Name), visit)
	}
}

// inside is the location one step further; location itself is left alone.
func inside(location []string, step string) []string {
	return append(location[:len(location):len(location)], step)
}

// maxExponent and maxDigits bound numbers. They are compared exactly, as
// fractions, and 1e999999999 written out would fill the memory.
const (
	maxExponent = 308
	maxDigits   = 64
)

// bearable reports whether a number can be computed with.
func bearable(literal string) bool {
	if len(literal) > maxDigits {
		return false
	}
	_, exponent, has := strings.Cut(strings.ToLower(literal), "e")
	if !has {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && -maxExponent <= n && n <= maxExponent
}
