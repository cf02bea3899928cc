// A plugin in Go by hand, against plugin.h alone: what a plugin host has to get along with.
package main

/*
#include <stdlib.h>
#include <tykpp/plugin.h>

void setHeader(tykpp_api_host* host, tykpp_call_host* call, char* name, char* value);
tykpp_completion_plugin* deferCall(tykpp_api_host* host, tykpp_call_host* call);
void completeCall(tykpp_api_host* host, tykpp_completion_plugin* completion);
*/
import "C"

import (
	"os"
	"runtime"
	"strconv"
	"time"
	"unsafe"
)

func set(host *C.tykpp_api_host, call *C.tykpp_call_host, name, value string) {
	n, v := C.CString(name), C.CString(value)
	C.setHeader(host, call, n, v)
	C.free(unsafe.Pointer(n))
	C.free(unsafe.Pointer(v))
}

var kept [][]byte

//export goHook
func goHook(which C.int32_t, host *C.tykpp_api_host, call *C.tykpp_call_host) C.int32_t {
	switch which {
	case 0:
		set(host, call, "X-Go", runtime.Version())
		set(host, call, "X-Pid", strconv.Itoa(os.Getpid()))
	case 1:
		panic("the plugin lost its head")
	case 2:
		completion := C.deferCall(host, call)
		go func() {
			set(host, call, "X-Go", "later")
			C.completeCall(host, completion)
		}()
		return C.TYKPP_PENDING
	case 3:
		for {
			block := make([]byte, 16<<20)
			for i := range block {
				block[i] = 1
			}
			kept = append(kept, block)
		}
	case 4:
		go panic("a goroutine lost its head")
		time.Sleep(time.Second)
	}
	return C.TYKPP_CONTINUE
}

func main() {}
