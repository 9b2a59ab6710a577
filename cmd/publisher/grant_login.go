package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// login are the flags of login, beside what is asked for.
type login struct {
	wish    wish
	listen  string
	timeout time.Duration
	open    bool
	userID  string
}

func (a *app) grantLoginCommand() *cobra.Command {
	var l login
	cmd := &cobra.Command{
		Use:   "login ID",
		Short: "Get a grant with the browser of this machine, for development",
		Long: `Ask a user for consent, wait on this machine for the browser to come back, and store
the grant under an id: grant url and grant exchange in one, for development.

KENAR_REDIRECT_URI must be http on a loopback address, such as
http://127.0.0.1:8976/back, and be registered for the app. It listens there, or on
--listen with the same port. A redirect URI without a port gets a free one, which the
OAuth server must allow (RFC 8252, section 7.3).`,
		Example: `  publisher grant login me --post AZir15UU --open
  publisher grant login me --user-posts --timeout 2m`,
		Args: grantArgs(0),
		RunE: func(cmd *cobra.Command, args []string) error { return a.login(cmd, args[0], &l) },
	}
	l.wish.register(cmd)
	f := cmd.Flags()
	f.StringVar(&l.listen, "listen", "", "`host:port` to listen on, instead of that of the redirect URI")
	f.DurationVar(&l.timeout, "timeout", 5*time.Minute, "how long to wait for the user")
	f.BoolVar(&l.open, "open", false, "open the browser")
	f.StringVar(&l.userID, "user-id", "", "Divar's id of the user, to be shown with the grant")
	return cmd
}

func (a *app) login(cmd *cobra.Command, id string, l *login) error {
	ctx := cmd.Context()
	scopes, err := l.wish.all()
	if err == nil {
		err = checkFlags(nil, l.userID)
	}
	if err == nil && l.timeout <= 0 {
		err = fmt.Errorf("--timeout %s: want a duration above zero, such as 5m", l.timeout)
	}
	if err != nil {
		return cli.Usage(cmd, err)
	}
	cfg, log, err := a.configure(cmd)
	if err != nil {
		return err
	}
	keys, err := sealingKeys(cfg)
	if err != nil {
		return err
	}
	if err := needClientSecret(cfg); err != nil {
		return err
	}
	listener, redirectURI, err := listenFor(cfg.KenarRedirectURI, l.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	v, err := a.openVault(ctx, cfg, log, keys)
	if err != nil {
		return err
	}
	defer v.close()
	oauth, err := a.newOAuth(cfg, redirectURI)
	if err != nil {
		return err
	}
	defer oauth.CloseIdleConnections()
	q, err := ask(oauth, scopes, redirectURI)
	if err != nil {
		return err
	}
	if err := a.tellQuestion(q, l.open); err != nil {
		return err
	}
	code, err := awaitCode(ctx, listener, q, l.timeout)
	if err != nil {
		return err
	}
	return a.exchange(ctx, v, oauth, code, grants.Consent{ID: id, UserID: l.userID}, scopes)
}

// tellQuestion shows where the user consents.
func (a *app) tellQuestion(q question, open bool) error {
	if a.json {
		if err := a.line(q); err != nil {
			return err
		}
	} else {
		a.say("waiting at %s; go to\n  %s", q.RedirectURI, q.URL)
	}
	if open {
		if err := openBrowser(q.URL); err != nil {
			a.say("the browser could not be opened: %s; open the address yourself", err)
		}
	}
	return nil
}

// listenFor listens where a browser comes back to, and returns the redirect URI
// to name: that of the configuration, with the port where it has none.
func listenFor(redirectURI, addr string) (net.Listener, string, error) {
	const want = "want http on a loopback address, such as http://127.0.0.1:8976/back, registered in the app's panel; else use publisher grant url and publisher grant exchange"
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme != "http" || !loopbackHost(u.Hostname()) {
		return nil, "", cli.Misconfigured(fmt.Errorf("KENAR_REDIRECT_URI %q: %s", redirectURI, want))
	}
	port := u.Port()
	if addr == "" {
		addr = net.JoinHostPort(u.Hostname(), port)
		if port == "" {
			addr = net.JoinHostPort(u.Hostname(), "0")
		}
	} else if _, p, err := net.SplitHostPort(addr); err != nil {
		return nil, "", cli.Misconfigured(fmt.Errorf("--listen %q: want host:port, such as 127.0.0.1:8976", addr))
	} else if port != "" && p != port {
		return nil, "", cli.Misconfigured(fmt.Errorf("--listen %q: KENAR_REDIRECT_URI %s leads browsers to port %s; want the same", addr, redirectURI, port))
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, "", cli.WithHint(fmt.Errorf("listen for the browser: %w", err), "another program may use the port; register another redirect URI, or end that program")
	}
	if port == "" {
		_, free, _ := net.SplitHostPort(listener.Addr().String()) // as net.Listen made it
		u.Host = net.JoinHostPort(u.Hostname(), free)
	}
	return listener, u.String(), nil
}

func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// awaitCode waits until the browser comes back with the answer to a question.
func awaitCode(ctx context.Context, listener net.Listener, q question, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTooLate)
	defer cancel()
	callback, err := newCallback(q)
	if err != nil {
		return "", err
	}
	code, err := callback.serve(ctx, listener)
	if errors.Is(err, errTooLate) {
		return "", cli.WithHint(fmt.Errorf("nobody came back to %s within %s", q.RedirectURI, timeout),
			"run it again, with a longer --timeout if the user needs it; the redirect URI must be the registered one")
	}
	return code, err
}

var errTooLate = errors.New("the time is over")

// openBrowser starts the browser and does not wait for it.
func openBrowser(address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
