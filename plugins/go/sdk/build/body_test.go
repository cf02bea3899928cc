package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// Enough of the packages that plugins use, for the type checker.
var stubs = map[string]string{
	"io": `package io
type ReadCloser interface { Close() error }
func ReadAll(r ReadCloser) ([]byte, error) { return nil, nil }`,
	"context": `package context
type Context interface { Value(k interface{}) interface{} }
func WithValue(c Context, k, v interface{}) Context { return c }`,
	"net/http": `package http
import ("context"; "io")
type Header map[string][]string
func (h Header) Set(k, v string) {}
type ResponseWriter interface { Header() Header; WriteHeader(int) }
type Request struct { Method string; Header Header; Body io.ReadCloser; ContentLength int64 }
func (r *Request) FormValue(k string) string { return "" }
func (r *Request) Context() context.Context { return nil }
func (r *Request) WithContext(c context.Context) *Request { return r }
type Response struct { StatusCode int; Header Header; Body io.ReadCloser; Request *Request }
type Client struct{}
func (c *Client) Do(r *Request) (*Response, error) { return nil, nil }
func NewRequest(m, u string, b io.ReadCloser) (*Request, error) { return nil, nil }
type Handler interface { ServeHTTP(ResponseWriter, *Request) }`,
	"github.com/TykTechnologies/tyk/ctx": `package ctx
import "net/http"
func GetSession(r *http.Request) *int { return nil }`,
	"github.com/TykTechnologies/tyk-pump/analytics": `package analytics
type AnalyticsRecord struct { Path string }`,
	"example.com/elsewhere": `package elsewhere
import "net/http"
func Look(r *http.Request) {}
func Handler(w http.ResponseWriter, r *http.Request) {}`,
}

type stubImporter struct {
	fset *token.FileSet
	done map[string]*types.Package
}

func (s stubImporter) Import(path string) (*types.Package, error) {
	if pkg := s.done[path]; pkg != nil {
		return pkg, nil
	}
	text, ok := stubs[path]
	if !ok {
		return nil, fmt.Errorf("no stub of %s", path)
	}
	file, err := parser.ParseFile(s.fset, path, text, 0)
	if err != nil {
		return nil, err
	}
	pkg, err := (&types.Config{Importer: s}).Check(path, s.fset, []*ast.File{file}, nil)
	s.done[path] = pkg
	return pkg, err
}

// scanText answers what the scanner finds in the source of a package main.
func scanText(t *testing.T, imports, text string) (*findings, []string) {
	t.Helper()
	source := "package main\nimport (\n\"net/http\"\n"
	for _, path := range strings.Fields(imports) {
		source += fmt.Sprintf("%q\n", path)
	}
	source += ")\n" + text
	found := &findings{fset: token.NewFileSet()}
	file, err := parser.ParseFile(found.fset, "plugin.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	files := []*ast.File{file}
	pkg, err := (&types.Config{Importer: stubImporter{found.fset, map[string]*types.Package{}}}).Check("main", found.fset, files, info)
	if err != nil {
		t.Fatal(err)
	}
	return found, collect(found, files, info, pkg, "/plugin")
}

func TestBodyIsAskedForWhereItMayBeTouched(t *testing.T) {
	const head = "func F(w http.ResponseWriter, r *http.Request) "
	for _, c := range []struct {
		name, imports, text string
		body                bool
	}{
		{"headers alone", "", head + `{ r.Header.Set("a", r.Method) }`, false},
		{"the body", "io", head + `{ io.ReadAll(r.Body) }`, true},
		{"a new body", "", head + `{ r.Body = nil }`, true},
		{"form values", "", head + `{ r.FormValue("a") }`, true},
		{"session", "github.com/TykTechnologies/tyk/ctx", head + `{ ctx.GetSession(r) }`, false},
		{"a context value", "context", head + `{ *r = *r.WithContext(context.WithValue(r.Context(), 1, 2)) }`, false},
		{"a function of another package", "example.com/elsewhere", head + `{ elsewhere.Look(r) }`, true},
		{"a harmless function of its own", "", `func help(r *http.Request) { r.Header.Set("a", "b") }
` + head + `{ help(r) }`, false},
		{"a function of its own that reads", "", `func help(r *http.Request) string { return r.FormValue("a") }
func between(r *http.Request) string { return help(r) }
` + head + `{ between(r) }`, true},
		{"a function of its own that hides it", "", `func help(x interface{}) {}
` + head + `{ help(r) }`, true},
		{"a method", "", `type T struct{}
func (T) look(r *http.Request) { _ = r.Body }
` + head + `{ T{}.look(r) }`, true},
		{"an interface", "", `var other http.Handler
` + head + `{ other.ServeHTTP(w, r) }`, true},
		{"kept in a variable", "", `var kept *http.Request
` + head + `{ kept = r }
func G(w http.ResponseWriter, r *http.Request) { _ = kept.Body }`, false},
		{"kept in a field", "", `type T struct { r *http.Request }
` + head + `{ _ = T{r} }`, true},
		{"a closure", "", head + `{ func() { _ = r.Body }() }`, true},
		{"another name", "", head + `{ x := r; _ = x.Body }`, true},
		{"a request of its own", "io", head + `{
	req, _ := http.NewRequest("GET", "/", nil)
	req.Header.Set("a", "b")
	res, _ := (&http.Client{}).Do(req)
	io.ReadAll(res.Body) }`, false},
		{"said to", "", "//tykpp:body\n" + head + `{ }`, true},
		{"said not to", "", "//tykpp:nobody\n" + head + `{ r.FormValue("a") }`, false},
	} {
		found, _ := scanText(t, c.imports, c.text)
		got := false
		for _, f := range found.functions {
			if f.name == "F" {
				got = f.body
			}
		}
		if got != c.body {
			t.Errorf("%s: body %t, want %t", c.name, got, c.body)
		}
	}
}

func TestResponseFunctionsAskForTheResponsesBody(t *testing.T) {
	const head = "func F(w http.ResponseWriter, s *http.Response, r *http.Request) "
	for text, want := range map[string]bool{
		`{ s.Header.Set("a", "b"); s.StatusCode = 3 }`: false,
		`{ s.Body = nil }`:           true,
		`{ _ = s.Request.Method }`:   false,
		`{ r.FormValue("a") }`:       false,
		`{ _ = s.Body.Close() }`:     true,
		`{ x := s; x.StatusCode++ }`: false,
	} {
		found, _ := scanText(t, "", head+text)
		if len(found.functions) != 1 || found.functions[0].kind != kindResponse || found.functions[0].body != want {
			t.Errorf("%s: %+v, want body %t", text, found.functions, want)
		}
	}
}

func TestFindsFunctionsVariablesAndInits(t *testing.T) {
	found, notes := scanText(t, "github.com/TykTechnologies/tyk-pump/analytics example.com/elsewhere", `
func Request(w http.ResponseWriter, r *http.Request) {}
var Variable = elsewhere.Handler
var Set func(http.ResponseWriter, *http.Request)
func Record(r *analytics.AnalyticsRecord) {}
func Wrong(w http.ResponseWriter) {}
func Answers(w http.ResponseWriter, r *http.Request) error { return nil }
var Number = 5
func hidden(w http.ResponseWriter, r *http.Request) {}
func init() {}
func init() {}
`)
	var names []string
	for _, f := range found.functions {
		names = append(names, fmt.Sprintf("%s %s %t", f.name, f.kind, f.body))
	}
	want := "Record analytics false, Request request false, Set request true, Variable request true"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "hidden") {
		t.Errorf("notes: %v", notes)
	}
	if len(found.inits) != 2 || found.inits[0].replaced == found.inits[1].replaced {
		t.Errorf("inits: %+v", found.inits)
	}
}
