package kenartest

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// consentingUser is whose consent the authorize page asks for when the address
// does not say: the first owner of SamplePosts.
const consentingUser = "user-sara"

// Parameters of the authorize page that only this simulator has.
const (
	autoParameter = "auto" // "approve" or "deny": the decision, without asking
	userParameter = "user" // the id of the user who decides
)

// minState is the length below which Ory Hydra refuses a state as guessable.
const minState = 8

var consentPage = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Allow {{.Client}}?</title></head>
<body>
<h1>Allow {{.Client}} to act for {{.User}}?</h1>
<ul>{{range .Scopes}}
<li>{{.}}</li>{{end}}
</ul>
<p><a href="{{.Approve}}">Approve</a> <a href="{{.Deny}}">Deny</a></p>
</body>
</html>
`))

// authorize is the page on which a user allows or refuses what an app asks
// for. Instead of a login it believes the parameter user, and with the
// parameter auto it decides by itself.
func (s *Server) authorize(req *request) answer {
	q := req.query
	client, ok := s.oauth.client(q.Get("client_id"))
	redirect := q.Get("redirect_uri")
	switch { // never redirect to where nobody is known to be (RFC 6749, section 4.1.2.1)
	case !ok:
		return authorizeFault(Unauthenticated, "the client_id is not known")
	case !client.redirectsTo(redirect):
		return authorizeFault(Invalid, "the redirect_uri is not registered")
	}
	refuse := func(verdict Verdict, name, description string) answer {
		a := redirectTo(redirect, url.Values{
			"error": {name}, "error_description": {description}, "state": {q.Get("state")}})
		a.verdict, a.message = verdict, name+": "+description
		return a
	}
	scopes := distinct(strings.Fields(q.Get("scope")))
	switch {
	case q.Get("response_type") != "code":
		return refuse(Invalid, "unsupported_response_type", "response_type must be code")
	case len(q.Get("state")) < minState:
		return refuse(Invalid, "invalid_state", fmt.Sprintf("state must have at least %d characters", minState))
	case len(scopes) == 0:
		return refuse(Invalid, "invalid_scope", "scope is empty")
	}
	for _, scope := range scopes {
		if !scopeForm.MatchString(scope) {
			return refuse(Invalid, "invalid_scope", fmt.Sprintf("%s is not a scope", quote(scope)))
		}
	}
	user := q.Get(userParameter)
	if user == "" {
		user = consentingUser
	}
	switch q.Get(autoParameter) {
	case "approve":
		code := s.oauth.consent(client.ID, user, redirect, scopes, req.now)
		return redirectTo(redirect, url.Values{
			"code": {code}, "scope": {strings.Join(scopes, " ")}, "state": {q.Get("state")}})
	case "deny":
		return refuse(Forbidden, "access_denied", "the user has refused")
	}
	return askUser(req, client.ID, user, scopes)
}

// askUser shows the page. Its links are its own address with the decision.
func askUser(req *request, client, user string, scopes []string) answer {
	decided := func(how string) string {
		q := make(url.Values, len(req.query)+1)
		for name, values := range req.query {
			q[name] = values
		}
		q.Set(autoParameter, how)
		return req.path + "?" + q.Encode()
	}
	var page bytes.Buffer
	err := consentPage.Execute(&page, struct {
		Client, User  string
		Scopes        []string
		Approve, Deny string
	}{client, user, scopes, decided("approve"), decided("deny")})
	if err != nil {
		panic(fmt.Sprintf("kenartest: consent page: %v", err)) // a buffer takes everything
	}
	return answer{status: http.StatusOK, verdict: Accepted, body: page.Bytes(),
		header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}}
}

// redirectTo sends the browser back to the app.
func redirectTo(uri string, query url.Values) answer {
	return answer{status: http.StatusFound, verdict: Accepted,
		header: http.Header{"Location": {uri + "?" + query.Encode()}, "Cache-Control": {"no-store"}}}
}

// authorizeFault is shown to the user, who cannot be sent back.
func authorizeFault(verdict Verdict, what string) answer {
	return answer{status: http.StatusBadRequest, verdict: verdict, message: what, body: []byte(what + "\n"),
		header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}}
}
