// Package kenar is a client of Divar's Kenar open platform: it puts add-ons on
// classified ads and takes them off again, and it submits, pays for, edits and
// deletes ads, which Kenar calls posts.
//
// The package states facts and decides nothing. Every method makes at most one
// HTTP call and never repeats it, because a call is paid for from a weekly
// budget whether or not its answer arrives: what became of it is told in a
// [Receipt] or an [*Error], and whoever keeps the budget decides what follows.
// In particular [Error.NeverSent] is true only when the call provably cost
// nothing.
//
// What can be checked without a call is checked without one: request bodies
// are built beforehand by [PostAddon.Body] and its relatives, which refuse
// what Kenar would refuse and hash what must not leave in clear text.
//
// What the API key must be permitted is told by [Permission] for each
// [Operation]. What a user must allow is told by [ScopesFor] and asked for by
// [OAuth], which gets the access tokens and refreshes them. Keeping them is up
// to the caller.
//
// Kenar answers 200 as soon as a request is valid and attaches the add-on
// later. A post token that does not exist also gets 200 (Kenar docs, add-ons).
// So success here means accepted, not attached.
//
// Money is counted in [Rials]. A paid operation takes a [Payment], whose id is
// chosen by the caller and is all that keeps it from being paid twice; when its
// answer is lost, [Client.Transaction] tells what became of it.
package kenar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What a zero field of [Config] stands for.
const (
	DefaultBaseURL           = "https://open-api.divar.ir"
	DefaultLegacyURL         = "https://api.divar.ir"
	DefaultImageURL          = "https://divar.ir"
	DefaultBusinessAddonPath = "/v2/open-platform/addons/business/" + businessTokenVar
	DefaultTimeout           = 15 * time.Second
	DefaultMaxConns          = 64
	DefaultUserAgent         = "kenar-addons"
)

// businessTokenVar is the part of Config.BusinessAddonPath that the business
// token takes the place of.
const businessTokenVar = "{business_token}"

// Config says how to reach Kenar. Only APIKey is required.
type Config struct {
	// BaseURL is the API's address, LegacyURL that of the host which serves
	// the first generation of post add-ons. Both may have a path, neither a
	// query, a fragment or a user name.
	BaseURL, LegacyURL string

	// ImageURL is the address of the image service, which neither API key nor
	// access token is sent to. The rules are those of BaseURL.
	ImageURL string

	// APIKey returns the key to send. It is asked at each call, so that a key
	// can be rotated without a restart, and must be safe for concurrent use.
	APIKey func() string

	// BusinessAddonPath is the path of the business add-on operation, with
	// {business_token} as one of its segments. Kenar documents two of them:
	// /v2/… in its guide and /v1/… in its OpenAPI description.
	BusinessAddonPath string

	// Timeout bounds one call from waiting for a connection to the last byte
	// of the answer. An earlier deadline of the context still holds.
	Timeout time.Duration

	// Transport makes the calls. Nil means one of the client's own, which is
	// what production should use: HTTP/1.1 over TLS 1.2 or newer, at most
	// MaxConns connections to each host, no proxy taken from the environment.
	//
	// Another transport must not send a request twice. An [http.Transport]
	// without HTTP/2 keeps that rule for the requests made here; with HTTP/2
	// it repeats those that a closing connection refused.
	Transport http.RoundTripper

	UserAgent string

	// MaxConns is the largest number of connections to each host. Further
	// calls wait for one, within their deadline. It has no effect on a given
	// Transport.
	MaxConns int
}

// Client calls Kenar. It is safe for concurrent use.
type Client struct {
	base, legacy   string // without a slash at the end
	images         string // likewise
	business       string // path template
	apiKey         func() string
	timeout        time.Duration
	transport      http.RoundTripper
	tellsWhenBound bool // transport certainly reports through httptrace
	userAgent      string
}

// New returns a client, or every fault of cfg at once. It makes no call.
func New(cfg Config) (*Client, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	if cfg.LegacyURL == "" {
		cfg.LegacyURL = DefaultLegacyURL
	}
	if cfg.ImageURL == "" {
		cfg.ImageURL = DefaultImageURL
	}
	if cfg.BusinessAddonPath == "" {
		cfg.BusinessAddonPath = DefaultBusinessAddonPath
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = DefaultMaxConns
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = DefaultUserAgent
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Client{
		base:      strings.TrimRight(cfg.BaseURL, "/"),
		legacy:    strings.TrimRight(cfg.LegacyURL, "/"),
		images:    strings.TrimRight(cfg.ImageURL, "/"),
		business:  cfg.BusinessAddonPath,
		apiKey:    cfg.APIKey,
		timeout:   cfg.Timeout,
		transport: cfg.Transport,
		userAgent: cfg.UserAgent,
	}
	if c.transport == nil {
		c.transport = newTransport(cfg.MaxConns)
	}
	_, c.tellsWhenBound = c.transport.(*http.Transport)
	return c, nil
}

// CloseIdleConnections closes the connections that no call is using. Calls
// that are under way go on, and later ones open connections again.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// check returns every fault of a Config whose defaults have been filled in.
func (cfg Config) check() error {
	faults := []error{
		checkURL("BaseURL", cfg.BaseURL),
		checkURL("LegacyURL", cfg.LegacyURL),
		checkURL("ImageURL", cfg.ImageURL),
		checkBusinessPath(cfg.BusinessAddonPath),
	}
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("kenar config: "+format, args...))
	}
	if cfg.APIKey == nil {
		fault("APIKey is nil: give a function that returns the key of the app's panel")
	}
	if cfg.Timeout < 0 {
		fault("Timeout is %v: it must be positive, or 0 for %v", cfg.Timeout, DefaultTimeout)
	}
	if cfg.MaxConns < 0 {
		fault("MaxConns is %d: it must be positive, or 0 for %d", cfg.MaxConns, DefaultMaxConns)
	}
	if strings.ContainsFunc(cfg.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		fault("UserAgent is %q: only printable ASCII characters can be sent", cfg.UserAgent)
	}
	return errors.Join(faults...)
}

// checkURL never prints more of a URL than its scheme and host, since what
// makes it invalid may be a password or a token within it.
func checkURL(field, raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("kenar config: %s is not a URL: write it as https://host", field)
	}
	where := u.Scheme + "://" + u.Host
	switch {
	case (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return fmt.Errorf("kenar config: %s is %q…: write it as https://host", field, where)
	case u.User != nil:
		return fmt.Errorf("kenar config: %s (%s) has a user name: remove it, Kenar knows the app by its API key", field, where)
	case u.RawQuery != "" || u.ForceQuery:
		return fmt.Errorf("kenar config: %s (%s) has a query: remove it", field, where)
	case strings.Contains(raw, "#"):
		return fmt.Errorf("kenar config: %s (%s) has a fragment: remove it", field, where)
	}
	return nil
}

func checkBusinessPath(path string) error {
	fault := func(what string) error {
		return fmt.Errorf("kenar config: BusinessAddonPath is %q: %s; the default is %s", path, what, DefaultBusinessAddonPath)
	}
	if !strings.HasPrefix(path, "/") {
		return fault("it must begin with a slash")
	}
	vars := 0
	for segment := range strings.SplitSeq(path[1:], "/") {
		switch {
		case segment == businessTokenVar:
			vars++
		case segment == "" || segment == "." || segment == "..":
			return fault(fmt.Sprintf("it has the segment %q", segment))
		case strings.Trim(segment, alphanumeric+opaqueMarks) != "":
			return fault(fmt.Sprintf("its segment %q holds other characters than A-Z, a-z, 0-9 and any of %s", segment, opaqueMarks))
		}
	}
	if vars != 1 {
		return fault(fmt.Sprintf("it has %s as a segment %d times, once is needed", businessTokenVar, vars))
	}
	return nil
}

// A Receipt says that Kenar accepted a request.
type Receipt struct {
	// Status is the HTTP status, a 2xx.
	Status int
	// ID is the id in the answer, empty when there is none. Only for a user
	// add-on is one certain; it is the only handle for deleting that add-on.
	ID string
}

// deliver makes a call whose answer matters only for its status and,
// sometimes, its id. Kenar documents {} as the answer of most operations, so
// once the status says 2xx nothing about the body can turn success into
// failure: not even its breaking off.
func (c *Client) deliver(ctx context.Context, r request) (Receipt, error) {
	a, err := c.send(ctx, r)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Status: a.status, ID: a.id()}, nil
}
