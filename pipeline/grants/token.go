package grants

import (
	"fmt"
	"io"
	"time"
)

func shown(token string) string {
	if token == "" {
		return "none"
	}
	return redacted
}

// String shows who consented to what, not the tokens.
func (c Consent) String() string {
	return fmt.Sprintf("{grant %s user %s %s}", quote(c.ID), quote(c.UserID), c.Tokens)
}

// Format prints String, whatever the verb.
func (c Consent) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// String shows the expiries, not the tokens.
func (p pair) String() string {
	return fmt.Sprintf("{access %s until %s refresh %s until %s}", shown(p.Access), p.AccessExpiry.UTC().Format(time.RFC3339),
		shown(p.Refresh), p.RefreshExpiry.UTC().Format(time.RFC3339))
}

// Format prints String, whatever the verb.
func (p pair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// A Token is an access token that is good for one call. Only [Token.Secret]
// shows it.
type Token struct {
	Grant   string
	Expires time.Time // it works until then, and possibly longer
	secret  *string   // a pointer, which fmt does not follow when the Token is an unexported field
}

// Secret returns the token itself, for the header of one call.
func (t Token) Secret() string {
	if t.secret == nil {
		return ""
	}
	return *t.secret
}

// String shows whose token it is.
func (t Token) String() string {
	return fmt.Sprintf("{access token of grant %s until %s}", t.Grant, t.Expires.UTC().Format(time.RFC3339))
}

// Format prints String, whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// A Need is what one call needs of a grant.
type Need struct {
	// Scopes are those of which the user must have given one, as
	// kenar.ScopesFor lists them. None: every grant will do.
	Scopes []string

	// Good is how long the access token must work: longer than the call.
	Good time.Duration
}
