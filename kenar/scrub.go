package kenar

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// redacted takes the place of a secret.
const redacted = "[redacted]"

// oauthSecret matches what the OAuth server issues: authorization codes, access
// and refresh tokens, whole or cut off. They may come back in its answers
// before this package has ever seen them.
var oauthSecret = regexp.MustCompile(`ory_[a-z]{2}_[A-Za-z0-9._~+/=-]+`)

// A scrubber removes the secrets of one call from what came back of it. Kenar,
// an edge server or a debugging proxy may echo a request in its answer, and
// net/http quotes malformed answers in its errors.
type scrubber struct {
	forms []string // the secrets in the forms they could be echoed in
	all   *strings.Replacer
}

func newScrubber(secrets ...string) scrubber {
	var s scrubber
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		quoted := strconv.Quote(secret)
		quoted = quoted[1 : len(quoted)-1]
		htmlSafe, _ := json.Marshal(secret) // a string always can be
		s.forms = append(s.forms, secret, quoted, string(htmlSafe[1:len(htmlSafe)-1]),
			strings.ReplaceAll(quoted, "/", `\/`), // as PHP writes JSON
			html.EscapeString(secret), url.QueryEscape(secret), url.PathEscape(secret))
	}
	// Longest first: where one secret begins with another, replacing the
	// shorter one would leave the rest of the longer one.
	slices.SortFunc(s.forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	s.forms = slices.Compact(s.forms)
	pairs := make([]string, 0, 2*len(s.forms))
	for _, form := range s.forms {
		pairs = append(pairs, form, redacted)
	}
	s.all = strings.NewReplacer(pairs...)
	return s
}

// text returns t without the secrets.
func (s scrubber) text(t string) string {
	return oauthSecret.ReplaceAllLiteralString(s.all.Replace(t), redacted)
}

// cutText is text for what may have broken off within a secret. Less than
// four characters of one are not worth the damage to text that merely ends
// like it.
func (s scrubber) cutText(t string) string {
	longest := 0
	for _, form := range s.forms {
		n := min(len(form)-1, len(t))
		for n > longest && !strings.HasSuffix(t, form[:n]) {
			n--
		}
		longest = max(longest, n)
	}
	if longest < 4 {
		return s.text(t)
	}
	return s.text(t[:len(t)-longest]) + redacted
}

// err returns err unless its text holds a secret. Then only what errors.Is
// finds in it is kept.
func (s scrubber) err(err error) error {
	if err == nil {
		return nil
	}
	text := s.text(err.Error())
	if text == err.Error() {
		return err
	}
	return &scrubbedError{text: text, err: err}
}

type scrubbedError struct {
	text string
	err  error
}

func (e *scrubbedError) Error() string { return e.text }

// Is keeps causes recognizable. There is no Unwrap, which would hand out the
// text with the secret in it.
func (e *scrubbedError) Is(target error) bool { return errors.Is(e.err, target) }
