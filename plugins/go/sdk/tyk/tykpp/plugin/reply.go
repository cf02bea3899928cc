package plugin

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/binary"
	"math"
	"strings"
)

// reply is the flat list of things for the gateway to do, in the machine's byte order.
type reply struct {
	bytes  []byte
	failed string // why there can be none
}

func (r *reply) head(op, message, first, second int) {
	if first > math.MaxInt32 || second > math.MaxInt32 {
		r.failed = "a header field or body of more than 2 GB"
		return
	}
	r.bytes = append(r.bytes, byte(op), byte(message), 0, 0, 0, 0, 0, 0, 0, 0)
	at := len(r.bytes) - 8
	native.PutUint32(r.bytes[at:], uint32(first))
	native.PutUint32(r.bytes[at+4:], uint32(second))
}

func (r *reply) texts(op, message int, first, second string) {
	r.head(op, message, len(first), len(second))
	if r.failed == "" {
		r.bytes = append(append(r.bytes, first...), second...)
	}
}

func (r *reply) body(message int, body []byte) {
	r.head(C.GO_OP_BODY, message, len(body), 0)
	if r.failed == "" {
		r.bytes = append(r.bytes, body...)
	}
}

func (r *reply) answer(status int, body []byte) {
	r.head(C.GO_OP_RESPOND, 0, 4, len(body))
	if r.failed == "" {
		r.int32(status)
		r.bytes = append(r.bytes, body...)
	}
}

func (r *reply) status(status int) {
	r.head(C.GO_OP_STATUS, 0, 4, 0)
	r.int32(status)
}

func (r *reply) number(op int, value uint64) {
	r.head(op, 0, 8, 0)
	r.int64(value)
}

func (r *reply) int32(value int) {
	r.bytes = append(r.bytes, 0, 0, 0, 0)
	native.PutUint32(r.bytes[len(r.bytes)-4:], uint32(int32(value)))
}

func (r *reply) int64(value uint64) {
	r.bytes = append(r.bytes, 0, 0, 0, 0, 0, 0, 0, 0)
	native.PutUint64(r.bytes[len(r.bytes)-8:], value)
}

// native is the byte order of every machine that the gateway runs on.
var native = binary.LittleEndian

// cleanValue makes of a header value what Go's HTTP library would send: line breaks are spaces,
// without white space around it.
func cleanValue(value string) string {
	if strings.ContainsAny(value, "\r\n") {
		value = strings.NewReplacer("\n", " ", "\r", " ").Replace(value)
	}
	return strings.Trim(value, " \t")
}
