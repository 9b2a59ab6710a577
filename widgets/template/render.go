package template

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/itchyny/gojq"
)

const wanted = "it must yield exactly one object, the data of the add-on"

// render runs the program for at most maxTime.
func (p *program) render(ctx context.Context, maxTime time.Duration, event json.RawMessage) (_ json.RawMessage, err error) {
	input, err := decode(event)
	if err != nil {
		return nil, p.failed(err, "cannot read the event: %v", err)
	}
	// The interpreter is somebody else's code at the mercy of somebody else's
	// data: should it panic, that costs one event and not the process.
	defer func() {
		if r := recover(); r != nil {
			err = p.failed(nil, "the jq interpreter broke down: %.*s", maxMessage, fmt.Sprint(r))
		}
	}()
	timed, stop := context.WithTimeout(ctx, maxTime)
	defer stop()
	run, cancel := context.WithCancelCause(timed)
	defer cancel(nil)

	m := &meter{left: MaxWork, patterns: p.patterns, cancel: cancel, done: run.Done()}
	outputs := p.code.RunWithContext(run, input, m)
	output, ok := outputs.Next()
	if err := p.broken(run, output); err != nil {
		return nil, err
	}
	if !ok {
		return nil, p.failed(nil, "yields nothing; %s", wanted)
	}
	second, more := outputs.Next()
	if err := p.broken(run, second); err != nil {
		return nil, err
	}
	if more {
		return nil, p.failed(nil, "yields more than one value; %s", wanted)
	}
	return p.encode(output)
}

// decode reads an event, keeping the digits of its numbers.
func decode(event json.RawMessage) (any, error) {
	if len(event) > MaxEvent {
		return nil, fmt.Errorf("it is %d bytes long, at most %d allowed", len(event), MaxEvent)
	}
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is not JSON: there is more after the first value")
	}
	s := scale{limit: math.MaxInt}
	if s.add(v); s.fault != "" {
		return nil, errors.New("it " + s.fault)
	}
	return v, nil
}

func (p *program) encode(output any) (json.RawMessage, error) {
	if _, ok := output.(map[string]any); !ok {
		what := gojq.TypeOf(output)
		if output != nil {
			what = "one " + what
		}
		return nil, p.failed(nil, "yields %s; %s", what, wanted)
	}
	data, err := gojq.Marshal(output)
	if err != nil {
		return nil, p.failed(err, "cannot encode what it yields: %v", err)
	}
	if len(data) > MaxOutput {
		return nil, p.failed(nil, "yields %d bytes, at most %d allowed", len(data), MaxOutput)
	}
	return data, nil
}

// broken is the error to report when a rendering was ended or the template
// failed, else nil.
func (p *program) broken(ctx context.Context, output any) error {
	var limit limitError
	if errors.As(context.Cause(ctx), &limit) {
		return p.failed(nil, "%v", limit)
	}
	err, ok := output.(error)
	switch {
	case !ok:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return p.failed(err, "took longer than %v, or than the time that was left", MaxTime)
	case errors.Is(err, context.Canceled):
		return p.failed(err, "was interrupted")
	}
	return p.failed(nil, "%s", describe(err))
}

func (p *program) failed(cause error, format string, args ...any) error {
	return &Error{File: p.file, Message: fmt.Sprintf(format, args...), Err: cause}
}

// values is what the interpreter shows of the values it complains about: texts,
// up to the end when they are cut off, and numbers long enough to identify
// somebody.
var values = regexp.MustCompile(`"(?:[^"\\]|\\.)*(?:"|\\?$)|[0-9]{5,}`)

// describe puts an error of the interpreter into words for logs and dead
// letters, where no data of the event may appear. The words of the template's own
// error(…) are the template's business.
func describe(err error) string {
	var own gojq.ValueError
	if !errors.As(err, &own) {
		return "fails: " + plainText(values.ReplaceAllString(err.Error(), "…"))
	}
	if s, ok := own.Value().(string); ok {
		return "refuses the event: " + plainText(s)
	}
	return "refuses the event with a value that is not a text; give error(…) a text"
}

// plainText keeps a message on one line, and short.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > maxMessage {
		return string(runes[:maxMessage-1]) + "…"
	}
	return s
}
