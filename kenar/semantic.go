package kenar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// Semantic is what an app tells Divar about a post or user in a form that
// machines read. The values of predefined keys are stored plain and may earn a
// badge; Divar hashes those of all other keys. A nil Semantic says nothing.
type Semantic map[string]string

// predefined lists the allowed values of the keys that Divar knows (Kenar
// docs, semantic data; PENDING and the last two keys are only in its SDKs).
// What Kenar does with another value is not documented, so none is sent.
var predefined = map[string][]string{
	"payment_method":               {"SECURE"},
	"identity_verification_result": {"FACE_AND_ID_MATCHED"},
	"post_verification_result":     {"POST_INFORMATION_MATCHED"},
	"ownership_result":             {"OWNERSHIP_CONFIRMED", "OWNERSHIP_DELEGATION_CONFIRMED"},
	"inspection_result":            {"INSPECTION_APPROVED"},
	"status":                       {"SUCCEEDED", "FAILED", "EXPIRED", "PENDING"},

	"identity_verification_last_successful_stage": identityStages,
	"identity_verification_failure_reason":        identityStages,
	"car_verification_last_successful_stage":      carStages,
	"car_verification_failure_reason":             carStages,

	"new_face_verification_result":  {"NEW_FACE_VERIFICATION_FAILED"},
	"online_reservation_capability": {"ONLINE_RESERVATION_AVAILABLE"},
}

var (
	identityStages = []string{
		"IDENTITYVERIFICATIONSTAGE_NOT_STARTED",
		"NATIONAL_INFO_VERIFICATION",
		"IMAGE_VERIFICATION",
		"VIDEO_VERIFICATION",
	}
	carStages = []string{
		"CARVERIFICATIONSTAGE_NOT_STARTED",
		"CARVERIFICATIONSTAGE_SHAHKAR",
		"CAR_CARD_VERIFICATION",
		"CAR_MODEL_VERIFICATION",
	}
)

// DecodeSemantic reads a JSON object of semantic data. Numbers become strings,
// as Kenar takes only those; sensitive values are hashed as by [Mask]; the
// keys that Kenar's own pages misspell are corrected. What was changed is told
// in the warnings. Absent data and null are a nil Semantic.
//
// The error is a [widgets.Faults] with a fault for every value that Kenar
// would refuse or misunderstand. Neither faults nor warnings contain values of
// sensitive keys.
func DecodeSemantic(data []byte) (Semantic, []widgets.Warning, error) {
	d := semanticDecoder{values: Semantic{}}
	if len(data) == 0 {
		return nil, nil, nil
	}
	var members json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		d.faults.Add("semantic", "is not valid JSON: %v", err)
		return nil, nil, d.faults
	}
	if !utf8.Valid(data) {
		d.faults.Add("semantic", "is not valid UTF-8")
		return nil, nil, d.faults
	}
	switch kind := bytes.TrimSpace(members); {
	case string(kind) == "null":
		return nil, nil, nil
	case kind[0] != '{':
		d.faults.Add("semantic", "is %s: it must be an object of strings", kindOf(kind))
		return nil, nil, d.faults
	}
	d.object(members)
	if err := d.faults.Err(); err != nil {
		return nil, d.warnings, err
	}
	return d.values, d.warnings, nil
}

const givenTwice = "is given twice: remove one of the two"

type semanticDecoder struct {
	values   Semantic
	warnings []widgets.Warning
	faults   widgets.Faults
}

// object reads the members of a valid JSON object, token by token: decoding
// into a map would hide duplicate keys.
func (d *semanticDecoder) object(data []byte) {
	tokens := json.NewDecoder(bytes.NewReader(data))
	_, err := tokens.Token() // the opening brace
	for err == nil && tokens.More() {
		var key json.Token
		var value json.RawMessage
		if key, err = tokens.Token(); err != nil {
			break
		}
		if err = tokens.Decode(&value); err != nil {
			break
		}
		name, _ := key.(string)
		d.member(name, value)
	}
	if err != nil {
		d.faults.Add("semantic", "is not valid JSON: %v", err)
	}
}

func (d *semanticDecoder) member(written string, raw json.RawMessage) {
	path := "semantic." + written
	key := spelling(written)
	if key != written {
		d.warnings = append(d.warnings, widgets.Warning{Path: path, Message: "sent as " + key})
	}
	if _, ok := d.values[key]; ok {
		d.faults.Add(path, "%s", givenTwice)
		return
	}
	d.values[key] = "" // even if faulty, so that a second one is noticed
	value, err := d.text(path, raw)
	if err == nil {
		value, err = checkMember(key, value)
	}
	if err != nil {
		d.faults.Add(path, "%v", err)
		return
	}
	d.values[key] = value
}

// spelling returns the key in the spelling that Kenar recognizes. One of its
// pages has printed post_verifcation_result for years.
func spelling(key string) string {
	if key == "post_verifcation_result" {
		return "post_verification_result"
	}
	if known, ok := sensitiveKey(key); ok {
		return known
	}
	return key
}

// text returns a JSON value as the string that Kenar wants. It does not repeat
// the value in a fault or warning: it may be a sensitive one.
func (d *semanticDecoder) text(path string, raw json.RawMessage) (string, error) {
	switch kind := kindOf(raw); kind {
	case "a string":
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case "a number":
		s, err := decimal(string(raw))
		if err == nil {
			d.warnings = append(d.warnings, widgets.Warning{Path: path, Message: "a number, sent as a string"})
		}
		return s, err
	default:
		return "", fmt.Errorf("is %s: it must be a string", kind)
	}
}

// kindOf names the kind of a valid JSON value without white space before it.
func kindOf(raw []byte) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// checkMember returns the value to send for a key in Kenar's spelling.
func checkMember(key, value string) (string, error) {
	if key == "" {
		return "", errors.New("the key is empty")
	}
	if Sensitive(key) {
		return Mask(key, value)
	}
	if allowed, ok := predefined[key]; ok && !slices.Contains(allowed, value) {
		return "", fmt.Errorf("is %s: allowed for this key: %s", shortened(value, 48), strings.Join(allowed, ", "))
	}
	return value, nil
}

// checked returns s as it may be sent. What DecodeSemantic made is unchanged by
// it; a Semantic written in Go has its keys corrected and its sensitive values
// hashed here, so that no way leads around it.
func (s Semantic) checked(faults *widgets.Faults) Semantic {
	sent := make(Semantic, len(s))
	for _, written := range slices.Sorted(maps.Keys(s)) {
		key := spelling(written)
		value, err := checkMember(key, s[written])
		if err != nil {
			faults.Add("semantic."+written, "%v", err)
		}
		if _, ok := sent[key]; ok {
			faults.Add("semantic."+written, "%s", givenTwice)
		}
		sent[key] = value
	}
	return sent
}
