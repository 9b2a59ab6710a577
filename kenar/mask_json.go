package kenar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MaskJSON returns a JSON document with every value of a sensitive key hashed
// as by [Mask], at whatever depth the key occurs, and every other byte as it
// was. It is for keeping a document that may not be kept in clear text.
//
// A value that cannot be hashed, because it breaks a rule or is nested in an
// object or array under such a key, becomes a short text that Mask refuses;
// true, false and null stay. Masking twice is masking once.
func MaskJSON(doc []byte) ([]byte, error) { return maskJSON(doc, false) }

// RedactJSON is MaskJSON that also replaces the value of every key that names
// a credential, such as access_token, by a short text, and the identifiers
// themselves wherever a text of the document repeats them: by [Removed], or by
// their hash where they are the whole text. It is for documents of others,
// which should have neither.
func RedactJSON(doc []byte) ([]byte, error) {
	ids, err := FindIdentifiers(doc)
	if err != nil {
		return nil, err
	}
	return ids.RedactJSON(doc)
}

// RedactJSON is the function RedactJSON with identifiers that come from
// elsewhere, such as from what the document was turned into.
func (ids Identifiers) RedactJSON(doc []byte) ([]byte, error) {
	// Keys are texts too, and could be what is redacted: they have to tell
	// which values are masked before.
	doc, err := maskJSON(doc, true)
	if err != nil {
		return nil, err
	}
	return ids.redactJSON(doc)
}

// Credential reports whether a key names something that lets its reader act
// for a user or an app: a token, a secret or a key. Case, "-" and "_" do not
// matter.
func Credential(key string) bool {
	plain := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(key))
	return slices.Contains([]string{
		"accesstoken", "xaccesstoken", "refreshtoken", "clientsecret", "apikey", "xapikey", "authorization", "password",
	}, plain)
}

func maskJSON(doc []byte, credentials bool) ([]byte, error) {
	var valid json.RawMessage
	if err := json.Unmarshal(doc, &valid); err != nil {
		return nil, fmt.Errorf("mask sensitive values: %w", err)
	}
	m := masker{in: doc, tokens: json.NewDecoder(bytes.NewReader(doc)), credentials: credentials}
	m.tokens.UseNumber()
	if err := m.value("", false); err != nil {
		return nil, fmt.Errorf("mask sensitive values: %w", err)
	}
	return append(m.out, doc[m.copied:]...), nil
}

// masker copies a valid JSON document from in to out, replacing values on the
// way. Its depth is bounded by that of a document encoding/json calls valid.
type masker struct {
	in     []byte
	tokens *json.Decoder
	out    []byte
	copied int // how much of in is in out

	credentials bool // replaced too
}

// value copies the next value. key is the sensitive key it belongs to, or "";
// nested is whether there is an object or array between the two.
func (m *masker) value(key string, nested bool) error {
	before := int(m.tokens.InputOffset())
	t, err := m.tokens.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		return m.composite(t, key, nested)
	case string:
		m.scalar(before, key, nested, t)
	case json.Number:
		if text, err := decimal(t.String()); err == nil {
			m.scalar(before, key, nested, text)
		} else {
			m.scalar(before, key, true, "")
		}
	}
	return nil
}

// composite copies the object or array that open has begun. Nested ones are no
// pairs: to try each would be to read the innermost as often as it is nested.
func (m *masker) composite(open json.Delim, key string, nested bool) error {
	if open == '{' && !nested && strings.EqualFold(key, oldRealEstateID) {
		if done, err := m.pair(); done || err != nil {
			return err
		}
	}
	for m.tokens.More() {
		member, inner := key, true
		if open == '{' {
			t, err := m.tokens.Token()
			if err != nil {
				return err
			}
			if name, _ := t.(string); key == "" && (Sensitive(name) || m.credentials && Credential(name)) {
				member, inner = name, false
			}
		}
		if err := m.value(member, inner); err != nil {
			return err
		}
	}
	_, err := m.tokens.Token()
	return err
}

// pair replaces an object of the two parts of old_real_estate_id by their
// hash. It does nothing when the object is another one.
func (m *masker) pair() (done bool, err error) {
	start := int(m.tokens.InputOffset()) - 1
	tokens := json.NewDecoder(bytes.NewReader(m.in[start:]))
	tokens.UseNumber()
	var parts map[string]any
	if err := tokens.Decode(&parts); err != nil {
		return false, err
	}
	text := func(v any) string {
		switch v := v.(type) {
		case string:
			return v
		case json.Number:
			s, _ := decimal(v.String()) // else empty, which has no hash
			return s
		}
		return ""
	}
	hash, err := Mask(oldRealEstateID, text(parts["document_number"])+"|"+text(parts["page_number"]))
	if err != nil || len(parts) != 2 {
		return false, nil //nolint:nilerr // each part is made unreadable by itself
	}
	m.out = append(append(m.out, m.in[m.copied:start]...), '"')
	m.out = append(append(m.out, hash...), '"')
	for end := start + int(tokens.InputOffset()); int(m.tokens.InputOffset()) < end; {
		if _, err := m.tokens.Token(); err != nil {
			return false, err
		}
	}
	m.copied = int(m.tokens.InputOffset())
	return true, nil
}

// scalar replaces the string or number that was just read, if it is sensitive.
// before is where the token before it ended.
func (m *masker) scalar(before int, key string, nested bool, value string) {
	if key == "" {
		return
	}
	masked := unreadable
	if !nested {
		if hash, err := Mask(key, value); err == nil {
			masked = hash
		}
	}
	between := len(m.in[before:]) - len(bytes.TrimLeft(m.in[before:], " \t\r\n:,"))
	m.out = append(m.out, m.in[m.copied:before+between]...)
	m.out = append(m.out, '"')
	m.out = append(m.out, masked...)
	m.out = append(m.out, '"')
	m.copied = int(m.tokens.InputOffset())
}
