package pipeline

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"
)

// Neither credentials nor raw identifiers of an event reach a dead letter or
// a queue, whatever shape the event has (G7).
func TestNothingSecretIsKept(t *testing.T) {
	const vin, token = "IRJC95R23KJ039206", "ory_at_verysecret"
	events := map[string]string{
		"attribute":            `{"specversion":"1.0","id":"a","source":"s","type":"kenar.addon.attach.v1","subject":"post/P1","accesstoken":"` + token + `","data":{"widgets":[]}}`,
		"data":                 `{"id":"a","data":{"access_token":"` + token + `","semantic":{"VIN":"` + vin + `"}}}`,
		"nested":               `{"id":"a","data":{"x":[{"Authorization":"Bearer ` + token + `","vin":"` + vin + `"}]}}`,
		"a list":               `[{"refresh_token":"` + token + `","VIN":"` + vin + `"}]`,
		"trailing data":        `{"data":{"VIN":"` + vin + `","access_token":"` + token + `"}} {}`,
		"a byte order mark":    "\uFEFF" + `{"data":{"VIN": "` + vin + `", "client_secret" : "` + token + `"}}`,
		"cut off":              `{"data":{"engine_number":"` + vin + `","x-api-key":"` + token,
		"a string in a string": `{"id":"a" "data":"{\"VIN\":\"` + vin + `\",\"access_token\":\"` + token + `\"}"}`,
		"not UTF-8":            "{\"a\":\"\xff\",\"VIN\":\"" + vin + `","api_key":"` + token + `"}`,
	}
	for name, raw := range events {
		kept := []byte(deadEvent([]byte(raw), redacted([]byte(raw))))
		var b Blob
		if json.Unmarshal(kept, &b) == nil && b.Base64 != "" {
			show, err := base64.StdEncoding.DecodeString(b.Base64)
			must(t, err)
			kept = show
		}
		for _, secret := range []string{vin, token} {
			if bytes.Contains(kept, []byte(secret)) {
				t.Errorf("%s: the dead letter holds %s: %s", name, secret, kept)
			}
		}
	}
	_, err := DecodeEvent([]byte(events["attribute"]))
	wantReason(t, err, InvalidEvent, "accesstoken", "grantid")
	_, _, err = Builder{}.decodeAttach(KindPost, []byte(`{"widgets":[{"title_row":{"text":"x"}}],"access_token":"`+token+`"}`))
	wantReason(t, err, InvalidEvent, "data.access_token", "grantid")
}
