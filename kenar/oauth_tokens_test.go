package kenar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

func TestDecodeTokens(t *testing.T) {
	hour := func(scope ...string) Tokens { return Tokens{Access: "a", Scope: scope, ExpiresIn: time.Hour} }
	lasting := func(d time.Duration) Tokens { return Tokens{Access: "a", ExpiresIn: d} }
	tests := []struct {
		name, body string
		want       Tokens
		err        string // "": none
	}{
		{"nothing but a token", `{"access_token":"a"}`, hour(), ""},
		{"scopes", `{"access_token":"a","scope":"USER_ID  POST_EDIT.x "}`, hour("USER_ID", "POST_EDIT.x"), ""},
		{"empty scope", `{"access_token":"a","scope":" "}`, hour(), ""},
		{"scope of another type", `{"access_token":"a","scope":["USER_ID"]}`, hour(), ""},
		{"refresh token", `{"access_token":"a","refresh_token":"r"}`, Tokens{Access: "a", Refresh: "r", ExpiresIn: time.Hour}, ""},
		{"empty refresh token", `{"access_token":"a","refresh_token":""}`, hour(), ""},
		{"null refresh token", `{"access_token":"a","refresh_token":null}`, hour(), ""},
		{"unknown fields", `{"id_token":{"a":1},"access_token":"a"}`, hour(), ""},

		{"seconds", `{"access_token":"a","expires_in":60}`, lasting(time.Minute), ""},
		{"seconds as a string", `{"access_token":"a","expires_in":"60"}`, lasting(time.Minute), ""},
		{"a fraction", `{"access_token":"a","expires_in":1.5}`, lasting(1500 * time.Millisecond), ""},
		{"another spelling", `{"access_token":"a","expires_in":36e2}`, hour(), ""},
		{"centuries", `{"access_token":"a","expires_in":1e300}`, lasting(365 * 24 * time.Hour), ""},
		{"zero says nothing", `{"access_token":"a","expires_in":0}`, hour(), ""},
		{"negative says nothing", `{"access_token":"a","expires_in":-60}`, hour(), ""},
		{"words say nothing", `{"access_token":"a","expires_in":"an hour"}`, hour(), ""},
		{"no number", `{"access_token":"a","expires_in":"NaN"}`, hour(), ""},
		{"for ever", `{"access_token":"a","expires_in":"Inf"}`, lasting(365 * 24 * time.Hour), ""},
		{"null", `{"access_token":"a","expires_in":null}`, hour(), ""},
		{"true", `{"access_token":"a","expires_in":true}`, hour(), ""},

		{"bearer", `{"access_token":"a","token_type":"bearer"}`, hour(), ""},
		{"Bearer", `{"access_token":"a","token_type":"Bearer"}`, hour(), ""},
		{"type of another type", `{"access_token":"a","token_type":1}`, hour(), ""},
		{"another type", `{"access_token":"a","token_type":"mac"}`, Tokens{}, "token_type is not bearer"},

		{"empty", ``, Tokens{}, "not a JSON object"},
		{"null answer", `null`, Tokens{}, "not a JSON object"},
		{"a list", `["a"]`, Tokens{}, "not a JSON object"},
		{"two answers", `{"access_token":"a"}{}`, Tokens{}, "not a JSON object"},
		{"no token", `{"token":"a"}`, Tokens{}, "no access_token"},
		{"empty token", `{"access_token":""}`, Tokens{}, "no access_token"},
		{"token of another type", `{"access_token":1}`, Tokens{}, "no access_token"},
		{"token with a line break", `{"access_token":"a\r\nX-Admin: 1"}`, Tokens{}, "access_token holds a character"},
		{"refresh token of another type", `{"access_token":"a","refresh_token":{"r":1}}`, Tokens{}, "refresh_token is not a string"},
		{"refresh token with a space", `{"access_token":"a","refresh_token":"r r"}`, Tokens{}, "refresh_token holds a character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeTokens([]byte(tt.body))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

// FuzzDecodeTokens: whatever comes, it is either usable or an error, and the
// error quotes nothing.
func FuzzDecodeTokens(f *testing.F) {
	f.Add(`{"access_token":"ory_at_x","expires_in":3600,"refresh_token":"ory_rt_x","scope":"USER_ID offline_access","token_type":"bearer"}`)
	f.Add(`{"access_token":"a","expires_in":"1e400"}`)
	f.Add(`{"access_token":"a\u0000","refresh_token":["\ud800"]}`)
	f.Add(`{"access_token":"a","expires_in":" 60 ","scope":"\n"}`)
	f.Add(`[{"access_token":"a"}]`)
	errs := []string{
		"it is not a JSON object", "it has no access_token", "its access_token holds a character that no token has",
		"its refresh_token is not a string", "its refresh_token holds a character that no token has", "its token_type is not bearer",
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := decodeTokens([]byte(body))
		if err != nil {
			if !cmp.Equal(got, Tokens{}) || !slices.Contains(errs, err.Error()) {
				t.Fatalf("%q: %v with error %q, want nothing and an error without a quotation", body, got, err)
			}
			return
		}
		switch {
		case !json.Valid([]byte(body)):
			t.Errorf("%q is not JSON", body)
		case got.Access == "" || !headerSafe(got.Access) || !headerSafe(got.Refresh):
			t.Errorf("%q: the tokens cannot be sent", body)
		case got.ExpiresIn < 0 || got.ExpiresIn > 365*24*time.Hour:
			t.Errorf("%q: a life of %v", body, got.ExpiresIn)
		case slices.Contains(got.Scope, "") || got.Scope != nil && len(got.Scope) == 0:
			t.Errorf("%q: scopes %q", body, got.Scope)
		}
		// What was understood reads the same when it is said plainly.
		plain, err := json.Marshal(map[string]string{
			"access_token": got.Access, "refresh_token": got.Refresh, "scope": strings.Join(got.Scope, " "),
		})
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeTokens(plain)
		again.ExpiresIn = got.ExpiresIn // a fraction of a second may round
		if err != nil || !cmp.Equal(got, again) {
			t.Errorf("%q: %s is read as %v, %v", body, plain, again, err)
		}
	})
}

// TestTokensArePrintedWithoutSecrets in every way in which values end up in a
// log.
func TestTokensArePrintedWithoutSecrets(t *testing.T) {
	tokens := Tokens{Access: testToken, Refresh: testRefresh, Scope: []string{"USER_ID", "offline_access"}, ExpiresIn: time.Hour}
	const text = `{access [redacted], refresh [redacted], scope "USER_ID offline_access", expires in 1h0m0s}`
	if got := fmt.Sprint(tokens); got != text {
		t.Errorf("got  %s\nwant %s", got, text)
	}
	if got := fmt.Sprintf("%#v", tokens); got != "kenar.Tokens"+text {
		t.Errorf("%%#v is %s", got)
	}
	if got := fmt.Sprint(Tokens{Access: testToken}); !strings.Contains(got, "refresh none") {
		t.Errorf("%s does not tell that there is no refresh token", got)
	}
	encoded, err := json.Marshal(tokens)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"access_token":"[redacted]","refresh_token":"[redacted]","scope":"USER_ID offline_access","expires_in":3600}`; string(encoded) != want {
		t.Errorf("got  %s\nwant %s", encoded, want)
	}

	holder := struct {
		T Tokens
		P *Tokens
		L []Tokens
	}{tokens, &tokens, []Tokens{tokens}}
	var printed bytes.Buffer
	for _, v := range []any{tokens, &tokens, holder} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10v", "%!"} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
		log := zerolog.New(&printed)
		log.Info().Interface("tokens", v).Any("any", v).Msgf("%v", v)
		slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "tokens", v)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "tokens", v)
	}
	log := zerolog.New(&printed)
	log.Info().Stringer("tokens", tokens).Msg("")
	for _, secret := range []string{testToken, testRefresh, fmt.Sprintf("%x", testToken), fmt.Sprintf("%X", testRefresh)} {
		if strings.Contains(printed.String(), secret) {
			t.Errorf("%s is in\n%s", secret, printed.String())
		}
	}
}
