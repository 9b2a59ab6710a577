package grants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// prints returns v in every form in which it could reach a log.
func prints(v any) string {
	var s strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&s, verb+"\n", v)
	}
	data, err := json.Marshal(v)
	fmt.Fprintf(&s, "%s %v\n", data, err)
	return s.String()
}

// Nothing of this package shows a token or an identity, however it is
// printed, and wherever it is nested (G7).
func TestNothingSecretIsPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids, keys := newKeys(t, 2)
		sc := newScene(t)
		sc.keys, sc.store = keys, newStore(sc.bucket, keys, nil)
		sc.put("g")
		e, err := sc.store.read(t.Context(), "g")
		must(t, err)
		p := sc.process(nil)
		token, err := p.Access(p.ctx, "g", Need{Good: good})
		must(t, err)
		tokens, err := p.open(e)
		must(t, err)
		info, err := sc.store.Get(t.Context(), "g")
		must(t, err)
		a := answer{grant: "g", tokens: sc.issuer.consent("g").Tokens, old: tokens.Current}
		p.unsaved["g"] = &a
		type hidden struct {
			token  Token
			ids    Identities
			source *Source
		}
		for name, v := range map[string]any{
			"identities": ids, "keys": keys, "token": token, "consent": sc.issuer.consent("h"), "entry": e,
			"info": info, "answer": a, "source": p.Source, "store": sc.store, "unexported fields": hidden{token, ids, p.Source},
			"a list": []Token{token}, "a map": map[string]Identities{"x": ids},
		} {
			text := strings.ToUpper(prints(v))
			for _, secret := range []string{strings.ToUpper(tokenMark), fmt.Sprintf("%X", tokenMark), "AGE-SECRET-KEY"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s shows %s:\n%s", name, secret, text)
				}
			}
		}
		for _, r := range sc.bucket.records {
			if strings.Contains(string(r.value), tokenMark) {
				t.Errorf("the bucket shows a token: %s", r.value)
			}
		}
	})
}

// A grant server that echoes what it was sent, in every way a refresh can
// fail.
func TestNoTokenInErrors(t *testing.T) {
	for _, oauthError := range []string{"", "invalid_grant", "invalid_client"} {
		synctest.Test(t, func(t *testing.T) {
			sc := newScene(t)
			var said []string
			s, err := NewSource(Config{Store: sc.store, Refresh: func(_ context.Context, refresh, access string) (kenar.Tokens, error) {
				e := &kenar.Error{Op: "refresh tokens", Status: 400, OAuthError: oauthError, Message: "bad " + refresh, Err: fmt.Errorf("code=%s", access)}
				return kenar.Tokens{}, fmt.Errorf("wrapped: %w", e)
			}, Report: func(err error) { said = append(said, err.Error()) }})
			must(t, err)
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
			defer stop()
			_, err = s.Access(ctx, "g", Need{Good: good})
			s.KeepAlive(ctx)
			for e := err; e != nil; e = errors.Unwrap(e) {
				said = append(said, prints(e))
			}
			i := sc.info()
			said = append(said, prints(i), prints(i.Revoked))
			for _, text := range said {
				if strings.Contains(text, tokenMark) {
					t.Errorf("%s shows a token", text)
				}
			}
			if oauthError == "" && !strings.Contains(err.Error(), redacted) {
				t.Errorf("the echo is missing from %v: the test proves nothing", err)
			}
		})
	}
}
