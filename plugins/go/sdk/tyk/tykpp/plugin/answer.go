package plugin

/*
#include "shim.h"
*/
import "C"

import (
	"net/http"
	"sort"
)

// answer is what a plugin writes to. It collects: the gateway sends. There is no http.Hijacker; Flush
// does nothing, since there is nothing to wait for.
type answer struct {
	header  http.Header
	sent    http.Header // the fields at the time the status was written
	status  int
	written bool
	body    []byte
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

// WriteHeader implements http.ResponseWriter. As there, the first call counts, and later changes of
// the fields do not.
func (a *answer) WriteHeader(status int) {
	if a.written || status >= 100 && status < 200 {
		return
	}
	a.written, a.status = true, status
	a.sent = a.header.Clone()
}

// Write implements http.ResponseWriter.
func (a *answer) Write(bytes []byte) (int, error) {
	if !a.written {
		a.WriteHeader(http.StatusOK)
	}
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	a.body = append(a.body, bytes...)
	return len(bytes), nil
}

// WriteString implements io.StringWriter.
func (a *answer) WriteString(text string) (int, error) {
	if !a.written {
		a.WriteHeader(http.StatusOK)
	}
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	a.body = append(a.body, text...)
	return len(text), nil
}

// Flush implements http.Flusher.
func (a *answer) Flush() {
	if !a.written {
		a.WriteHeader(http.StatusOK)
	}
}

func (a *answer) send(reply *reply) {
	reply.answer(a.status, a.body)
	addAll(reply, C.TYKPP_RESPONSE, a.sent)
}

// addHeaders puts the fields of a writer that nothing was written to on the later answer.
func (a *answer) addHeaders(reply *reply, message int) {
	if len(a.header) > 0 {
		addAll(reply, message, a.header)
	}
}

func addAll(reply *reply, message int, header http.Header) {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range header[name] {
			reply.texts(C.GO_OP_HEADER_ADD, message, name, cleanValue(value))
		}
	}
}
