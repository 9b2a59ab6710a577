package listing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxDepth bounds the nesting of the data. Widgets, which may be part of a
// submission, are allowed half of it.
const maxDepth = 64

// canonical is the value in the one form that encoding/json leaves as it is, so
// that what is kept as JSON on the way comes back as the same bytes.
func canonical(n *strictjson.Node) json.RawMessage {
	var compact, escaped bytes.Buffer
	_ = json.Compact(&compact, n.Raw) // cannot fail: it has been parsed
	json.HTMLEscape(&escaped, compact.Bytes())
	return escaped.Bytes()
}

// A place is where a value stands in a document. Most are never told, so they
// become texts only when they are.
type place struct {
	in    *place
	name  string // of a member, or of the document where in is nil
	item  bool
	index int // of an item
}

func (p *place) String() string {
	switch {
	case p.in == nil:
		return p.name
	case p.item:
		return item(p.in.String(), p.index)
	}
	return join(p.in.String(), p.name)
}

// parse reads the whole of a document. Names that are given twice and text that
// is not Unicode are faults at their places; the error is about a document that
// cannot be read. Of several members with one name only the first is kept.
func parse(f *findings, root string, data []byte) (strictjson.Node, error) {
	n, err := strictjson.ParseObject(data, strictjson.Limits{Depth: maxDepth})
	f.ambiguities(&place{name: root}, &n)
	if errors.Is(err, strictjson.ErrNotUTF8) {
		err = fmt.Errorf("%w: encode the event as UTF-8", err)
	}
	return n, err
}

// ambiguities records what readers of JSON disagree about, in the order of the
// document, and leaves the repeated members out.
func (f *findings) ambiguities(at *place, n *strictjson.Node) {
	if n.Lossy {
		f.fault(at.String(), `holds half of a surrogate pair, such as \ud83d alone, which is not valid Unicode`)
	}
	for i := range n.Items {
		f.ambiguities(&place{in: at, item: true, index: i}, &n.Items[i])
	}
	seen := make(map[string]bool, len(n.Members))
	kept := n.Members[:0]
	for i := range n.Members {
		m := &n.Members[i]
		inside := &place{in: at, name: m.Name}
		if m.LossyName {
			f.fault(inside.String(), "has a name with half of a surrogate pair, which is not valid Unicode")
		}
		f.ambiguities(inside, &m.Node)
		switch {
		case !seen[m.Name]:
			seen[m.Name] = true
			kept = append(kept, *m)
		case m.Raw != nil: // else the document ends inside it, which is told already
			f.fault(inside.String(), "is given twice in one object; remove one of the two")
		}
	}
	n.Members = kept
}
