package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// maxFunctions is TYKPP_GO_MAX_HOOKS of the runtime's shim.h.
const maxFunctions = 512

// Kinds of functions a definition can name.
const (
	kindRequest  = "request"
	kindResponse = "response"
	kindRecord   = "analytics"
)

type function struct {
	name string
	kind string
	body bool
}

// initFunction is one `func init` of the main package.
type initFunction struct {
	file     string
	name     token.Pos // of the word init
	where    string    // file and line
	replaced string
}

type findings struct {
	functions []function
	inits     []initFunction
	hasMain   bool
	fset      *token.FileSet
	// Files of the module's other packages that have init functions.
	others []string
}

type listed struct {
	exports map[string]string // import path → file of export data
	files   []string          // of package main, in the order of their names
	others  []string          // Go files of the module's other packages
}

// scan reads package main with all types known.
func (b *builder) scan() (*findings, error) {
	found := &findings{fset: token.NewFileSet()}
	if err := b.sketch(found); err != nil {
		return nil, err
	}
	list, err := b.list()
	if err != nil {
		return nil, err
	}
	files, info, pkg, err := b.check(found.fset, list)
	if err != nil {
		return nil, err
	}
	found.others = list.others
	notes := collect(found, files, info, pkg, b.source)
	for _, note := range notes {
		fmt.Fprintln(os.Stderr, "note: "+note)
	}
	if len(found.functions) > maxFunctions {
		return nil, fmt.Errorf("package main has %d functions that the gateway could call, a plugin file has room for %d",
			len(found.functions), maxFunctions)
	}
	if len(found.functions) == 0 {
		return nil, errors.New("package main has no function that the gateway could call: exported, and of type " +
			"func(http.ResponseWriter, *http.Request), func(http.ResponseWriter, *http.Response, *http.Request) or " +
			"func(*analytics.AnalyticsRecord)")
	}
	return found, nil
}

// sketch looks at the package's syntax and writes a first entry file, which makes the go command see
// the whole program: func main and the runtime.
func (b *builder) sketch(found *findings) error {
	fset := token.NewFileSet()
	paths, _ := filepath.Glob(filepath.Join(b.folder, "*.go"))
	seen := map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return errors.New(b.readable(err.Error()))
		}
		seen[file.Name.Name] = true
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
				found.hasMain = true
			}
		}
	}
	if !seen["main"] {
		return fmt.Errorf("%s has no package main: plugin functions are in package main", b.source)
	}
	text := "package main\n\nimport _ \"" + runtimePackage + "\"\n"
	if !found.hasMain {
		text += "\nfunc main() {}\n"
	}
	return os.WriteFile(filepath.Join(b.folder, generatedFile), []byte(text), 0o600)
}

const listFormat = `{{.ImportPath}}	{{.Export}}	{{if .Module}}{{.Module.Main}}{{end}}	{{.Dir}}	{{.DepOnly}}	{{range .GoFiles}}{{.}} {{end}}{{range .CgoFiles}}{{.}} {{end}}`

// list compiles what package main needs, with the flags of the build, so that nothing is compiled
// twice.
func (b *builder) list() (*listed, error) {
	text, err := b.gotool("list", "-buildmode=c-shared", "-trimpath", "-export", "-deps", "-f", listFormat, ".")
	if err != nil {
		return nil, err
	}
	result := &listed{exports: map[string]string{}}
	for _, line := range strings.Split(text, "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) != 6 {
			continue
		}
		path, export, main, dir, depOnly := fields[0], fields[1], fields[2], fields[3], fields[4]
		result.exports[path] = export
		for _, name := range strings.Fields(fields[5]) {
			if depOnly == "false" {
				result.files = append(result.files, filepath.Join(dir, name))
			} else if main == "true" {
				result.others = append(result.others, filepath.Join(dir, name))
			}
		}
	}
	sort.Strings(result.files)
	return result, nil
}

func (b *builder) check(fset *token.FileSet, list *listed) ([]*ast.File, *types.Info, *types.Package, error) {
	var files []*ast.File
	for _, path := range list.files {
		if filepath.Base(path) == generatedFile {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return nil, nil, nil, errors.New(b.readable(err.Error()))
		}
		files = append(files, file)
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	config := types.Config{
		Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
			if file := list.exports[path]; file != "" {
				return os.Open(file)
			}
			return nil, fmt.Errorf("package %s is not there", path)
		}),
		FakeImportC: true,
		Error:       func(error) {}, // the compiler has accepted it already
	}
	pkg, err := config.Check("main", fset, files, info)
	if pkg == nil {
		return nil, nil, nil, err
	}
	return files, info, pkg, nil
}

// kindOf tells whether a type is one of the three.
func kindOf(t types.Type) string {
	signature, ok := t.Underlying().(*types.Signature)
	if !ok || signature.Results().Len() > 0 || signature.Variadic() || signature.Recv() != nil {
		return ""
	}
	var parameters []string
	for i := 0; i < signature.Params().Len(); i++ {
		parameters = append(parameters, types.TypeString(signature.Params().At(i).Type(), nil))
	}
	switch strings.Join(parameters, ", ") {
	case "net/http.ResponseWriter, *net/http.Request":
		return kindRequest
	case "net/http.ResponseWriter, *net/http.Response, *net/http.Request":
		return kindResponse
	case "*github.com/TykTechnologies/tyk-pump/analytics.AnalyticsRecord":
		return kindRecord
	}
	return ""
}

// collect fills in functions and init functions, and answers what the author should know.
func collect(found *findings, files []*ast.File, info *types.Info, pkg *types.Package, source string) []string {
	var notes []string
	bodies := newBodies(files, info, pkg)
	for _, name := range pkg.Scope().Names() {
		object := pkg.Scope().Lookup(name)
		switch object.(type) {
		case *types.Func, *types.Var:
		default:
			continue
		}
		kind := kindOf(object.Type())
		if kind == "" {
			continue
		}
		if !object.Exported() {
			at := found.fset.Position(object.Pos())
			notes = append(notes, fmt.Sprintf("%s:%d: %s looks like a plugin function, but its name is not exported: definitions can't name it",
				filepath.Join(source, filepath.Base(at.Filename)), at.Line, name))
			continue
		}
		found.functions = append(found.functions, function{name, kind, bodies.needed(object, kind)})
	}
	for _, file := range files {
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Name.Name != "init" {
				continue
			}
			at := found.fset.Position(f.Name.Pos())
			found.inits = append(found.inits, initFunction{
				file: at.Filename, name: f.Name.Pos(),
				where:    fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line),
				replaced: fmt.Sprintf("tykppInit%d", len(found.inits)+1),
			})
		}
	}
	return notes
}
