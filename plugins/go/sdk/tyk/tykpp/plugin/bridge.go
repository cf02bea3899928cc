package plugin

/*
#cgo CFLAGS: -I${SRCDIR}/../../../../../../include
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/TykTechnologies/tyk/tykpp/exchange"
	"github.com/TykTechnologies/tyk/tykpp/host"
)

// gateway is the process that this plugin was loaded into.
type gateway struct{ api *C.tykpp_api_host }

func (g gateway) Log(level int, text string) {
	data, size := pointer(text)
	C.tykpp_go_log(g.api, nil, C.int32_t(level), data, size)
}

func (g gateway) Text(field int) (string, bool) {
	var out C.tykpp_text_host
	if C.tykpp_go_gateway_text(g.api, C.int32_t(field), &out) != C.TYKPP_OK {
		return "", false
	}
	return C.GoStringN(out.data, C.int(out.size)), true
}

var attached uint32

func attach(api *C.tykpp_api_host) {
	if atomic.LoadUint32(&attached) == 0 && atomic.CompareAndSwapUint32(&attached, 0, 1) {
		host.Set(gateway{api})
	}
}

// pointer lends a text to C for the time of one call.
func pointer(text string) (*C.char, C.size_t) {
	if text == "" {
		return nil, 0
	}
	return (*C.char)(unsafe.Pointer(stringData(text))), C.size_t(len(text))
}

// lent is the running call's side of the gateway: nothing is left of it once the call has ended.
type lent struct {
	mutex sync.Mutex
	api   *C.tykpp_api_host
	call  *C.tykpp_call_host // null: ended
	late  bool               // the call was deferred
	gone  uint64             // id that the gateway tells the call's end by; 0: not asked for
}

func (l *lent) Text(field int) (string, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var out C.tykpp_text_host
	if l.call == nil || C.tykpp_go_text(l.api, l.call, C.int32_t(field), &out) != C.TYKPP_OK {
		return "", false
	}
	return C.GoStringN(out.data, C.int(out.size)), true
}

func (l *lent) Session() (string, string, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var text, key C.tykpp_text_host
	if l.call == nil || C.tykpp_go_session(l.api, l.call, &text, &key) != C.TYKPP_OK {
		return "", "", false
	}
	return C.GoStringN(text.data, C.int(text.size)), C.GoStringN(key.data, C.int(key.size)), true
}

func (l *lent) OnGone(gone func()) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.call == nil || !l.late || l.gone != 0 {
		return false
	}
	id := watchers.add(gone)
	l.gone = id
	// The gateway may call back at once, on this thread: `gone` must not need this lock.
	if C.tykpp_go_on_gone(l.api, l.call, C.uint64_t(id)) != C.TYKPP_OK {
		watchers.take(id)
		l.gone = 0
		return false
	}
	return true
}

func (l *lent) end() {
	l.mutex.Lock()
	l.call = nil
	l.mutex.Unlock()
}

// table hands out numbers for Go values that C keeps.
type table struct {
	last   uint64
	values sync.Map
}

func (t *table) add(value interface{}) uint64 {
	id := atomic.AddUint64(&t.last, 1)
	t.values.Store(id, value)
	return id
}

func (t *table) get(id uint64) interface{} {
	value, _ := t.values.Load(id)
	return value
}

func (t *table) take(id uint64) interface{} {
	value := t.get(id)
	t.values.Delete(id)
	return value
}

var watchers, exchanges table

//export tykppGoEnded
func tykppGoEnded(id C.uint64_t) {
	if gone, ok := watchers.take(uint64(id)).(func()); ok {
		gone()
	}
}

//export tykppGoDrop
func tykppGoDrop(state C.uint64_t) {
	if x, ok := exchanges.take(uint64(state)).(*exchange.Exchange); ok {
		x.End()
	}
}

var saidNoAnswerHeaders uint32

//export tykppGoNoAnswerHeaders
func tykppGoNoAnswerHeaders() {
	if atomic.CompareAndSwapUint32(&saidNoAnswerHeaders, 0, 1) {
		host.Log(host.LogWarn, "this gateway can't put header fields of a plugin that answers nothing on the later answer: "+
			"it speaks plugin ABI 1.0")
	}
}

//export tykppGoLoad
func tykppGoLoad() {
	for _, run := range load() {
		flags := C.uint32_t(C.TYKPP_HOOK_BLOCKS)
		if run.Body {
			flags |= C.TYKPP_HOOK_BODY
		}
		// The gateway keeps the name for good.
		C.tykpp_go_add(C.CString(run.Name), places(run), flags)
	}
	C.tykpp_go_name(C.CString(identity.name), C.CString(identity.version))
}

func places(f *Function) C.uint32_t {
	switch {
	case f.Request != nil:
		return C.TYKPP_AT_REQUEST
	case f.Response != nil:
		return C.TYKPP_AT_RESPONSE
	case f.Record != nil:
		return C.TYKPP_AT_ANALYTICS
	}
	return 0
}
