package pipeline

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// A spans records what happens to an event as spans of the trace that its
// producer began. A nil one records nothing.
//
//	producer's span
//	└─ admit             from the delivery to its ack
//	   ├─ wait           from admission, or the attempt before, to the call
//	   ├─ call           the request to Kenar
//	   └─ settle         outcomes, or the schedule of a retry, and the ack
//
// Work carries the context of its admit span, so the others find it after
// days, and in another process. What lasts long is recorded at its end, with
// the time of its beginning: a worker that dies loses the spans it was at, not
// the place of those that follow.
//
// Attributes are what logs have too: ids of events and never those of targets
// or grants, and no message of an error, which may name one.
type spans struct {
	tracer trace.Tracer
}

func newSpans(p trace.TracerProvider, version string) *spans {
	if p == nil {
		return nil
	}
	return &spans{p.Tracer("github.com/kenar-addons/kenar-addons/pipeline", trace.WithInstrumentationVersion(version))}
}

// Names of attributes.
const (
	eventKey    = attribute.Key("kenar.event_id")
	laneKey     = attribute.Key("kenar.lane")
	priorityKey = attribute.Key("kenar.priority")
	attemptKey  = attribute.Key("kenar.attempt")
	classKey    = attribute.Key("kenar.class")
	resultKey   = attribute.Key("kenar.result")
	reasonKey   = attribute.Key("kenar.reason")
	deliveryKey = attribute.Key("kenar.delivery")
	opKey       = attribute.Key("kenar.operation")
	statusKey   = attribute.Key("http.response.status_code") // as OpenTelemetry names it
)

// parseTraceparent reads a W3C trace context; the zero context is what is none.
func parseTraceparent(s string) trace.SpanContext {
	if !traceparent.MatchString(s) || s[:2] == "ff" { // W3C: this version is invalid
		return trace.SpanContext{}
	}
	traceID, err := trace.TraceIDFromHex(s[3:35])
	if err != nil {
		return trace.SpanContext{}
	}
	spanID, err := trace.SpanIDFromHex(s[36:52])
	if err != nil {
		return trace.SpanContext{}
	}
	flags, err := strconv.ParseUint(s[53:], 16, 8)
	if err != nil {
		return trace.SpanContext{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.TraceFlags(flags) & trace.FlagsSampled, Remote: true,
	})
}

func formatTraceparent(c trace.SpanContext) string {
	return "00-" + c.TraceID().String() + "-" + c.SpanID().String() + "-" + c.TraceFlags().String()
}

// admit begins the span of an admission. The context carries it, and end ends
// it; end may be called with the zero verdict when nothing was decided.
func (s *spans) admit(ctx context.Context, event []byte, delivery uint64) (_ context.Context, end func(verdict)) {
	if s == nil {
		return ctx, func(verdict) {}
	}
	var e struct {
		Traceparent string `json:"traceparent"`
	}
	_ = json.Unmarshal(event, &e) // what is not an event begins a trace of its own, and is refused
	ctx, span := s.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, parseTraceparent(e.Traceparent)), "admit",
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(deliveryKey.Int64(int64(delivery)))) //nolint:gosec // deliveries are few
	return ctx, func(v verdict) {
		span.SetAttributes(eventKey.String(v.event), laneKey.String(string(v.lane)), resultKey.String(string(v.result)))
		switch {
		case v.result == "":
			span.SetStatus(codes.Error, "given back")
		case v.reason != nil:
			span.SetAttributes(reasonKey.String(string(v.reason.Code)))
			if v.result == ResultDead {
				span.SetStatus(codes.Error, string(v.reason.Code))
			}
		}
		span.End()
	}
}

// carry lets the work of an event belong to its admit span, which ctx has.
func (s *spans) carry(ctx context.Context, w *Work) {
	if s == nil {
		return
	}
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		w.Traceparent = formatTraceparent(c)
	}
}

// under is a context for the spans of work, whose other contents do not
// matter. Work that was admitted while nothing was traced has no trace to
// belong to: ok is false.
func (s *spans) under(w *Work) (_ context.Context, ok bool) {
	if s == nil || w.Traceparent == "" {
		return nil, false
	}
	c := parseTraceparent(w.Traceparent)
	return trace.ContextWithRemoteSpanContext(context.Background(), c), c.IsValid()
}

// common are the attributes of the spans of work.
func (w *Work) common() []attribute.KeyValue {
	return []attribute.KeyValue{eventKey.String(w.ID), laneKey.String(string(w.Lane))}
}

// wait records how long work waited for a call that is about to be made: since
// its admission, or the end of the last attempt in its history. Waiting for a
// pause to end is a part of it.
func (s *spans) wait(w *Work, attempt int, history []Attempt) {
	ctx, ok := s.under(w)
	if !ok {
		return
	}
	until, since := time.Now(), w.AdmittedAt
	if n := len(history); n > 0 {
		since = history[n-1].At.Add(time.Duration(history[n-1].DurationMS) * time.Millisecond)
	}
	if since.After(until) { // by the clock of another worker
		since = until
	}
	_, span := s.tracer.Start(ctx, "wait", trace.WithTimestamp(since), trace.WithAttributes(w.common()...),
		trace.WithAttributes(attemptKey.Int(attempt), priorityKey.String(string(w.Priority))))
	span.End(trace.WithTimestamp(until))
}

// call begins the span of a call. end tells its answer and when that came. No
// context carries the span: nothing of it goes to Kenar, which is a third
// party.
func (s *spans) call(w *Work, attempt int) (end func(status int, class Class, at time.Time)) {
	ctx, ok := s.under(w)
	if !ok {
		return func(int, Class, time.Time) {}
	}
	_, span := s.tracer.Start(ctx, "call", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(w.common()...),
		trace.WithAttributes(attemptKey.Int(attempt), opKey.String(string(w.Op))))
	return func(status int, class Class, at time.Time) {
		span.SetAttributes(classKey.String(string(class)))
		if status != 0 {
			span.SetAttributes(statusKey.Int(status))
		}
		if class != ClassAccepted {
			span.SetStatus(codes.Error, string(class))
		}
		span.End(trace.WithTimestamp(at))
	}
}

// settle begins the span of the settling of a delivery's work. Where another
// event was sent in its place, the span links to that one's trace.
func (s *spans) settle(w *Work, o Outcome) (end func()) {
	ctx, ok := s.under(w)
	if !ok || len(o.Finals) == 0 && o.Next != Park {
		return func() {} // it stays as it is
	}
	opts := []trace.SpanStartOption{trace.WithAttributes(w.common()...), trace.WithAttributes(classKey.String(string(o.Class)))}
	if o.Sent != nil && o.Sent.ID != w.ID {
		if c := parseTraceparent(o.Sent.Traceparent); c.IsValid() {
			opts = append(opts, trace.WithLinks(trace.Link{SpanContext: c}))
		}
	}
	_, span := s.tracer.Start(ctx, "settle", opts...)
	for _, f := range o.Finals {
		if f.Work.ID != w.ID {
			continue
		}
		span.SetAttributes(resultKey.String(string(f.Data.Result)))
		if f.Data.Reason != nil {
			span.SetAttributes(reasonKey.String(string(f.Data.Reason.Code)))
			span.SetStatus(codes.Error, string(f.Data.Reason.Code))
		}
	}
	return func() { span.End() }
}
