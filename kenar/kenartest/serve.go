package kenartest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxBody is the largest body that is read, gRPC's default for a message.
const maxBody = 4 << 20

// A request is a call that has arrived: what it asks for, and, as it is
// judged, who asks.
type request struct {
	method string
	path   string
	base   string // scheme and host that were called
	header http.Header
	op     *operation // nil: none that Kenar has
	id     string     // at the end of the path
	target string
	body   []byte
	err    error // the body could not be read to its end

	query url.Values // of the authorize page and of lists
	form  url.Values // of the token endpoint

	image Image // an upload

	doc     *node
	widgets []Widget
	fault   string // what is wrong with the body, "" for nothing

	now        time.Time
	key        Key
	keyKnown   bool
	app        App
	bearer     string
	grant      Grant
	grantKnown bool
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := s.read(w, r)
	fault, verdict := s.faults.take(req.call())

	call, ans, open := s.judge(req, fault, verdict)
	if !open {
		cut(w, false)
		return
	}
	defer s.serving.Done()
	s.observe(call)
	s.answer(w, r, ans, fault)
}

// read takes in a request and checks its body, which needs no lock.
func (s *Server) read(w http.ResponseWriter, r *http.Request) *request {
	req := &request{method: r.Method, path: r.URL.EscapedPath(), base: baseURL(r), header: r.Header}
	if req.op, req.id = route(r.Method, r.URL); req.op != nil && req.op.kind != "" {
		req.target = req.op.kind + "/" + req.id
	}
	req.body, req.err = io.ReadAll(http.MaxBytesReader(w, r.Body, s.maxBytes(req.op)))
	req.readParameters(r.URL)
	req.now = s.now()
	if req.op != nil && req.err == nil && !s.cfg.NoValidation {
		switch req.op.op {
		case UploadImage:
			req.readImage()
		case UploadPostImage, UploadPostVideo:
			req.readMedia()
		}
	}
	if req.err != nil || req.op == nil || req.op.body == nil || s.cfg.NoValidation && req.op.addon() {
		return req
	}
	doc, err := parse(req.body)
	if err != nil {
		req.fault = err.Error()
		return req
	}
	req.doc = doc
	req.widgets = widgetsOf(doc)
	if v := (checker{anyIcon: s.cfg.AllowUnknownIcons}).check(req.op.body, doc); v != nil {
		req.fault = v.String()
	}
	return req
}

func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// maxBytes is the largest body that is read for an operation.
func (s *Server) maxBytes(op *operation) int64 {
	if op == nil {
		return maxBody
	}
	switch op.op {
	case UploadImage, UploadPostImage:
		return s.maxImageBytes()
	case UploadPostVideo:
		return maxVideoBytes
	}
	return maxBody
}

// judge decides about a call, carries it out, and puts it on record, all in
// one moment. open is false when the server is closed; otherwise the caller
// must call s.serving.Done when the call is over.
func (s *Server) judge(req *request, fault Fault, verdict Verdict) (call Call, ans answer, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Call{}, answer{}, false
	}
	s.serving.Add(1)

	req.now = s.now()
	s.settle(req.now)
	s.identify(req)
	call = req.call()
	var over *excess
	if req.keyKnown {
		over = s.limits.arrive(req.app.Slug, call.Permission, req.now)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case req.err != nil && !errors.As(req.err, &tooLarge):
		ans = answer{verdict: Aborted}
	case fault.instead():
		ans = fault.answer(verdict)
	case req.err != nil:
		ans = bodyTooLarge.because("the body is larger than %d bytes", tooLarge.Limit)
	default:
		ans = s.serve(req, over)
		call.Lost = fault.silent() || fault.Truncate
	}
	call.Verdict, call.Status, call.Message = ans.verdict, ans.status, ans.message
	call.Applied = ans.verdict == Accepted
	s.record.add(&call, !s.cfg.NoRecord)
	return call, ans, true
}

func (s *Server) observe(call Call) {
	if s.cfg.Observe == nil {
		return
	}
	s.observing.Lock()
	defer s.observing.Unlock()
	s.cfg.Observe(call)
}

// serve is what the service makes of a call that no fault keeps from it.
func (s *Server) serve(req *request, over *excess) answer {
	switch {
	case req.op == nil:
		return notFound.because("Not Found")
	case req.op.oauth(), req.op == &imageUpload:
		return req.op.serve(s, req)
	case !req.keyKnown:
		return s.refuseKey(req)
	case over != nil:
		return over.answer(s.cfg.RetryAfter, req.now)
	case !req.key.may(req.op.permission):
		return permissionDenied.because("the API key lacks the permission %s", req.op.permission)
	}
	if refused, ok := s.checkGrant(req); !ok {
		return refused
	}
	if req.fault != "" {
		return invalidArgument.because("%s", req.fault)
	}
	if v := s.checkImages(req); v != nil {
		return invalidArgument.because("%s", v)
	}
	if !req.app.mayUse(req.widgets) {
		return permissionDenied.because("one or more widgets not allowed")
	}
	return req.op.serve(s, req)
}

// call is what there is to record of a request.
func (req *request) call() Call {
	c := Call{
		At:      req.now,
		Method:  req.method,
		Path:    req.path,
		Target:  req.target,
		Key:     req.key.Name,
		Header:  recorded(req.header),
		Body:    req.body,
		Widgets: req.widgets,
	}
	if req.op != nil {
		c.Op, c.Permission = req.op.op, req.op.permission
	}
	if req.grantKnown {
		c.Grant = req.grant.Name
	} else if req.bearer != "" {
		c.Grant = "unknown"
	}
	return c
}

// answer sends the answer, or does to the connection what the fault wants.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, ans answer, fault Fault) {
	if !s.pause(r.Context(), s.cfg.Latency+fault.Delay) {
		cut(w, false)
		return
	}
	switch {
	case ans.verdict == Aborted:
		cut(w, false)
	case fault.Hang:
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		cut(w, false)
	case fault.Reset:
		cut(w, true)
	case fault.silent():
		cut(w, false)
	default:
		s.send(w, ans, fault)
	}
}

func (s *Server) send(w http.ResponseWriter, ans answer, fault Fault) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(ans.body)))
	if s.cfg.Now != nil {
		header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	}
	for _, more := range []http.Header{ans.header, fault.Header} {
		for name, values := range more {
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	w.WriteHeader(ans.status)
	body := ans.body
	if fault.Truncate {
		// net/http closes a connection whose answer came out too short.
		body = body[:len(body)/2]
	}
	// An error means that the client is gone, which is not ours to report.
	_, _ = w.Write(body)
}

// pause waits for d. It reports false when the client or the server did not.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}

// cut ends the connection without an answer, by a reset if possible. Where
// connections cannot be taken over, as with HTTP/2, the request is aborted in
// the way of net/http, by panicking with http.ErrAbortHandler.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		// No linger makes the kernel send RST instead of FIN.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
