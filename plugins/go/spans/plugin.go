// Makes an OpenTelemetry span of what the plugin does.
package main

import (
	"errors"
	"net/http"

	"github.com/TykTechnologies/opentelemetry/trace"
)

// Traced runs as any request hook.
func Traced(rw http.ResponseWriter, r *http.Request) {
	// What is done with the span's context stands below the span.
	_, span := trace.NewSpanFromContext(r.Context(), "", "check-order")
	defer span.End()
	span.SetAttributes(trace.NewAttribute("path", r.URL.Path), trace.NewAttribute("agent", r.UserAgent()))

	if r.Header.Get("X-Order") == "" {
		err := errors.New("no order")
		span.RecordError(err)
		span.SetStatus(trace.SPAN_STATUS_ERROR, err.Error())
		http.Error(rw, "which order?", http.StatusBadRequest)
		return
	}
	span.SetStatus(trace.SPAN_STATUS_OK, "")
}
