package pipeline

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// The producer's span in the tests.
const (
	producerTrace  = "0af7651916cd43dd8448eb211c80319c"
	producerSpan   = "b7ad6b7169203331"
	producerParent = "00-" + producerTrace + "-" + producerSpan + "-01"
)

func traced(parent string) map[string]any { return map[string]any{"traceparent": parent} }

// A recorder keeps the spans of a worker.
type recorder struct {
	t        *testing.T
	exporter *tracetest.InMemoryExporter
	provider *sdktrace.TracerProvider
}

func newRecorder(t *testing.T) *recorder {
	e := tracetest.NewInMemoryExporter()
	return &recorder{t, e, sdktrace.NewTracerProvider(sdktrace.WithSyncer(e))}
}

// named are the spans of an event with a name, in the order of their ends.
func (r *recorder) named(event, name string) (some []tracetest.SpanStub) {
	for _, s := range r.exporter.GetSpans() {
		if s.Name == name && value(s, "kenar.event_id") == event {
			some = append(some, s)
		}
	}
	return some
}

// one is the only span of an event with a name.
func (r *recorder) one(event, name string) tracetest.SpanStub {
	r.t.Helper()
	some := r.named(event, name)
	if len(some) != 1 {
		r.t.Fatalf("%d spans %s of %s, want one", len(some), name, event)
	}
	return some[0]
}

// under checks that a span is a child.
func (r *recorder) under(s tracetest.SpanStub, traceID, parent string) {
	r.t.Helper()
	if got := s.SpanContext.TraceID().String(); got != traceID || s.Parent.SpanID().String() != parent {
		r.t.Errorf("%s is under %s of trace %s, want %s of %s", s.Name, s.Parent.SpanID(), got, parent, traceID)
	}
}

// value is an attribute of a span as text, "" without.
func value(s tracetest.SpanStub, key string) string {
	for _, a := range s.Attributes {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

func (r *recorder) on(s *settings) { s.cfg.Tracing = r.provider }

// One event is one trace: its producer's, with the admission under the
// producer's span and everything else under that. Nothing in it tells who or
// what the event is about, and Kenar hears nothing of it.
func TestTraceOfOneEvent(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	r := newRecorder(t)
	_, stop := l.worker(r.on)
	l.publish(attach("a", "post/SECRETPOST", "one", traced(producerParent)))
	l.final("a")
	l.drained()
	stop()

	admit, wait, call, settle := r.one("a", "admit"), r.one("a", "wait"), r.one("a", "call"), r.one("a", "settle")
	if n := len(r.exporter.GetSpans()); n != 4 {
		t.Errorf("%d spans, want 4", n)
	}
	r.under(admit, producerTrace, producerSpan)
	for _, s := range []tracetest.SpanStub{wait, call, settle} {
		r.under(s, producerTrace, admit.SpanContext.SpanID().String())
	}
	if admit.SpanKind != trace.SpanKindConsumer || call.SpanKind != trace.SpanKindClient {
		t.Errorf("admit is a span of kind %s, call of %s", admit.SpanKind, call.SpanKind)
	}
	for _, later := range [][2]tracetest.SpanStub{{admit, wait}, {wait, call}, {call, settle}} {
		if later[1].StartTime.Before(later[0].StartTime) || later[1].EndTime.Before(later[1].StartTime) {
			t.Errorf("%s is from %s to %s, %s began at %s", later[1].Name, later[1].StartTime, later[1].EndTime, later[0].Name, later[0].StartTime)
		}
	}
	for _, s := range []struct {
		span tracetest.SpanStub
		want []string
	}{
		{admit, []string{"kenar.lane=ADD_ON_CREATE", "kenar.result=queued", "kenar.delivery=1"}},
		{wait, []string{"kenar.lane=ADD_ON_CREATE", "kenar.attempt=1", "kenar.priority=normal"}},
		{call, []string{"kenar.lane=ADD_ON_CREATE", "kenar.attempt=1", "kenar.operation=create_post_addon", "kenar.class=accepted", "http.response.status_code=200"}},
		{settle, []string{"kenar.lane=ADD_ON_CREATE", "kenar.class=accepted", "kenar.result=accepted"}},
	} {
		for _, want := range s.want {
			key, v, _ := strings.Cut(want, "=")
			if got := value(s.span, key); got != v {
				t.Errorf("%s: %s is %q, want %q", s.span.Name, key, got, v)
			}
		}
		if s.span.Status.Code == codes.Error {
			t.Errorf("%s failed: %s", s.span.Name, s.span.Status.Description)
		}
	}
	r.tellsNothing("SECRETPOST", "test-key")
	for _, c := range l.kenar.Calls() {
		if h := c.Header; h.Get("Traceparent") != "" || h.Get("Tracestate") != "" {
			t.Errorf("Kenar was sent %v", h)
		}
	}
}

// tellsNothing checks that no span has any of the words.
func (r *recorder) tellsNothing(words ...string) {
	r.t.Helper()
	all := fmt.Sprintf("%+v", r.exporter.GetSpans())
	for _, s := range r.exporter.GetSpans() {
		for _, a := range s.Attributes {
			all += a.Value.String() + " "
		}
		all += s.Status.Description
	}
	for _, w := range words {
		if strings.Contains(all, w) {
			r.t.Errorf("a span tells %q", w)
		}
	}
}

// A retry is the same trace, also when another worker makes it, and what ended
// as a dead letter goes on in it when it is replayed.
func TestTraceThroughRetryAndReplay(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	first, second := newRecorder(t), newRecorder(t)
	slow := func(s *settings) {
		first.on(s)
		s.cfg.Backoff = Backoff{Min: time.Second, Max: time.Second}
	}
	_, stop := l.worker(slow)
	l.kenar.Script(kenartest.Fault{Status: 503, Body: "post SECRETPOST is not there"}, kenartest.Fault{Status: 422, Body: `{"code":9,"message":"post SECRETPOST is not wanted"}`})
	l.publish(attach("a", "post/SECRETPOST", "one", traced(producerParent)))
	l.eventually("the retry is scheduled", func() bool { return len(first.named("a", "settle")) == 1 })
	stop()
	l.worker(second.on)
	if got := l.final("a"); got.Result != ResultDead || got.Attempts != 2 {
		t.Fatalf("ended %+v", got)
	}
	again := l.replay("a", false)
	l.final(again)
	l.eventually("everything is settled", func() bool {
		return len(second.named("a", "settle")) == 1 && len(second.named(again, "settle")) == 1
	})

	admit := first.one("a", "admit").SpanContext.SpanID().String()
	type told struct{ Attempt, Status, Class, Error string }
	var calls []told
	for _, r := range []*recorder{first, second} {
		for _, name := range []string{"wait", "call", "settle"} {
			r.under(r.one("a", name), producerTrace, admit)
		}
		c := r.one("a", "call")
		calls = append(calls, told{value(c, "kenar.attempt"), value(c, "http.response.status_code"), value(c, "kenar.class"), c.Status.Description})
	}
	want := []told{{"1", "503", "retryable", "retryable"}, {"2", "422", "permanent", "permanent"}}
	if d := cmp.Diff(want, calls); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
	wait, failed := second.one("a", "wait"), first.one("a", "call")
	if gap := wait.StartTime.Sub(failed.EndTime); gap.Abs() > 500*time.Millisecond {
		t.Errorf("the second wait begins %s after the end of the first call", gap)
	}
	if lasted := wait.EndTime.Sub(wait.StartTime); lasted < 900*time.Millisecond {
		t.Errorf("the second wait lasted %s, the backoff is a second", lasted)
	}
	if s := second.one("a", "settle"); value(s, "kenar.result") != "dead" || value(s, "kenar.reason") != "rejected" || s.Status.Code != codes.Error {
		t.Errorf("settled with %v, %v", s.Attributes, s.Status)
	}
	replayed := second.one(again, "admit")
	second.under(replayed, producerTrace, producerSpan)
	second.under(second.one(again, "call"), producerTrace, replayed.SpanContext.SpanID().String())
	first.tellsNothing("SECRETPOST")
	second.tellsNothing("SECRETPOST")
}

// A worker that dies during its call takes its span with it. Whoever takes the
// event over goes on in the same trace.
func TestTraceThroughCrash(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.app = "kill" // that of victims
	must(t, Topology{Replicas: l.replicas, AckWait: killTiming.ackWait()}.Create(t.Context(), l.js))
	like := func(r *recorder) func(*settings) {
		return func(s *settings) {
			r.on(s)
			s.limits, s.timing, s.cfg.Timeout = fmt.Sprintf("ADD_ON_CREATE=%d/%s", killLimit, killWindow), killTiming, killTiming.timeout
		}
	}
	first, last := newRecorder(t), newRecorder(t)
	w, stop := l.worker(like(first))
	must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Pause(t.Context(), testPause()))
	l.publish(attach("a", "post/P1", "one", traced(producerParent)))
	l.queuedAt("a")
	l.eventually("it is admitted", func() bool { return len(first.named("a", "admit")) == 1 })
	stop()
	l.unpause(PostCreate, like(first))
	if !l.victim("called:1", func() int { return 1 }) {
		t.Fatal("the worker was not killed during its call")
	}
	_, stop = l.worker(like(last))
	if got := l.final("a"); got.Result != ResultAccepted || got.Attempts != 2 {
		t.Errorf("ended %+v", got)
	}
	l.drained()
	stop()
	admit := first.one("a", "admit").SpanContext.SpanID().String()
	for _, name := range []string{"wait", "call", "settle"} {
		last.under(last.one("a", name), producerTrace, admit)
	}
	if got := value(last.one("a", "call"), "kenar.attempt"); got != "2" {
		t.Errorf("the call is attempt %s, want 2", got)
	}
	if n := l.kenar.Count(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

// unpause ends the pause of a lane while no worker runs.
func (l *lab) unpause(lane Lane, like func(*settings)) {
	l.t.Helper()
	w, run := l.build(l.t, like)
	must(l.t, w.cfg.Limiter.Bucket(string(lane)).Resume(l.t.Context()))
	ended, end := context.WithCancel(l.t.Context())
	end()
	run(ended) // closes what was opened
}

// An admission that comes twice is two spans, of which the work belongs to the
// one that queued it.
func TestTraceOfRedelivery(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	r := newRecorder(t)
	w, _ := l.worker(r.on)
	must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Pause(t.Context(), testPause()))
	raw, err := encode(attach("a", "post/P1", "one", traced(producerParent)))
	must(t, err)
	l.publishRaw("kenar.events.post.P1", "1", raw)
	l.eventually("it is admitted", func() bool { return len(r.named("a", "admit")) == 1 })
	l.publishRaw("kenar.events.post.P1", "2", raw)
	l.eventually("it is admitted again", func() bool { return len(r.named("a", "admit")) == 2 })
	must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Resume(t.Context()))
	l.eventually("it is settled", func() bool { return len(r.named("a", "settle")) == 1 })
	admits := r.named("a", "admit")
	for _, a := range admits {
		r.under(a, producerTrace, producerSpan)
	}
	if got := value(admits[1], "kenar.result"); got != "duplicate" {
		t.Errorf("the second admission is %q", got)
	}
	r.under(r.one("a", "call"), producerTrace, admits[0].SpanContext.SpanID().String())
}

// The call belongs to the event that was sent. The one in whose place that was
// links to it.
func TestTraceOfSuperseded(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	r := newRecorder(t)
	w, _ := l.worker(r.on)
	must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Pause(t.Context(), testPause()))
	for _, id := range []string{"old", "new"} { // one after the other: admission is concurrent
		l.publish(attach(id, "post/P1", id))
		l.eventually(id+" is admitted", func() bool { return len(r.named(id, "admit")) == 1 })
	}
	must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Resume(t.Context()))
	l.eventually("both are settled", func() bool { return len(r.named("old", "settle")) == 1 && len(r.named("new", "settle")) == 1 })
	sent := r.one("new", "admit").SpanContext
	r.under(r.one("new", "call"), sent.TraceID().String(), sent.SpanID().String())
	if n := len(r.named("old", "call")); n != 0 {
		t.Errorf("%d calls of the older", n)
	}
	settled := r.one("old", "settle")
	if settled.SpanContext.TraceID() == sent.TraceID() {
		t.Error("events without a producer's trace share one")
	}
	if value(settled, "kenar.result") != "superseded" || len(settled.Links) != 1 || settled.Links[0].SpanContext.SpanID() != sent.SpanID() {
		t.Errorf("settled with %v, links %v", settled.Attributes, settled.Links)
	}
}

// Traces that the producer does not record are not recorded here, and a worker
// that traces nothing hands on what it got.
func TestTraceUnrecorded(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	r := newRecorder(t)
	_, stop := l.worker(r.on)
	l.publish(attach("a", "post/P1", "one", traced(strings.TrimSuffix(producerParent, "01")+"00")))
	l.final("a")
	stop()
	if n := len(r.exporter.GetSpans()); n != 0 {
		t.Errorf("%d spans of a trace that is not sampled", n)
	}

	w, stop := l.worker(nil)
	must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Pause(t.Context(), testPause()))
	l.publish(attach("b", "post/P2", "one", traced(producerParent)), attach("c", "post/P3", "one"))
	l.queuedAt("b")
	l.queuedAt("c")
	l.eventually("they are admitted", func() bool {
		s, err := l.js.Stream(t.Context(), PostCreate.Stream(Normal))
		must(t, err)
		return s.CachedInfo().State.Msgs == 2
	})
	stop()
	l.unpause(PostCreate, nil)
	l.worker(r.on)
	l.final("c")
	l.eventually("b is settled", func() bool { return len(r.named("b", "settle")) == 1 })
	l.drained()
	r.under(r.one("b", "call"), producerTrace, producerSpan)
	if n := len(r.named("c", "call")); n != 0 {
		t.Errorf("%d spans of work that belongs to no trace", n)
	}
}

// A stuckExporter never returns, as a collector that took a connection and
// died.
type stuckExporter struct{ ended chan struct{} }

func (e stuckExporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error {
	<-e.ended
	return nil
}

func (stuckExporter) Shutdown(context.Context) error { return nil }

// Spans that nobody takes hold nothing up.
func TestTraceNobodyTakes(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	e := stuckExporter{make(chan struct{})}
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(e, sdktrace.WithMaxQueueSize(1), sdktrace.WithMaxExportBatchSize(1)))
	_, stop := l.worker(func(s *settings) { s.cfg.Tracing = p })
	const n = 50
	for i := range n {
		l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
	}
	for i := range n {
		if got := l.final(fmt.Sprintf("e%d", i)); got.Result != ResultAccepted {
			t.Errorf("e%d ended %+v", i, got)
		}
	}
	l.drained()
	stop()
	close(e.ended)
	must(t, p.Shutdown(t.Context()))
}

func TestTraceparent(t *testing.T) {
	for s, want := range map[string]string{
		producerParent: producerParent,
		"00-" + producerTrace + "-" + producerSpan + "-00":            "00-" + producerTrace + "-" + producerSpan + "-00",
		"00-" + producerTrace + "-" + producerSpan + "-0a":            "00-" + producerTrace + "-" + producerSpan + "-00", // 0x0a is even
		"cc-" + producerTrace + "-" + producerSpan + "-03":            "00-" + producerTrace + "-" + producerSpan + "-01", // of a later version
		"ff-" + producerTrace + "-" + producerSpan + "-01":            "",
		"00-" + strings.Repeat("0", 32) + "-" + producerSpan + "-01":  "",
		"00-" + producerTrace + "-" + strings.Repeat("0", 16) + "-01": "",
		producerParent + "-more":                                      "",
		"":                                                            "",
	} {
		c, got := parseTraceparent(s), ""
		if c.IsValid() {
			got = formatTraceparent(c)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", s, got, want)
		}
	}
}
