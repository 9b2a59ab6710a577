package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestTracingWanted(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"
	for _, tt := range []struct {
		environ  []string
		want     bool
		protocol string
	}{
		{nil, false, ""},
		{[]string{endpoint}, true, ""},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4318/v1/traces"}, true, ""},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT="}, false, ""},
		{[]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://collector:4318"}, false, ""},
		{[]string{"OTEL_SERVICE_NAME=worker"}, false, ""},
		{[]string{endpoint, "OTEL_SDK_DISABLED=true"}, false, ""},
		{[]string{endpoint, "OTEL_SDK_DISABLED=TRUE"}, false, ""},
		{[]string{endpoint, "OTEL_SDK_DISABLED=false"}, true, ""},
		{[]string{endpoint, "OTEL_TRACES_EXPORTER=none"}, false, ""},
		{[]string{endpoint, "OTEL_TRACES_EXPORTER=otlp"}, true, ""},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, true, "grpc"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"}, true, "http/protobuf"},
	} {
		if got, protocol := tracingWanted(tt.environ); got != tt.want || protocol != tt.protocol {
			t.Errorf("%q: %t, %q", tt.environ, got, protocol)
		}
	}
}

// A protocol that is not spoken is told, instead of failing with each export.
func TestTracingProtocol(t *testing.T) {
	var log bytes.Buffer
	if tr := openTracing(t.Context(), []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, "shop", zerolog.New(&log)); tr != nil {
		t.Error("it is traced")
	}
	if !strings.Contains(log.String(), `\"grpc\", and only http/protobuf is spoken`) {
		t.Errorf("log: %s", &log)
	}
}

// What is traced comes to the collector, under the name that the environment
// gives, when the worker ends at the latest.
func TestTracesArrive(t *testing.T) {
	var mu sync.Mutex
	var got []*tracev1.ResourceSpans
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var data tracev1.TracesData // of the same form as the request
		if err = errors.Join(err, proto.Unmarshal(body, &data)); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, data.ResourceSpans...)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_SERVICE_NAME", "worker-of-the-test")
	tr := openTracing(t.Context(), os.Environ(), "shop", zerolog.Nop())
	_, span := tr.tracerProvider().Tracer("test").Start(t.Context(), "admit")
	span.End()
	tr.close()

	mu.Lock()
	defer mu.Unlock()
	if len(got) != 1 || len(got[0].ScopeSpans) != 1 || len(got[0].ScopeSpans[0].Spans) != 1 {
		t.Fatalf("got %v, want one span", got)
	}
	if name := got[0].ScopeSpans[0].Spans[0].Name; name != "admit" {
		t.Errorf("span %q", name)
	}
	for _, want := range []string{"service.name=worker-of-the-test", "kenar.app=shop"} {
		if !slices.ContainsFunc(got[0].Resource.Attributes, func(a *commonv1.KeyValue) bool { return a.Key+"="+a.Value.GetStringValue() == want }) {
			t.Errorf("the resource %v lacks %s", got[0].Resource, want)
		}
	}
}

// A collector that is broken, in whatever way, slows nothing: spans are
// dropped, the log says so once, and the end comes in time.
func TestBrokenCollector(t *testing.T) {
	const spans = 20_000 // more than any queue holds
	for name, start := range map[string]func(*testing.T) string{
		"nobody listens": func(t *testing.T) string {
			l := listen(t)
			_ = l.Close()
			return "http://" + l.Addr().String()
		},
		"it takes the connection and says nothing": func(t *testing.T) string {
			return "http://" + listen(t).Addr().String()
		},
		"it fails": func(t *testing.T) string {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
			t.Cleanup(s.Close)
			return s.URL
		},
		"it asks to come back later, for ever": func(t *testing.T) string {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
			t.Cleanup(s.Close)
			return s.URL
		},
		"its name is not known": func(*testing.T) string { return "http://collector.invalid:4318" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", start(t))
			log := new(sharedLog)
			tr := openTracing(t.Context(), os.Environ(), "shop", zerolog.New(log).Level(zerolog.WarnLevel))
			tracer := tr.tracerProvider().Tracer("test")
			began := time.Now()
			for range spans {
				_, span := tracer.Start(t.Context(), "admit")
				span.End()
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%d spans took %s", spans, took)
			}
			began = time.Now()
			tr.close()
			if took := time.Since(began); took > lastSpans+3*time.Second {
				t.Errorf("the end took %s", took)
			}
			if n := log.lines(); n != 1 {
				t.Errorf("%d warnings, want 1:\n%s", n, log)
			}
		})
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// sharedLog is a log that several goroutines write.
type sharedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *sharedLog) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *sharedLog) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func (w *sharedLog) lines() int { return strings.Count(w.String(), "\n") }
