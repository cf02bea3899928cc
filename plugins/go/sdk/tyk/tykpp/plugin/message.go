package plugin

/*
#include "shim.h"
*/
import "C"

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"unsafe"
)

// field is one header field as the gateway had it; `nth` counts the fields of its name before it.
type field struct {
	name, value string
	nth         int
}

// fields are a message's, to compare with later.
type fields struct {
	all     []field
	unique  int
	chunked bool
}

// message is a copy of what the gateway told about a call. All texts share one piece of memory.
type message struct {
	fixed           [C.GO_FIXED_TEXTS]string
	requestFields   fields
	responseFields  fields
	buffered        bool // the body is there
	body            []byte
	status          int
	url             url.URL // as it was given to the plugin
	method          string
	host            string
	requestBody     io.ReadCloser
	responseBody    io.ReadCloser
	responseContent bool // the response hook's body, else the request's
}

func (m *message) read(c *C.tykpp_go_call) {
	requests, responses := int(c.request_headers), int(c.response_headers)
	count := int(C.GO_FIXED_TEXTS) + 2*(requests+responses)
	texts := unsafe.Slice(c.texts, count)
	total := 0
	for i := range texts {
		total += int(texts[i].size)
	}
	memory := make([]byte, 0, total)
	next := func(i int) string {
		size := int(texts[i].size)
		if size == 0 {
			return ""
		}
		at := len(memory)
		memory = append(memory, unsafe.Slice((*byte)(unsafe.Pointer(texts[i].data)), size)...)
		return stringOf(memory[at : at+size])
	}
	for i := range m.fixed {
		m.fixed[i] = next(i)
	}
	both := make([]field, requests+responses)
	for i := range both {
		at := int(C.GO_FIXED_TEXTS) + 2*i
		both[i].name, both[i].value = next(at), next(at+1)
	}
	m.requestFields.all, m.responseFields.all = both[:requests:requests], both[requests:]
	m.status = int(c.status)
	m.responseContent = c.hook == C.TYKPP_HOOK_RESPONSE
	if c.has_body != 0 {
		m.buffered = true
		if size := int(c.body.size); size > 0 {
			m.body = append(make([]byte, 0, size), unsafe.Slice((*byte)(unsafe.Pointer(c.body.data)), size)...)
		}
	}
}

// header makes the map of a message's fields, without Host, and counts.
func (f *fields) header() (header http.Header, host string) {
	header = make(http.Header, len(f.all))
	values := make([]string, len(f.all)) // the plugin may write into these
	kept := f.all[:0]
	for _, each := range f.all {
		each.name = textproto.CanonicalMIMEHeaderKey(each.name)
		// As in Go's HTTP library, these are fields of the request instead.
		if each.name == "Host" {
			host = each.value
			continue
		}
		if each.name == "Transfer-Encoding" {
			f.chunked = true
			continue
		}
		had := header[each.name]
		each.nth = len(had)
		if had == nil {
			place := len(kept)
			values[place] = each.value
			header[each.name] = values[place : place+1 : place+1]
			f.unique++
		} else {
			header[each.name] = append(had, each.value)
		}
		kept = append(kept, each)
	}
	f.all = kept
	return header, host
}

// same tells whether the plugin left the fields alone.
func (f *fields) same(now http.Header) bool {
	if len(now) != f.unique {
		return false
	}
	left := len(f.all)
	for i := range f.all {
		each := &f.all[i]
		values := now[each.name]
		if each.nth >= len(values) || values[each.nth] != each.value {
			return false
		}
		if each.nth == 0 {
			left -= len(values)
		}
	}
	return left == 0
}

// changes writes down what turns the gateway's fields into the plugin's.
func (f *fields) changes(reply *reply, message int, now http.Header) {
	if f.same(now) {
		return
	}
	before := make(map[string][]string, f.unique)
	for i := range f.all {
		name := f.all[i].name
		before[name] = append(before[name], f.all[i].value)
	}
	for name := range before {
		if values, still := now[name]; !still || len(values) == 0 {
			reply.texts(C.GO_OP_HEADER_DELETE, message, name, "")
		}
	}
	names := make([]string, 0, 4)
	for name, values := range now {
		if len(values) > 0 && !equal(before[name], values) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		for i, value := range now[name] {
			op := C.GO_OP_HEADER_SET
			if i > 0 {
				op = C.GO_OP_HEADER_ADD
			}
			reply.texts(op, message, name, cleanValue(value))
		}
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// request makes what the plugin sees of the client's request.
func (m *message) request(ctx context.Context) *http.Request {
	header, host := m.requestFields.header()
	m.host = m.fixed[C.GO_HOST]
	if m.host == "" {
		m.host = host
	}
	m.method = m.fixed[C.GO_METHOD]
	address := parseURL(m.fixed[C.GO_URL])
	m.url = *address
	base := http.Request{
		Method: m.method, URL: address, Header: header, Host: m.host,
		Proto: m.fixed[C.GO_PROTOCOL], ProtoMajor: 1, ProtoMinor: 1,
		RemoteAddr: m.fixed[C.GO_REMOTE], RequestURI: m.fixed[C.GO_TARGET],
	}
	m.defaults(&base)
	base.ContentLength, base.TransferEncoding = framing(&m.requestFields, header)
	base.Body = m.requestContent(base.ContentLength)
	m.requestBody = base.Body
	return base.WithContext(ctx)
}

// defaults fills in what gateways of plugin ABI 1.0 do not tell.
func (m *message) defaults(r *http.Request) {
	switch r.Proto {
	case "":
		r.Proto = "HTTP/1.1"
	case "HTTP/1.0":
		r.ProtoMinor = 0
	case "HTTP/2.0":
		r.ProtoMajor, r.ProtoMinor = 2, 0
	}
	if r.RemoteAddr == "" {
		r.RemoteAddr = net.JoinHostPort(m.fixed[C.GO_CLIENT], "0")
	}
	if r.RequestURI == "" {
		r.RequestURI = m.fixed[C.GO_URL]
	}
	if m.fixed[C.GO_SCHEME] == "https" {
		r.TLS = connection(m.fixed[C.GO_TLS_VERSION], m.fixed[C.GO_TLS_CIPHER], m.fixed[C.GO_TLS_NAME], m.fixed[C.GO_CERTIFICATES])
	}
}

func parseURL(text string) *url.URL {
	if parsed, err := url.ParseRequestURI(text); err == nil {
		return parsed
	}
	// An escape that Go does not accept: the path is kept as the client wrote it.
	path, query, _ := strings.Cut(text, "?")
	return &url.URL{Path: path, RawPath: path, RawQuery: query}
}

func framing(f *fields, header http.Header) (length int64, encoding []string) {
	if f.chunked {
		return -1, []string{"chunked"}
	}
	if values := header["Content-Length"]; len(values) > 0 {
		if length, err := strconv.ParseInt(values[0], 10, 64); err == nil {
			return length, nil
		}
	}
	return 0, nil
}

func (m *message) requestContent(length int64) io.ReadCloser {
	switch {
	case m.responseContent:
		if length == 0 {
			return http.NoBody
		}
		return refused{errors.New("the request's body is not there any more in a response function")}
	case m.buffered:
		if len(m.body) == 0 {
			return http.NoBody
		}
		return &content{bytes: m.body}
	case length == 0:
		return http.NoBody
	}
	return refused{errNoBody}
}

var errNoBody = errors.New(
	"this function was built without the body, since nothing in it seemed to read it: write the comment //tykpp:body above it")

// content is a body that starts over when it has been read to its end, for the next reader.
type content struct {
	bytes []byte
	at    int
}

func (c *content) Read(into []byte) (int, error) {
	if c.at >= len(c.bytes) {
		c.at = 0
		return 0, io.EOF
	}
	n := copy(into, c.bytes[c.at:])
	c.at += n
	return n, nil
}

// WriteTo lets io.Copy and io.ReadAll of newer releases do without a buffer.
func (c *content) WriteTo(into io.Writer) (int64, error) {
	n, err := into.Write(c.bytes[c.at:])
	c.at = 0
	return int64(n), err
}

func (c *content) Close() error {
	c.at = 0
	return nil
}

// refused is a body that cannot be read.
type refused struct{ why error }

func (r refused) Read([]byte) (int, error) { return 0, r.why }
func (r refused) Close() error             { return nil }

// response makes what the plugin sees of the upstream's answer.
func (m *message) response(request *http.Request) *http.Response {
	header, _ := m.responseFields.header()
	response := &http.Response{
		StatusCode: m.status, Status: strconv.Itoa(m.status) + " " + http.StatusText(m.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: request,
	}
	response.ContentLength, response.TransferEncoding = framing(&m.responseFields, header)
	switch {
	case m.buffered && len(m.body) > 0:
		response.Body = &content{bytes: m.body}
	case m.buffered:
		response.Body = http.NoBody
	default:
		response.Body = refused{errNoBody}
		if _, stated := header["Content-Length"]; !stated && response.ContentLength == 0 {
			response.ContentLength = -1
		}
	}
	m.responseBody = response.Body
	return response
}

// requestChanges writes down what the plugin changed.
func (m *message) requestChanges(reply *reply, r *http.Request) {
	if r.Method != m.method {
		reply.texts(C.GO_OP_METHOD, 0, r.Method, "")
	}
	if r.Host != m.host {
		reply.texts(C.GO_OP_HOST, 0, r.Host, "")
	}
	if r.URL != nil && *r.URL != m.url {
		if text := target(r.URL); text != target(&m.url) {
			reply.texts(C.GO_OP_URL, 0, text, "")
		}
	}
	m.requestFields.changes(reply, C.TYKPP_REQUEST, r.Header)
	m.bodyChange(reply, C.TYKPP_REQUEST, r.Body, m.requestBody)
}

// target is an URL as the gateway takes it: path and query, or all of one that leads to another API.
func target(u *url.URL) string {
	if u.Scheme == "tyk" {
		return u.String()
	}
	path := u.EscapedPath()
	if u.RawPath != "" && u.Path == u.RawPath {
		path = u.RawPath // see parseURL
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.ForceQuery || u.RawQuery != "" {
		return path + "?" + u.RawQuery
	}
	return path
}

func (m *message) responseChanges(reply *reply, response *http.Response) {
	if response.StatusCode != m.status {
		reply.status(response.StatusCode)
	}
	m.responseFields.changes(reply, C.TYKPP_RESPONSE, response.Header)
	m.bodyChange(reply, C.TYKPP_RESPONSE, response.Body, m.responseBody)
}

// bodyChange reads a body that the plugin put in the place of the gateway's.
func (m *message) bodyChange(reply *reply, message int, now, before io.ReadCloser) {
	if now == before {
		return
	}
	if now == nil || now == http.NoBody {
		if before != http.NoBody && before != nil {
			reply.body(message, nil)
		}
		return
	}
	var all bytes.Buffer
	_, err := all.ReadFrom(now)
	_ = now.Close()
	if err != nil {
		reply.failed = "the body that the plugin made can't be read: " + err.Error()
		return
	}
	if m.buffered && bytes.Equal(all.Bytes(), m.body) {
		return
	}
	reply.body(message, all.Bytes())
}
