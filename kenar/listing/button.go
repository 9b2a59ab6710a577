package listing

import (
	"encoding/json"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A Button is the data of a kenar.listing.button.v1 event.
type Button struct {
	Remove bool         // there is to be no button
	Button kenar.Button // the button that is to be there; zero to remove it
}

// DecodeButton reads the data of a kenar.listing.button.v1 event. A direct link
// may hold {post_token}; see [kenar.Button.ForPost].
func DecodeButton(data []byte) (Button, error) {
	var f findings
	var b Button
	readDocument(&f, data, func(o *object) { b = o.button() })
	if err := f.err(); err != nil {
		return Button{}, err
	}
	return b, nil
}

// button reads the fields of a button's event.
func (o *object) button() Button {
	remove := value(o, "remove", o.boolean)
	kind, action := optional(o, "type", o.buttonType), optional(o, "action", o.action)
	if remove {
		if kind != nil || action != nil {
			o.fault(join(o.at, "remove"), "stands alone: give remove, or a type and an action")
		}
		return Button{Remove: true}
	}
	var b kenar.Button
	if kind != nil {
		b.Type = *kind
	}
	if action != nil {
		b.Action = *action
	}
	_, err := b.Body()
	o.adopt(err, "customized_button", o.at)
	return Button{Button: b}
}

func (f *findings) buttonType(path string, n *strictjson.Node) kenar.ButtonType {
	return kenar.ButtonType(f.text(path, n))
}

// action reads what a click does. It is nil after a fault.
func (f *findings) action(path string, n *strictjson.Node) widgets.Action {
	a, err := widgets.DecodeAction(n.Raw)
	f.adopt(err, "action", path)
	return a
}

// newButton reads the button of a post that is yet to be made.
func (f *findings) newButton(path string, n *strictjson.Node) json.RawMessage {
	read(f, path, n, func(o *object) {
		if o.button().Remove {
			o.fault(join(path, "remove"), "is not for a new post, which has no button: leave button out")
		}
	})
	return canonical(n)
}
