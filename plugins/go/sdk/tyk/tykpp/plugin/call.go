package plugin

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"

	"github.com/TykTechnologies/tyk/tykpp/exchange"
)

// The way of one call. `work` is everything a hook needs, in Go's memory, so that it may outlive the
// C call that brought it.
type work struct {
	function *Function
	host     lent
	hook     int
	message  message
	exchange *exchange.Exchange
	fresh    exchange.Exchange // what `exchange` points to unless an earlier hook left one
	known    bool              // the gateway keeps the exchange already
	writer   answer
	verdict  C.int32_t
}

// tykppGoCall runs one hook: at once, or in a goroutine when the call was deferred.
//
//export tykppGoCall
func tykppGoCall(c *C.tykpp_go_call) C.int32_t {
	attach(c.host)
	function := functions[c.index]
	if function.Record != nil {
		return record(c, function)
	}
	w := &work{function: function, hook: int(c.hook)}
	w.host.api, w.host.call, w.host.late = c.host, c.call, c.completion != nil
	w.message.read(c)
	if c.state != 0 {
		w.exchange, _ = exchanges.get(uint64(c.state)).(*exchange.Exchange)
		w.known = w.exchange != nil
	}
	if w.exchange == nil {
		w.exchange = &w.fresh
	}
	if c.completion == nil {
		into := unsafe.Slice((*byte)(unsafe.Pointer(c.out)), int(c.out_size))
		reply := w.run(into[:0])
		if !give(c, into, reply) {
			return C.TYKPP_FAILED
		}
		if c.rest != 0 {
			runtime.Gosched()
		}
		return w.verdict
	}
	api, call, completion := c.host, c.call, c.completion
	go w.later(api, call, completion)
	return C.TYKPP_PENDING
}

// give hands the reply to C, which applies it when the call returns.
func give(c *C.tykpp_go_call, into, reply []byte) bool {
	if len(reply) > 0 && (len(into) == 0 || &reply[0] != &into[0]) {
		grown := C.tykpp_go_reserve(c, C.size_t(len(reply)))
		if grown == nil {
			return false
		}
		copy(unsafe.Slice((*byte)(unsafe.Pointer(grown)), len(reply)), reply)
	}
	c.out_used = C.size_t(len(reply))
	return true
}

// later runs a deferred call and ends it.
func (w *work) later(api *C.tykpp_api_host, call *C.tykpp_call_host, completion *C.tykpp_completion_plugin) {
	var reply []byte
	ended := false
	finish := func() {
		if ended {
			return
		}
		ended = true
		w.host.end()
		var data *C.char
		if len(reply) > 0 {
			data = (*C.char)(unsafe.Pointer(&reply[0]))
		}
		code := C.tykpp_go_finish(api, call, completion, data, C.size_t(len(reply)), w.verdict)
		if w.host.gone != 0 {
			watchers.take(w.host.gone) // nothing comes any more, or it has come
		}
		if code == C.TYKPP_ERR_GONE {
			w.exchange.End()
		}
	}
	// runtime.Goexit in the plugin must not leave the gateway waiting.
	defer func() {
		if !ended {
			w.verdict, reply = C.TYKPP_FAILED, nil
			finish()
		}
	}()
	if w.known {
		w.exchange.Rewatch(&w.host)
	}
	reply = w.run(make([]byte, 0, 1024))
	finish()
}

// run calls the plugin's function and answers what the gateway has to do.
func (w *work) run(into []byte) []byte {
	reply := reply{bytes: into}
	ctx := w.exchange.Enter(&w.host)
	request := w.message.request(ctx)
	var response *http.Response
	if w.function.Response != nil {
		response = w.message.response(request)
	}
	panicked := w.protected(request, response)
	w.finish(&reply, request, response, panicked)
	w.host.end()
	return reply.bytes
}

// protected calls the function; a panic ends here.
func (w *work) protected(request *http.Request, response *http.Response) (panicked bool) {
	panicked = true
	defer func() {
		if reason := recover(); reason != nil {
			w.panicked(reason)
		}
	}()
	if w.function.Response != nil {
		w.function.Response(&w.writer, response, request)
	} else {
		w.function.Request(&w.writer, request)
	}
	return false
}

func (w *work) panicked(reason interface{}) {
	text := fmt.Sprint(reason)
	if strings.Contains(text, "missing method Hijack") {
		text += " (a plugin can't take over the client's connection: http.Hijacker is not there)"
	}
	w.host.mutex.Lock()
	defer w.host.mutex.Unlock()
	if w.host.call == nil {
		return
	}
	line := "Recovered from panic while running Go-plugin middleware func mwSymbolName=" + w.function.Name +
		" error=" + text + "\n" + string(debug.Stack())
	data, size := pointer(line)
	C.tykpp_go_log(w.host.api, w.host.call, C.TYKPP_LOG_ERROR, data, size)
	data, size = pointer("panic: " + text)
	C.tykpp_go_explain(w.host.api, w.host.call, data, size)
}

// finish compares what the function left with what it was given.
func (w *work) finish(reply *reply, request *http.Request, response *http.Response, panicked bool) {
	final := w.finalContext(request)
	if panicked && !w.writer.written {
		w.exchange.Leave(final)
		if !w.known {
			w.exchange.End()
		}
		w.verdict = C.TYKPP_FAILED
		return
	}
	if text, key, ok := w.exchange.Changed(final); ok {
		reply.texts(C.GO_OP_SESSION, 0, stringOf(text), key)
	}
	if keep := w.exchange.Leave(final); keep && !w.known {
		// Where the gateway keeps nothing, the request ends here as far as its context tells.
		if C.tykpp_go_has_state(w.host.api) != 0 {
			reply.number(C.GO_OP_STATE, exchanges.add(w.exchange))
		} else {
			w.exchange.End()
		}
	}
	if w.writer.written {
		w.writer.send(reply)
		w.verdict = C.TYKPP_RESPOND
		w.tell()
		return
	}
	if response == nil {
		w.message.requestChanges(reply, request)
		w.writer.addHeaders(reply, C.TYKPP_ANSWER)
	} else {
		w.message.responseChanges(reply, response)
		w.writer.addHeaders(reply, C.TYKPP_RESPONSE)
	}
	if reply.failed != "" {
		w.fail(reply.failed)
	}
}

func (w *work) finalContext(request *http.Request) context.Context {
	if request == nil {
		return nil
	}
	return request.Context()
}

func (w *work) fail(why string) {
	w.verdict = C.TYKPP_FAILED
	w.host.mutex.Lock()
	defer w.host.mutex.Unlock()
	if w.host.call != nil {
		data, size := pointer(why)
		C.tykpp_go_explain(w.host.api, w.host.call, data, size)
	}
}

// tell logs what operators look for when a plugin refuses a request.
func (w *work) tell() {
	if w.writer.status < http.StatusBadRequest {
		return
	}
	text := "Failed to process request with Go-plugin middleware func"
	if w.function.Response != nil {
		text = "Returned error code while processing response with Go-plugin middleware func"
	} else if w.writer.status == http.StatusForbidden {
		text = "Authentication error in Go-plugin middleware func"
	}
	w.host.mutex.Lock()
	defer w.host.mutex.Unlock()
	if w.host.call != nil {
		data, size := pointer(fmt.Sprintf("%s mwSymbolName=%s status=%d", text, w.function.Name, w.writer.status))
		C.tykpp_go_log(w.host.api, w.host.call, C.TYKPP_LOG_ERROR, data, size)
	}
}
