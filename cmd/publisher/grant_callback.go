package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// A callback is the page to which a browser comes back with the answer to one
// question.
type callback struct {
	path   string
	state  string
	answer chan codeOrError // holds the first answer
}

type codeOrError struct {
	code string
	err  error
}

func newCallback(q question) (*callback, error) {
	u, err := url.Parse(q.RedirectURI)
	if err != nil {
		return nil, fmt.Errorf("read the redirect URI: %w", err)
	}
	path := u.Path
	if path == "" {
		path = "/" // which is what browsers ask for
	}
	return &callback{path: path, state: q.State, answer: make(chan codeOrError, 1)}, nil
}

// farewell is how long the browser may take to read the last page.
const farewell = 2 * time.Second

// serve returns the code of the first answer to the question. It fails when that
// is a refusal, and with the cause of ctx when that ends before.
func (c *callback) serve(ctx context.Context, listener net.Listener) (string, error) {
	srv := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(listener) }()
	var a codeOrError
	stopped := false
	select {
	case a = <-c.answer:
	case <-ctx.Done():
		a.err = context.Cause(ctx)
	case err := <-done:
		a.err, stopped = fmt.Errorf("wait for the browser: %w", err), true
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if srv.Shutdown(end) != nil {
		_ = srv.Close() // whoever still reads has had the time
	}
	if !stopped {
		if err := <-done; a.err == nil && !errors.Is(err, http.ErrServerClosed) {
			return "", fmt.Errorf("wait for the browser: %w", err)
		}
	}
	return a.code, a.err
}

// ServeHTTP takes the answer. One with another state is turned away, and the
// wait goes on: whoever can reach this page must not be able to end the login.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds the code
	h.Set("Connection", "close")
	page := func(status int, text string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>publisher grant login</title></head><body><p>%s</p></body></html>\n", text)
	}
	switch {
	case r.URL.Path != c.path:
		page(http.StatusNotFound, "There is nothing here.")
		return
	case r.Method != http.MethodGet:
		page(http.StatusMethodNotAllowed, "This page takes a browser that comes back.")
		return
	}
	code, err := codeOf(r.URL.Query(), c.state)
	if errors.Is(err, errOtherState) {
		page(http.StatusBadRequest, "This is not the answer to the question that was asked. Go back to the terminal, and open the address that stands there.")
		return
	}
	select {
	case c.answer <- codeOrError{code, err}:
	default: // the first answer counts
	}
	if err != nil {
		page(http.StatusOK, "There is no consent. You can close this page.")
		return
	}
	page(http.StatusOK, "Thank you. You can close this page.")
}
