package kenar

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultTokenLife is how long an access token lives when its answer does
	// not say (Kenar docs, oauth).
	DefaultTokenLife = time.Hour

	// RefreshTokenLife is how long a refresh token lives from its issue (Kenar
	// docs, oauth).
	RefreshTokenLife = 30 * 24 * time.Hour

	// TokenGrace is how long a pair of tokens stays good after it was
	// refreshed (Kenar docs, oauth, since May 2025).
	TokenGrace = 2 * time.Minute

	// maxTokenLife bounds what an answer may claim.
	maxTokenLife = 365 * 24 * time.Hour
)

// Tokens are what a user's consent is worth: an access token and, with the
// scope offline_access, the refresh token for the next pair.
//
// Printing Tokens with any verb of package fmt, or encoding them as JSON,
// shows only whether the two are there. To keep them, keep the fields, and
// encrypted.
type Tokens struct {
	Access  string
	Refresh string // "" when the answer has none
	// Scope is what the user allowed, in the server's order. It may be less
	// than what was asked for; nil when the answer does not say, which means
	// that it is the same (RFC 6749, section 5.1).
	Scope []string
	// ExpiresIn is how long Access is good for, from the moment of the answer.
	ExpiresIn time.Duration
}

// String shows which tokens there are, their scope and lifetime.
func (t Tokens) String() string {
	return fmt.Sprintf("{access %s, refresh %s, scope %q, expires in %v}",
		shown(t.Access), shown(t.Refresh), strings.Join(t.Scope, " "), t.ExpiresIn)
}

// GoString is String: %#v must not print secrets either.
func (t Tokens) GoString() string { return "kenar.Tokens" + t.String() }

// Format prints String for all verbs. Those that do not ask for a string, such
// as %d, would print the fields.
func (t Tokens) Format(f fmt.State, verb rune) {
	text := t.String()
	if verb == 'v' && f.Flag('#') {
		text = t.GoString()
	}
	_, _ = io.WriteString(f, text) // fmt's own buffer takes everything
}

// MarshalJSON is for logs: it says of the two secrets only whether they are
// there.
func (t Tokens) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Access    string  `json:"access_token"`
		Refresh   string  `json:"refresh_token"`
		Scope     string  `json:"scope"`
		ExpiresIn float64 `json:"expires_in"` // seconds, as in the answer
	}{shown(t.Access), shown(t.Refresh), strings.Join(t.Scope, " "), t.ExpiresIn.Seconds()})
}

// shown takes the place of a secret where it would be printed.
func shown(secret string) string {
	if secret == "" {
		return "none"
	}
	return redacted
}

// decodeTokens reads the answer of the token endpoint. What is not needed is
// read leniently: it may be missing, and a number may be a string. Errors
// quote nothing of the answer.
func decodeTokens(body []byte) (Tokens, error) {
	var fields object
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return Tokens{}, errors.New("it is not a JSON object")
	}
	t := Tokens{
		Access:    fields.text("access_token"),
		Refresh:   fields.text("refresh_token"),
		Scope:     strings.Fields(fields.text("scope")),
		ExpiresIn: tokenLife(fields["expires_in"]),
	}
	switch kind := fields.text("token_type"); {
	case t.Access == "":
		return Tokens{}, errors.New("it has no access_token")
	case !headerSafe(t.Access):
		return Tokens{}, errors.New("its access_token holds a character that no token has")
	case t.Refresh == "" && !empty(fields["refresh_token"]):
		return Tokens{}, errors.New("its refresh_token is not a string")
	case !headerSafe(t.Refresh):
		return Tokens{}, errors.New("its refresh_token holds a character that no token has")
	case kind != "" && !strings.EqualFold(kind, "bearer"):
		return Tokens{}, errors.New("its token_type is not bearer")
	}
	if len(t.Scope) == 0 {
		t.Scope = nil
	}
	return t, nil
}

// empty reports whether a field is missing or as good as that.
func empty(field json.RawMessage) bool {
	return len(field) == 0 || string(field) == "null" || string(field) == `""`
}

// tokenLife reads expires_in, in seconds: a number or a string. What is
// missing, unreadable or not positive says nothing, and so does not change
// the documented hour.
func tokenLife(field json.RawMessage) time.Duration {
	text := string(field)
	if s := (object{"s": field}).text("s"); s != "" {
		text = s
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return DefaultTokenLife
	}
	return time.Duration(min(seconds, maxTokenLife.Seconds()) * float64(time.Second))
}
