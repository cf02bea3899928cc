package plugin

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/TykTechnologies/tyk-pump/analytics"

	"github.com/TykTechnologies/tyk/tykpp/host"
)

// record runs an analytics function. A record is stored whatever becomes of it.
func record(c *C.tykpp_go_call, function *Function) C.int32_t {
	into := unsafe.Slice((*byte)(unsafe.Pointer(c.out)), int(c.out_size))
	out := reply{bytes: into[:0]}
	var text C.tykpp_text_host
	var good bool
	if C.tykpp_go_record(c.host, c.call, &text) == C.TYKPP_OK {
		good = wholeRecord(&out, function, C.GoBytes(unsafe.Pointer(text.data), C.int(text.size)))
	} else {
		good = singleFields(c, &out, function)
	}
	if good && out.failed == "" {
		give(c, into, out.bytes)
	}
	return C.TYKPP_CONTINUE
}

func wholeRecord(out *reply, function *Function, text []byte) bool {
	var entry analytics.AnalyticsRecord
	if err := json.Unmarshal(text, &entry); err != nil {
		host.Log(host.LogError, "the traffic record can't be read: "+err.Error())
		return false
	}
	before := asFields(&entry)
	if !runRecord(function, &entry) {
		return false
	}
	changed := asFields(&entry)
	for name, value := range before {
		if string(changed[name]) == string(value) {
			delete(changed, name)
		}
	}
	if len(changed) == 0 {
		return true
	}
	reply, err := json.Marshal(changed)
	if err != nil {
		host.Log(host.LogError, "the changed traffic record can't be written: "+err.Error())
		return false
	}
	out.texts(C.GO_OP_RECORD, 0, string(reply), "")
	return true
}

func asFields(entry *analytics.AnalyticsRecord) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if text, err := json.Marshal(entry); err == nil {
		_ = json.Unmarshal(text, &fields)
	}
	return fields
}

func runRecord(function *Function, entry *analytics.AnalyticsRecord) (good bool) {
	defer func() {
		if reason := recover(); reason != nil {
			host.Log(host.LogError, fmt.Sprintf("Recovered from panic while running Go-plugin analytics func mwSymbolName=%s error=%v\n%s",
				function.Name, reason, debug.Stack()))
		}
	}()
	function.Record(entry)
	return true
}

// Fields of the record that gateways without record_get hand out one by one.
var (
	recordTexts = []struct {
		field C.int32_t
		at    func(*analytics.AnalyticsRecord) *string
	}{
		{C.TYKPP_RECORD_METHOD, func(r *analytics.AnalyticsRecord) *string { return &r.Method }},
		{C.TYKPP_RECORD_HOST, func(r *analytics.AnalyticsRecord) *string { return &r.Host }},
		{C.TYKPP_RECORD_PATH, func(r *analytics.AnalyticsRecord) *string { return &r.Path }},
		{C.TYKPP_RECORD_RAW_PATH, func(r *analytics.AnalyticsRecord) *string { return &r.RawPath }},
		{C.TYKPP_RECORD_USER_AGENT, func(r *analytics.AnalyticsRecord) *string { return &r.UserAgent }},
		{C.TYKPP_RECORD_API_ID, func(r *analytics.AnalyticsRecord) *string { return &r.APIID }},
		{C.TYKPP_RECORD_API_NAME, func(r *analytics.AnalyticsRecord) *string { return &r.APIName }},
		{C.TYKPP_RECORD_ORG_ID, func(r *analytics.AnalyticsRecord) *string { return &r.OrgID }},
		{C.TYKPP_RECORD_IP_ADDRESS, func(r *analytics.AnalyticsRecord) *string { return &r.IPAddress }},
	}
	saidSingle uint32
)

func singleFields(c *C.tykpp_go_call, out *reply, function *Function) bool {
	if atomic.CompareAndSwapUint32(&saidSingle, 0, 1) {
		host.Log(host.LogWarn, "this gateway shows analytics plugins a part of the traffic record only: it speaks plugin ABI 1.0")
	}
	var entry analytics.AnalyticsRecord
	for _, each := range recordTexts {
		var text C.tykpp_text_host
		if C.tykpp_go_record_text(c.host, c.call, each.field, &text) == C.TYKPP_OK {
			*each.at(&entry) = C.GoStringN(text.data, C.int(text.size))
		}
	}
	number := func(field C.int32_t) int64 {
		var value C.int64_t
		C.tykpp_go_record_number(c.host, c.call, field, &value)
		return int64(value)
	}
	entry.ResponseCode = int(number(C.TYKPP_RECORD_RESPONSE_CODE))
	entry.ContentLength = number(C.TYKPP_RECORD_CONTENT_LENGTH)
	entry.Latency.Total = number(C.TYKPP_RECORD_LATENCY_TOTAL_US) / 1000
	entry.Latency.Upstream = number(C.TYKPP_RECORD_LATENCY_UPSTREAM_US) / 1000
	entry.RequestTime = entry.Latency.Total
	entry.TimeStamp = time.Unix(number(C.TYKPP_RECORD_TIMESTAMP), 0)
	entry.Day, entry.Month, entry.Year = entry.TimeStamp.Day(), entry.TimeStamp.Month(), entry.TimeStamp.Year()
	entry.Hour = entry.TimeStamp.Hour()
	before := entry
	if !runRecord(function, &entry) {
		return false
	}
	for _, each := range recordTexts {
		if now := *each.at(&entry); now != *each.at(&before) {
			out.field(C.GO_OP_RECORD_TEXT, int(each.field), now)
		}
	}
	if entry.ResponseCode != before.ResponseCode {
		out.fieldNumber(C.TYKPP_RECORD_RESPONSE_CODE, int64(entry.ResponseCode))
	}
	if entry.ContentLength != before.ContentLength {
		out.fieldNumber(C.TYKPP_RECORD_CONTENT_LENGTH, entry.ContentLength)
	}
	return true
}

func (r *reply) field(op, field int, text string) {
	r.head(op, 0, 4, len(text))
	r.int32(field)
	r.bytes = append(r.bytes, text...)
}

func (r *reply) fieldNumber(field int, value int64) {
	r.head(C.GO_OP_RECORD_NUMBER, 0, 4, 8)
	r.int32(field)
	r.int64(uint64(value))
}
