package preview

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// errGone means that the browser ended or closed its side of the pipe.
var errGone = errors.New("the browser ended unexpectedly")

// maxMessage bounds one message of the browser in bytes. The largest is a
// picture of the page.
const maxMessage = 256 << 20

// devtools speaks the Chrome DevTools Protocol over a pair of pipes: JSON
// messages that end with a zero byte. Calls may be made by several goroutines.
type devtools struct {
	commands io.WriteCloser
	answers  io.ReadCloser
	reading  sync.WaitGroup

	mu      sync.Mutex
	last    int
	waiting map[int]chan<- response
	events  map[string]chan struct{}
	gone    chan struct{} // closed when no more will be read
}

type request struct {
	ID        int    `json:"id"`
	SessionID string `json:"sessionId,omitempty"`
	Method    string `json:"method"`
	Params    any    `json:"params,omitempty"`
}

// A response is the answer to a request, or an event when it has a method.
type response struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

func newDevtools(commands io.WriteCloser, answers io.ReadCloser) *devtools {
	d := &devtools{
		commands: commands,
		answers:  answers,
		waiting:  make(map[int]chan<- response),
		events:   make(map[string]chan struct{}),
		gone:     make(chan struct{}),
	}
	d.reading.Go(d.read)
	return d
}

// close releases the pipes. Calls that are waiting fail with errGone.
func (d *devtools) close() {
	_ = d.commands.Close()
	_ = d.answers.Close()
	d.reading.Wait()
}

// event is a channel that is closed when the browser has reported an event. It
// must be asked for before what causes the event.
func (d *devtools) event(method string) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := make(chan struct{})
	d.events[method] = c
	return c
}

// call sends a command, to a session unless that is "", and decodes the result
// into result unless that is nil.
func (d *devtools) call(ctx context.Context, session, method string, params, result any) error {
	answer := make(chan response, 1)
	d.mu.Lock()
	d.last++
	id := d.last
	d.waiting[id] = answer
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.waiting, id)
	}()
	if err := d.send(request{ID: id, SessionID: session, Method: method, Params: params}); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-answer:
		switch {
		case r.Error != nil:
			return fmt.Errorf("%s: the browser answered: %s", method, r.Error.Message)
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(r.Result, result); err != nil {
			return fmt.Errorf("%s: decode the browser's answer: %w", method, err)
		}
		return nil
	case <-d.gone:
		return fmt.Errorf("%s: %w", method, errGone)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

func (d *devtools) send(r request) error {
	message, err := json.Marshal(r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.commands.Write(append(message, 0)); err != nil {
		return fmt.Errorf("%w (%w)", errGone, err)
	}
	return nil
}

// read hands out what comes until the pipe ends.
func (d *devtools) read() {
	defer close(d.gone)
	s := bufio.NewScanner(d.answers)
	s.Buffer(nil, maxMessage)
	s.Split(splitMessages)
	for s.Scan() {
		var r response
		if json.Unmarshal(s.Bytes(), &r) != nil {
			return
		}
		d.deliver(r)
	}
}

func (d *devtools) deliver(r response) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.waiting[r.ID]; ok && r.Method == "" {
		delete(d.waiting, r.ID)
		c <- r
	}
	if c, ok := d.events[r.Method]; ok {
		delete(d.events, r.Method)
		close(c)
	}
}

// splitMessages is a bufio.SplitFunc for what ends with a zero byte.
func splitMessages(data []byte, _ bool) (advance int, token []byte, err error) {
	for i, b := range data {
		if b == 0 {
			return i + 1, data[:i], nil
		}
	}
	return 0, nil, nil
}
