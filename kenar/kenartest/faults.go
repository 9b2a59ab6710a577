package kenartest

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Fault makes the next matching call fail. The zero value of a matching
// field matches every call.
//
// A fault with Status, Body, Reset, CloseEarly or Hang happens instead of the
// call, which then has no effect. Without them the call is carried out as
// usual, and only its answer suffers: it is late (Delay), cut (Truncate) or
// lost (LoseAnswer, which wins over Status and Body). Of several ways not to
// answer, Hang comes before Reset, and Reset before CloseEarly.
type Fault struct {
	Op     Op
	Method string
	Path   string // as in Call.Path
	Target string // as in Call.Target

	Status      int    // 200..599; 0 with a Body means 200
	Body        string // need not be JSON
	ContentType string // of Body; empty: application/json
	Header      http.Header

	Delay      time.Duration // real time, before the answer or the lack of one
	Reset      bool          // the connection is reset (RST) without an answer
	CloseEarly bool          // the connection is closed without an answer
	Hang       bool          // no answer until the client gives up or the server closes
	Truncate   bool          // the connection is closed halfway through the answer's body, unless it is empty
	LoseAnswer bool          // the call is carried out, its answer never sent; with Hang or Reset in their way

	// Times is how many calls the fault is for: 0 is one, a negative number
	// all of them, until ClearFaults.
	Times int
}

// A FaultFunc decides for every call that no scripted fault matched whether
// it shall suffer one. The call has neither a number nor a key nor a verdict
// yet. The function is called by many goroutines at once; the matching fields and Times of its faults are
// ignored.
type FaultFunc func(Call) (f Fault, ok bool)

// Script appends faults to those waiting. Of the waiting faults that match a
// call the first is used. Script panics when a Status cannot be sent.
func (s *Server) Script(faults ...Fault) {
	for _, f := range faults {
		f.mustBeValid()
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.waiting = append(s.faults.waiting, faults...)
}

// PendingFaults returns the scripted faults that are still waiting, so that a
// test can tell that its script was played to the end.
func (s *Server) PendingFaults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.waiting)
}

// ClearFaults drops all scripted faults, and the FaultFunc.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.waiting, s.faults.standing = nil, nil
}

// SetFaultFunc sets or, with nil, removes the standing fault function.
func (s *Server) SetFaultFunc(f FaultFunc) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.standing = f
}

// SetDown starts or ends an outage, in which every call gets an HTML page
// with status 503, as from a gateway that cannot reach Kenar. Scripted faults
// are not used up meanwhile. For an outage without any answer see
// [Server.Refuse].
func (s *Server) SetDown(down bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.down = down
}

const outagePage = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n" +
	"<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n"

var outage = Fault{Status: http.StatusServiceUnavailable, Body: outagePage, ContentType: "text/html"}

// script holds the faults to come. It has a lock of its own because a
// FaultFunc may call the server's methods.
type script struct {
	mu       sync.Mutex
	waiting  []Fault
	standing FaultFunc
	down     bool
}

// take finds the fault for a call. The zero Fault does nothing.
func (s *script) take(c Call) (f Fault, verdict Verdict) {
	f, standing, verdict := s.takeScripted(c)
	if standing == nil {
		return f, verdict
	}
	f, ok := standing(c)
	if !ok {
		return Fault{}, ""
	}
	f.mustBeValid()
	return f, Faulted
}

// takeScripted uses up a waiting fault; the standing function is returned
// when there is none, for it must not be called under the lock.
func (s *script) takeScripted(c Call) (Fault, FaultFunc, Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return outage, nil, Down
	}
	for i := range s.waiting {
		f := &s.waiting[i]
		if !f.matches(c) {
			continue
		}
		taken := *f
		switch f.Times {
		case 0, 1:
			s.waiting = slices.Delete(s.waiting, i, i+1)
		default:
			f.Times = max(f.Times-1, -1)
		}
		return taken, nil, Faulted
	}
	return Fault{}, s.standing, ""
}

func (f *Fault) matches(c Call) bool {
	return (f.Op == "" || f.Op == c.Op) &&
		(f.Method == "" || f.Method == c.Method) &&
		(f.Path == "" || f.Path == c.Path) &&
		(f.Target == "" || f.Target == c.Target)
}

func (f *Fault) mustBeValid() {
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		panic(fmt.Sprintf("kenartest: fault with status %d, want 200 to 599", f.Status))
	}
}

// instead reports whether the fault takes the call's place.
func (f *Fault) instead() bool {
	return !f.LoseAnswer && (f.Status != 0 || f.Body != "" || f.Reset || f.CloseEarly || f.Hang)
}

// silent reports whether the call gets no answer.
func (f *Fault) silent() bool {
	return f.LoseAnswer || f.Reset || f.CloseEarly || f.Hang
}

// answer is what a fault that happens instead of a call answers.
func (f *Fault) answer(verdict Verdict) answer {
	if f.silent() {
		return answer{verdict: verdict}
	}
	a := answer{status: f.Status, body: []byte(f.Body), verdict: verdict}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if f.ContentType != "" {
		a.header = http.Header{"Content-Type": {f.ContentType}}
	}
	return a
}
