package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// bodies tells which functions may touch a body. Everything a function does with a request (or
// response) that is not known to leave the body alone counts as touching it: a body that is there for
// nothing costs memory, one that is missing breaks the plugin.
type bodies struct {
	info  *types.Info
	pkg   *types.Package
	nodes map[types.Object]*node
}

type node struct {
	request, response bool           // touches the body of such a message itself
	mentions          []types.Object // of the package, by name
	override          string         // of a //tykpp:body or //tykpp:nobody comment
}

const (
	requestType  = "*net/http.Request"
	responseType = "*net/http.Response"
)

// What can be asked of a message without its body. Methods that answer a copy are here too: the copy
// is a request of its own, which is looked at like any other.
var harmless = map[string]map[string]bool{
	requestType: set("Method URL Proto ProtoMajor ProtoMinor Header ContentLength TransferEncoding Close Host Trailer " +
		"RemoteAddr RequestURI TLS Response Pattern Context WithContext Cookies Cookie CookiesNamed AddCookie Referer " +
		"UserAgent BasicAuth SetBasicAuth ProtoAtLeast PathValue SetPathValue"),
	responseType: set("Status StatusCode Proto ProtoMajor ProtoMinor Header ContentLength TransferEncoding Close " +
		"Uncompressed Trailer Request TLS Cookies Location ProtoAtLeast"),
}

// Packages whose functions take a request and leave its body alone.
var harmlessPackages = set("github.com/TykTechnologies/tyk/ctx")

func set(words string) map[string]bool {
	result := map[string]bool{}
	for _, word := range strings.Fields(words) {
		result[word] = true
	}
	return result
}

func newBodies(files []*ast.File, info *types.Info, pkg *types.Package) *bodies {
	b := &bodies{info: info, pkg: pkg, nodes: map[types.Object]*node{}}
	for _, file := range files {
		for _, declared := range file.Decls {
			switch d := declared.(type) {
			case *ast.FuncDecl:
				n := b.look(d)
				n.override = directive(d.Doc)
				b.nodes[info.Defs[d.Name]] = n
			case *ast.GenDecl:
				b.lookAtVariables(d)
			}
		}
	}
	return b
}

func (b *bodies) lookAtVariables(d *ast.GenDecl) {
	if d.Tok != token.VAR {
		return
	}
	for _, spec := range d.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		n := b.look(values)
		// A variable of function type may hold any function, such as one of another package.
		for i, name := range values.Names {
			object := b.info.Defs[name]
			own := *n
			if kind := kindOf(object.Type()); kind == kindRequest || kind == kindResponse {
				literal := false
				if i < len(values.Values) {
					_, literal = values.Values[i].(*ast.FuncLit)
					if used, ok := values.Values[i].(*ast.Ident); ok {
						_, literal = b.info.Uses[used].(*types.Func)
					}
				}
				own.request, own.response = own.request || !literal, own.response || !literal
			}
			own.override = directive(values.Doc)
			if own.override == "" && len(d.Specs) == 1 {
				own.override = directive(d.Doc)
			}
			b.nodes[object] = &own
		}
	}
}

func directive(comments *ast.CommentGroup) string {
	if comments == nil {
		return ""
	}
	for _, comment := range comments.List {
		switch strings.TrimSpace(comment.Text) {
		case "//tykpp:body":
			return "body"
		case "//tykpp:nobody":
			return "nobody"
		}
	}
	return ""
}

// look walks a declaration and judges every place where a message is used.
func (b *bodies) look(root ast.Node) *node {
	n := &node{}
	own := b.ownMessages(root)
	var path []ast.Node
	ast.Inspect(root, func(at ast.Node) bool {
		if at == nil {
			path = path[:len(path)-1]
			return true
		}
		path = append(path, at)
		expression, ok := at.(ast.Expr)
		if !ok {
			return true
		}
		if name, ok := at.(*ast.Ident); ok {
			if object := b.info.Uses[name]; object != nil && object.Pkg() == b.pkg {
				n.mentions = append(n.mentions, object)
			}
		}
		typed, known := b.info.Types[expression]
		if !known || typed.IsType() {
			if name, ok := at.(*ast.Ident); ok && b.info.Uses[name] != nil {
				if _, variable := b.info.Uses[name].(*types.Var); variable {
					typed.Type = b.info.Uses[name].Type()
				}
			}
		}
		if typed.Type == nil || typed.IsType() {
			return true
		}
		which := types.TypeString(typed.Type, nil)
		if which != requestType && which != responseType {
			return true
		}
		if b.isOwn(expression, own) || b.leavesBodyAlone(path, which) {
			return true
		}
		if which == requestType {
			n.request = true
		} else {
			n.response = true
		}
		return true
	})
	return n
}

// ownMessages are variables that hold messages the plugin made itself: requests to elsewhere, and
// what came back.
func (b *bodies) ownMessages(root ast.Node) map[types.Object]bool {
	own := map[types.Object]bool{}
	ast.Inspect(root, func(at ast.Node) bool {
		assigned, ok := at.(*ast.AssignStmt)
		if !ok || len(assigned.Rhs) != 1 || !b.makesMessage(assigned.Rhs[0]) {
			return true
		}
		for _, left := range assigned.Lhs {
			if name, ok := left.(*ast.Ident); ok && b.info.Defs[name] != nil {
				own[b.info.Defs[name]] = true
			}
		}
		return true
	})
	return own
}

// makesMessage: http.NewRequest and the like, and calls of http.Client.
func (b *bodies) makesMessage(expression ast.Expr) bool {
	call, ok := expression.(*ast.CallExpr)
	if !ok {
		return false
	}
	called, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := b.info.Uses[called.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "net/http" {
		return false
	}
	switch f.Name() {
	case "NewRequest", "NewRequestWithContext", "Do", "Get", "Head", "Post", "PostForm", "RoundTrip":
		return true
	}
	return false
}

func (b *bodies) isOwn(expression ast.Expr, own map[types.Object]bool) bool {
	if b.makesMessage(expression) {
		return true
	}
	name, ok := expression.(*ast.Ident)
	return ok && (own[b.info.Uses[name]] || own[b.info.Defs[name]])
}

// leavesBodyAlone judges the last expression of path, a message, by what stands around it.
func (b *bodies) leavesBodyAlone(path []ast.Node, which string) bool {
	at := path[len(path)-1].(ast.Expr)
	if len(path) < 2 {
		return false
	}
	switch around := path[len(path)-2].(type) {
	case *ast.Field: // a parameter's name
		return true
	case *ast.SelectorExpr:
		if around.Sel == at { // x.Request: the value of x was judged, this is the field's
			return len(path) > 2 && b.leavesBodyAlone(path[:len(path)-1], which)
		}
		return harmless[which][around.Sel.Name]
	case *ast.StarExpr: // *r = *r.WithContext(…)
		assigned, ok := path[len(path)-3].(*ast.AssignStmt)
		return ok && len(assigned.Lhs) == 1 && b.copiesRequest(assigned)
	case *ast.ParenExpr:
		return b.leavesBodyAlone(path[:len(path)-1], which)
	case *ast.BinaryExpr: // r == nil
		return true
	case *ast.CallExpr:
		return b.harmlessCall(around, at)
	case *ast.AssignStmt:
		// r = r.WithContext(…), or a new name for a request: judged where it is used.
		for _, left := range around.Lhs {
			if _, name := left.(*ast.Ident); !name {
				return false
			}
		}
		return true
	}
	return false
}

func (b *bodies) copiesRequest(assigned *ast.AssignStmt) bool {
	star, ok := assigned.Rhs[0].(*ast.StarExpr)
	if !ok {
		return false
	}
	switch from := star.X.(type) {
	case *ast.Ident:
		return true
	case *ast.CallExpr:
		called, ok := from.Fun.(*ast.SelectorExpr)
		return ok && called.Sel.Name == "WithContext"
	}
	return false
}

// harmlessCall: the message is handed to a function of this package, which is judged by itself, or of
// a package that is known.
func (b *bodies) harmlessCall(call *ast.CallExpr, argument ast.Expr) bool {
	if call.Fun == argument {
		return true
	}
	var name *ast.Ident
	switch called := call.Fun.(type) {
	case *ast.Ident:
		name = called
	case *ast.SelectorExpr:
		name = called.Sel
	default:
		return false
	}
	f, ok := b.info.Uses[name].(*types.Func)
	if !ok || f.Pkg() == nil {
		return false
	}
	if f.Pkg() == b.pkg {
		signature, _ := f.Type().(*types.Signature)
		if signature == nil || signature.Recv() != nil && types.IsInterface(signature.Recv().Type()) {
			return false
		}
		// A parameter of another type, such as interface{}, would hide the message.
		for i, each := range call.Args {
			if each == argument {
				return i < signature.Params().Len() &&
					types.Identical(signature.Params().At(i).Type(), b.info.TypeOf(argument))
			}
		}
		return false
	}
	return harmlessPackages[f.Pkg().Path()]
}

// needed follows a function to everything of the package that it mentions.
func (b *bodies) needed(object types.Object, kind string) bool {
	if n := b.nodes[object]; n != nil && n.override != "" {
		return n.override == "body"
	}
	seen := map[types.Object]bool{}
	var visit func(types.Object) bool
	visit = func(at types.Object) bool {
		n := b.nodes[at]
		if n == nil || seen[at] {
			return false
		}
		seen[at] = true
		if kind == kindRequest && n.request || kind == kindResponse && n.response {
			return true
		}
		for _, other := range n.mentions {
			if visit(other) {
				return true
			}
		}
		return false
	}
	return kind != kindRecord && visit(object)
}
