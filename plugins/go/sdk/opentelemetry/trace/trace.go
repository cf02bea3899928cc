// Package trace offers the spans that plugins of the gateway make, over the OpenTelemetry API.
//
// A span belongs to the tracer provider of the plugin's own process part: without one (the default)
// every span is the API's no-op span, so that a plugin that traces costs nothing and needs nothing.
// A plugin that wants its spans exported installs a provider with otel.SetTracerProvider.
package trace

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// Span is a span of the OpenTelemetry API.
type Span = oteltrace.Span

// Tracer makes spans.
type Tracer = oteltrace.Tracer

// Attribute is a name and a value that describe a span.
type Attribute = attribute.KeyValue

// SpanAttribute is the older name of Attribute.
type SpanAttribute = attribute.KeyValue

// What SetStatus takes.
const (
	SPAN_STATUS_UNSET = codes.Unset
	SPAN_STATUS_ERROR = codes.Error
	SPAN_STATUS_OK    = codes.Ok
)

// NewSpanFromContext starts a span below the one that ctx carries. The caller ends it.
func NewSpanFromContext(ctx context.Context, tracerName, spanName string) (context.Context, Span) {
	return otel.GetTracerProvider().Tracer(tracerName).Start(ctx, spanName)
}

// SpanFromContext answers the span that ctx carries, or one that records nothing.
func SpanFromContext(ctx context.Context) Span { return oteltrace.SpanFromContext(ctx) }

// ContextWithSpan answers a context that carries span.
func ContextWithSpan(ctx context.Context, span Span) context.Context {
	return oteltrace.ContextWithSpan(ctx, span)
}

// ExtractTraceID answers the id of the trace that ctx belongs to; empty when there is none.
func ExtractTraceID(ctx context.Context) string {
	if span := oteltrace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}

// NewAttribute describes a span. Values of other kinds than text, numbers, truth values and lists
// of them become an empty text.
func NewAttribute(key string, value interface{}) Attribute {
	name := attribute.Key(key)
	switch v := value.(type) {
	case string:
		return name.String(v)
	case []string:
		return name.StringSlice(v)
	case bool:
		return name.Bool(v)
	case []bool:
		return name.BoolSlice(v)
	case int:
		return name.Int(v)
	case []int:
		return name.IntSlice(v)
	case int32:
		return name.Int64(int64(v))
	case int64:
		return name.Int64(v)
	case []int64:
		return name.Int64Slice(v)
	case float32:
		return name.Float64(float64(v))
	case float64:
		return name.Float64(v)
	case []float64:
		return name.Float64Slice(v)
	case interface{ String() string }:
		return name.String(v.String())
	}
	return name.String("")
}
