package main

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// errOtherState means that an answer is to another question, or forged.
var errOtherState = errors.New("the state of the answer is not that of the question: it belongs to another one, or somebody forged it; do not use its code")

// errNoConsent means that the user refused, or that the OAuth server did.
var errNoConsent = errors.New("there is no consent")

// codeOf returns the authorization code from the query with which a browser
// came back. state is that of the question; an answer without it is not looked
// at any further, and the error is errOtherState. An answer without a code is an
// errNoConsent (Kenar docs, oauth).
func codeOf(query url.Values, state string) (string, error) {
	// In constant time: how far a guess was right is nobody's business.
	if state == "" || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(state)) != 1 {
		return "", errOtherState
	}
	if name := query.Get("error"); name != "" {
		return "", fmt.Errorf("%w: the OAuth server answered %s", errNoConsent, quoteAtMost(strings.TrimSpace(name+" "+query.Get("error_description")), maxQuoted))
	}
	code := query.Get("code")
	if code == "" {
		return "", fmt.Errorf("%w: the answer has no code, which means that the user refused", errNoConsent)
	}
	return code, nil
}

// maxQuoted bounds what is repeated of an answer, in characters.
const maxQuoted = 200

func quoteAtMost(s string, n int) string {
	if r := []rune(s); len(r) > n {
		s = string(r[:n]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// parseCode reads what a browser came back with: its whole address, whose state
// must be that of the question, or the code alone, with which nobody can check
// that. Errors do not quote the text, which holds the code.
func parseCode(text, redirectURI, state string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", errors.New("no code was given: give the code, or the whole address to which the browser came back")
	case strings.ContainsAny(text, " \t\r\n"):
		return "", errors.New("more than one word was given: give the code alone, or the whole address to which the browser came back")
	case !strings.Contains(text, "://"):
		if strings.ContainsAny(text, "?&") {
			return "", errors.New("a part of an address was given: give all of it, from https:// on, or the code alone")
		}
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil { // which quotes the text
		return "", errors.New("what was given cannot be read as an address: give it as it stands in the browser, in quotes, or the code alone")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("the query of the address is damaged: give the address as it stands in the browser, in quotes, or the code alone")
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	if u.User = nil; redirectURI != "" && u.String() != redirectURI {
		return "", fmt.Errorf("the address is %s, and KENAR_REDIRECT_URI %s: a code is good only for the one that it was sent to", quoteAtMost(u.String(), maxQuoted), redirectURI)
	}
	if state == "" {
		return "", errors.New("say with --state what publisher grant url printed: the address has a state, which must be checked")
	}
	return codeOf(query, state)
}
