package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/kenar-addons/kenar-addons/internal/cli"
)

// A tracing exports spans by OTLP over HTTP. It is set by the variables that
// OpenTelemetry defines (OpenTelemetry specification, SDK environment
// variables), which the exporter reads by itself, and not by settings of the
// worker. A nil one records nothing.
//
// Spans are queued in memory and dropped when the collector does not take
// them: no event ever waits for it.
type tracing struct {
	provider *sdktrace.TracerProvider
	exporter sdktrace.SpanExporter
}

// tracingWanted reports whether a collector is named and tracing is not turned
// off. protocol is the one that is asked for, "" when that is left open.
func tracingWanted(environ []string) (wanted bool, protocol string) {
	env := make(map[string]string, len(environ))
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = strings.TrimSpace(value)
	}
	if strings.EqualFold(env["OTEL_SDK_DISABLED"], "true") || env["OTEL_TRACES_EXPORTER"] == "none" {
		return false, ""
	}
	wanted = env["OTEL_EXPORTER_OTLP_ENDPOINT"] != "" || env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] != ""
	return wanted, cmp.Or(env["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"], env["OTEL_EXPORTER_OTLP_PROTOCOL"])
}

// protocol is the only one that is spoken.
const protocol = "http/protobuf"

// openTracing starts tracing if the environment wants it. It connects to
// nothing yet. A collector that cannot be used is told in the log and is no
// reason not to work.
func openTracing(ctx context.Context, environ []string, app string, log zerolog.Logger) *tracing {
	wanted, asked := tracingWanted(environ)
	switch {
	case !wanted:
		return nil
	case asked != "" && asked != protocol:
		log.Warn().Msgf("nothing is traced: OTEL_EXPORTER_OTLP_PROTOCOL is %q, and only %s is spoken; set it so, and the endpoint to the port for it, usually 4318", asked, protocol)
		return nil
	}
	trouble := &exportTrouble{log: log, now: time.Now}
	otel.SetErrorHandler(trouble) // the SDK has no other place to tell
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		trouble.Handle(fmt.Errorf("nothing is traced: %w", err))
		return nil
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(
			attribute.String("service.name", "kenar-worker"), attribute.String("service.version", cli.Version()), attribute.String("kenar.app", app)),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv()) // OTEL_SERVICE_NAME beats the name above
	if err != nil {
		trouble.Handle(err) // what could be found out is in it
	}
	log.Info().Msg("traces are exported by OTLP over HTTP")
	return &tracing{sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about)), exporter}
}

// tracerProvider is what the pipeline takes; nil when nothing is traced.
func (t *tracing) tracerProvider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.provider
}

// lastSpans bounds the time in which the last spans are exported: a collector
// that is away must not hold the end of the worker up.
const lastSpans = 2 * time.Second

// close exports what is left.
func (t *tracing) close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		otel.Handle(err)
		_ = t.exporter.Shutdown(ctx) // ends what it still tries
	}
}

// exportTrouble tells in the log that spans are lost: once as a warning, and
// again when it goes on for long.
type exportTrouble struct {
	log zerolog.Logger
	now func() time.Time

	mu   sync.Mutex
	next time.Time // not to be told as a warning before
}

const tellTrouble = 10 * time.Minute

// Handle implements otel.ErrorHandler.
func (e *exportTrouble) Handle(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	level := zerolog.DebugLevel
	if now := e.now(); !now.Before(e.next) {
		level, e.next = zerolog.WarnLevel, now.Add(tellTrouble)
	}
	e.log.WithLevel(level).Err(err).Msg("traces cannot be exported and are dropped; events are not affected")
}
