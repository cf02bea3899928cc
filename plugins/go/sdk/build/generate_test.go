package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGuardedInitsKeepTheirLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "help.go")
	text := "package help\n\nimport \"os\"\n\nvar initial = 1\n\nfunc init() {\n\tos.Exit(initial)\n}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := guardInits(file); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(file)
	if strings.Count(string(got), "\n") != strings.Count(text, "\n") {
		t.Errorf("other lines:\n%s", got)
	}
	if !strings.Contains(string(got), `func init() { defer tykppRuntime.RecoverInit("help/help.go:7");`) {
		t.Errorf("not guarded:\n%s", got)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), file, got, 0); err != nil {
		t.Error(err)
	}
}

func TestEntryIsGo(t *testing.T) {
	b := builder{name: "a \"b\"", release: "5.13.0"}
	text := b.entry(&findings{
		functions: []function{{"A", kindRequest, true}, {"B", kindResponse, false}, {"C", kindRecord, false}},
		inits:     []initFunction{{where: "plugin.go:3", replaced: "tykppInit1"}},
	})
	if _, err := parser.ParseFile(token.NewFileSet(), "entry.go", text, 0); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestCopyLeavesOutWhatNoBuildNeeds(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	for _, name := range []string{"plugin.go", "data/x.txt", ".git/config", "old.so", "go.work"} {
		path := filepath.Join(from, name)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte("x"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyTree(from, to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"plugin.go": true, "data/x.txt": true, ".git/config": false, "old.so": false, "go.work": false,
	} {
		if _, err := os.Stat(filepath.Join(to, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
