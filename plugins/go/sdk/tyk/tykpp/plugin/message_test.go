package plugin

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Numbers of shim.h: tests cannot use cgo.
const (
	opMethod, opURL, opSet, opAdd, opDelete, opBody, opStatus, opRespond = 1, 2, 3, 4, 5, 6, 7, 8
)

var opNames = map[byte]string{opMethod: "method", opURL: "url", opSet: "set", opAdd: "add", opDelete: "delete",
	opBody: "body", opStatus: "status", opRespond: "respond"}

// told reads a reply back.
func told(t *testing.T, r *reply) string {
	t.Helper()
	if r.failed != "" {
		return "failed: " + r.failed
	}
	var lines []string
	for at := r.bytes; len(at) > 0; {
		first, second := binary.LittleEndian.Uint32(at[2:]), binary.LittleEndian.Uint32(at[6:])
		a, b := at[10:10+first], at[10+first:10+first+second]
		text := fmt.Sprintf("%s %s", opNames[at[0]], a)
		if at[0] == opStatus || at[0] == opRespond {
			text = fmt.Sprintf("%s %d", opNames[at[0]], int32(binary.LittleEndian.Uint32(a)))
		}
		if second > 0 {
			text += "=" + string(b)
		}
		lines = append(lines, text)
		at = at[10+first+second:]
	}
	return strings.Join(lines, "; ")
}

func requestOf(fields ...string) (*message, *http.Request) {
	m := &message{}
	m.fixed[0], m.fixed[1], m.fixed[2], m.fixed[3], m.fixed[7] = "GET", "/a%20b?q=1", "shop.example", "http", "10.0.0.1"
	for i := 0; i < len(fields); i += 2 {
		m.requestFields.all = append(m.requestFields.all, field{name: fields[i], value: fields[i+1]})
	}
	m.buffered = true
	return m, m.request(context.Background())
}

func changesOf(t *testing.T, m *message, r *http.Request) string {
	var out reply
	m.requestChanges(&out, r)
	return told(t, &out)
}

func TestARequestIsWhatTheLibraryMakesOfIt(t *testing.T) {
	_, r := requestOf("host", "other", "x-a", "1", "X-A", "2", "Transfer-Encoding", "chunked")
	if r.Method != "GET" || r.URL.Path != "/a b" || r.URL.RawQuery != "q=1" || r.Host != "shop.example" ||
		r.RequestURI != "/a%20b?q=1" || r.RemoteAddr != "10.0.0.1:0" || r.Proto != "HTTP/1.1" || r.TLS != nil {
		t.Errorf("%+v", r)
	}
	if fmt.Sprint(r.Header) != "map[X-A:[1 2]]" {
		t.Errorf("header %v", r.Header)
	}
	if r.ContentLength != -1 || fmt.Sprint(r.TransferEncoding) != "[chunked]" {
		t.Errorf("framing %d %v", r.ContentLength, r.TransferEncoding)
	}
}

func TestOnlyChangesAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *http.Request)
		want   string
	}{
		"nothing":              {func(*http.Request) {}, ""},
		"the same value again": {func(r *http.Request) { r.Header.Set("X-A", "1") }, ""},
		"a new field":          {func(r *http.Request) { r.Header.Set("Foo", "Bar") }, "set Foo=Bar"},
		"another value":        {func(r *http.Request) { r.Header["X-A"][0] = "9" }, "set X-A=9"},
		"one more value":       {func(r *http.Request) { r.Header.Add("X-A", "9") }, "set X-A=1; add X-A=9"},
		"one of two":           {func(r *http.Request) { r.Header["X-B"] = r.Header["X-B"][:1] }, "set X-B=1"},
		"deleted":              {func(r *http.Request) { r.Header.Del("x-b") }, "delete X-B"},
		"emptied":              {func(r *http.Request) { r.Header["X-A"] = nil }, "delete X-A"},
		"an own map":           {func(r *http.Request) { r.Header = http.Header{"X-A": {"1"}} }, "delete X-B"},
		"a line break":         {func(r *http.Request) { r.Header.Set("C", "a\r\nX: b ") }, "set C=a  X: b"},
		"the method":           {func(r *http.Request) { r.Method = "PUT" }, "method PUT"},
		"the path":             {func(r *http.Request) { r.URL.Path = "/c d" }, "url /c%20d?q=1"},
		"the query":            {func(r *http.Request) { r.URL.RawQuery = "z=2" }, "url /a%20b?z=2"},
		"a loop": {func(r *http.Request) { u, _ := r.URL.Parse("tyk://self/x?method=GET"); r.URL = u },
			"url tyk://self/x?method=GET"},
		"the host alone": {func(r *http.Request) { r.URL.Host = "elsewhere" }, ""},
		"a body":         {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("new")) }, "body new"},
		"no body":        {func(r *http.Request) { r.Body = nil }, ""},
	} {
		m, r := requestOf("X-A", "1", "X-B", "1", "X-B", "2")
		c.change(r)
		if got := changesOf(t, m, r); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAnURLThatGoRefusesPassesAsItIs(t *testing.T) {
	m := &message{}
	m.fixed[0], m.fixed[1] = "GET", "/a%zz?q"
	r := m.request(context.Background())
	if got := changesOf(t, m, r); got != "" || r.URL.Path != "/a%zz" {
		t.Errorf("%q, path %q", got, r.URL.Path)
	}
	r.Header.Set("A", "b")
	r.URL.RawQuery = "z"
	if got := changesOf(t, m, r); got != "url /a%zz?z; set A=b" {
		t.Error(got)
	}
}

func TestABodyStartsOverAtItsEnd(t *testing.T) {
	m := &message{buffered: true, body: []byte("text")}
	m.fixed[0], m.fixed[1] = "POST", "/"
	m.requestFields.all = []field{{name: "Content-Length", value: "4"}}
	r := m.request(context.Background())
	for i := 0; i < 2; i++ {
		if got, err := io.ReadAll(r.Body); string(got) != "text" || err != nil {
			t.Fatalf("%q %v", got, err)
		}
	}
	var copied bytes.Buffer
	if _, err := io.Copy(&copied, r.Body); err != nil || copied.String() != "text" {
		t.Errorf("%q %v", copied.String(), err)
	}
	if got := changesOf(t, m, r); got != "" {
		t.Errorf("a body that was read is told as changed: %s", got)
	}
	r.Body = http.NoBody
	if got := changesOf(t, m, r); got != "body " {
		t.Errorf("an emptied body: %q", got)
	}
}

func TestABodyThatIsNotThereSaysWhy(t *testing.T) {
	m := &message{}
	m.fixed[0], m.fixed[1] = "POST", "/"
	m.requestFields.all = []field{{name: "Content-Length", value: "4"}}
	r := m.request(context.Background())
	if _, err := io.ReadAll(r.Body); err == nil || !strings.Contains(err.Error(), "//tykpp:body") {
		t.Error(err)
	}
	if r.ContentLength != 4 {
		t.Error(r.ContentLength)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("gone") }
func (broken) Close() error             { return nil }

func TestAnUnreadableNewBodyFailsTheCall(t *testing.T) {
	m, r := requestOf()
	r.Body = broken{}
	if got := changesOf(t, m, r); !strings.Contains(got, "gone") {
		t.Error(got)
	}
}

func TestResponseEdits(t *testing.T) {
	m := &message{responseContent: true, buffered: true, body: []byte("old"), status: 404}
	m.responseFields.all = []field{{name: "X-A", value: "1"}, {name: "Content-Length", value: "3"}}
	_, r := requestOf()
	s := m.response(r)
	if s.StatusCode != 404 || s.ContentLength != 3 || s.Request != r {
		t.Errorf("%+v", s)
	}
	s.StatusCode = 410
	s.Header.Set("X-A", "2")
	s.Body = io.NopCloser(strings.NewReader("new"))
	var out reply
	m.responseChanges(&out, s)
	if got := told(t, &out); got != "status 410; set X-A=2; body new" {
		t.Error(got)
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		write func(rw http.ResponseWriter)
		want  string
	}{
		"text": {func(rw http.ResponseWriter) { io.WriteString(rw, "a"); rw.Write([]byte("b")) }, "respond 200=ab"},
		"status and fields": {func(rw http.ResponseWriter) {
			rw.Header().Set("X-A", "1")
			rw.WriteHeader(201)
			rw.Header().Set("X-Late", "1")
			rw.WriteHeader(500)
		}, "respond 201; add X-A=1"},
		"informational first": {func(rw http.ResponseWriter) { rw.WriteHeader(103); rw.WriteHeader(404) }, "respond 404"},
		"flush":               {func(rw http.ResponseWriter) { rw.(http.Flusher).Flush() }, "respond 200"},
		"no content": {func(rw http.ResponseWriter) {
			rw.WriteHeader(204)
			if _, err := rw.Write([]byte("x")); err != http.ErrBodyNotAllowed {
				panic(err)
			}
		}, "respond 204"},
	} {
		a := &answer{}
		c.write(a)
		var out reply
		a.send(&out)
		if got := told(t, &out); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if _, ok := interface{}(&answer{}).(http.Hijacker); ok {
		t.Error("there is nothing to hijack")
	}
}

func BenchmarkHeaderOnly(b *testing.B) {
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		m := message{}
		m.fixed[0], m.fixed[1], m.fixed[2] = "GET", "/api/get", "shop.example"
		m.requestFields.all = []field{{name: "User-Agent", value: "x"}, {name: "Accept", value: "*/*"}, {name: "X-A", value: "1"}}
		r := m.request(context.Background())
		r.Header.Set("Foo", "Bar")
		var space [512]byte
		out := reply{bytes: space[:0]}
		m.requestChanges(&out, r)
	}
}
