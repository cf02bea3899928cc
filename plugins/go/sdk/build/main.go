// Command build turns a folder of Go plugin source into a shared object that tykpp loads. It is what
// `tykpp plugin build` runs; the user's folder is only read.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Modules of the SDK and their folders below it.
var sdkModules = map[string]string{
	"github.com/TykTechnologies/tyk":           "tyk",
	"github.com/TykTechnologies/tyk-pump":      "tyk-pump",
	"github.com/TykTechnologies/opentelemetry": "opentelemetry",
}

const (
	runtimePackage = "github.com/TykTechnologies/tyk/tykpp/plugin"
	generatedFile  = "tykpp_generated_entry.go"
)

type builder struct {
	goTool, sdk, include string
	release              string // that versioned names carry
	output               string // empty: beside the source, under both names
	verbose              bool
	checkOnly            bool   // compile, but link nothing
	source               string // folder of package main
	root                 string // its module's folder, or the same
	work                 string // private copy of root
	folder               string // package main within work
	name                 string
}

func main() {
	var b builder
	flag.StringVar(&b.goTool, "go", "go", "the go command")
	flag.StringVar(&b.sdk, "sdk", "", "folder of the SDK")
	flag.StringVar(&b.include, "include", "", "folder of tykpp/plugin.h")
	flag.StringVar(&b.release, "release", "", "release that versioned file names carry")
	flag.StringVar(&b.output, "o", "", "file to write")
	flag.BoolVar(&b.verbose, "verbose", false, "say every command")
	flag.BoolVar(&b.checkOnly, "check", false, "compile only")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: build [flags] DIR")
		os.Exit(2)
	}
	if err := b.run(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "error: "+err.Error())
		os.Exit(1)
	}
}

func (b *builder) run(source string) error {
	if err := b.locate(source); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "tykpp-plugin-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if work, err = filepath.EvalSymlinks(work); err != nil {
		return err
	}
	b.work = filepath.Join(work, "src")
	if err := copyTree(b.root, b.work); err != nil {
		return err
	}
	within, _ := filepath.Rel(b.root, b.source)
	b.folder = filepath.Join(b.work, within)
	if err := b.prepareModule(); err != nil {
		return err
	}
	found, err := b.scan()
	if err != nil {
		return err
	}
	if b.checkOnly {
		found.print()
		return nil
	}
	if err := b.generate(found); err != nil {
		return err
	}
	object := filepath.Join(work, "plugin.so")
	_, err = b.gotool("build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", object, ".")
	if err != nil {
		return err
	}
	return b.deliver(object, found)
}

// locate finds the plugin's folder and its module.
func (b *builder) locate(source string) error {
	var err error
	if b.source, err = filepath.Abs(source); err != nil {
		return err
	}
	if b.source, err = filepath.EvalSymlinks(b.source); err != nil {
		return fmt.Errorf("%s: there is no such folder", source)
	}
	if about, err := os.Stat(b.source); err != nil || !about.IsDir() {
		return fmt.Errorf("%s is no folder", source)
	}
	if found, _ := filepath.Glob(filepath.Join(b.source, "*.go")); len(found) == 0 {
		return fmt.Errorf("%s has no Go files", source)
	}
	b.name = filepath.Base(b.source)
	b.root = b.source
	for at := b.source; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			b.root = at
			break
		}
		if filepath.Dir(at) == at {
			break
		}
	}
	return nil
}

// gotool runs the go command in the plugin's folder and answers what it printed.
func (b *builder) gotool(arguments ...string) (string, error) {
	if b.verbose {
		fmt.Fprintln(os.Stderr, "+ "+b.goTool+" "+strings.Join(arguments, " "))
	}
	command := exec.Command(b.goTool, arguments...)
	command.Dir = b.folder
	command.Env = b.environment()
	var output, problems bytes.Buffer
	command.Stdout, command.Stderr = &output, &problems
	err := command.Run()
	text := b.readable(problems.String())
	if err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return "", err
		}
		return "", fmt.Errorf("go %s failed:\n%s", arguments[0], strings.TrimSpace(text))
	}
	if b.verbose {
		fmt.Fprint(os.Stderr, text)
	}
	return output.String(), nil
}

// readable shows the user's own file names instead of those of the copy.
func (b *builder) readable(text string) string {
	text = strings.ReplaceAll(text, b.work+string(filepath.Separator), b.root+string(filepath.Separator))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "./") {
			lines[i] = filepath.Join(b.source, strings.TrimPrefix(line, "./"))
		}
	}
	return strings.Join(lines, "\n")
}

func (b *builder) environment() []string {
	flags := "-mod=mod"
	for _, flag := range strings.Fields(os.Getenv("GOFLAGS")) {
		// The copy is no checkout, and go.mod is written to.
		if !strings.HasPrefix(flag, "-mod=") && !strings.HasPrefix(flag, "-buildvcs") {
			flags += " " + flag
		}
	}
	include := "-I" + b.include
	if had, ok := os.LookupEnv("CGO_CFLAGS"); ok {
		include = had + " " + include
	} else {
		include = "-O2 -g " + include
	}
	return append(os.Environ(), "GOFLAGS="+flags+" -buildvcs=false", "GOWORK=off", "CGO_ENABLED=1", "CGO_CFLAGS="+include)
}

func (b *builder) deliver(object string, found *findings) error {
	version := fmt.Sprintf("%s_v%s_%s_%s.so", b.name, b.release, runtime.GOOS, runtime.GOARCH)
	targets := []string{b.output}
	if b.output == "" {
		targets = []string{filepath.Join(b.source, b.name+".so"), filepath.Join(b.source, version)}
	}
	for _, target := range targets {
		if err := install(object, target); err != nil {
			return err
		}
		fmt.Printf("wrote %s\n", target)
	}
	found.print()
	b.warnShadow(targets[0])
	return nil
}

func (f *findings) print() {
	for _, each := range f.functions {
		body := ""
		if each.body {
			body = ", reads the body"
		}
		fmt.Printf("  %s (%s%s)\n", each.name, each.kind, body)
	}
}

// warnShadow says so when the gateway would rather take an older file with a versioned name.
func (b *builder) warnShadow(target string) {
	if b.output == "" || !strings.HasSuffix(target, ".so") {
		return
	}
	stem := strings.TrimSuffix(target, ".so")
	tail := fmt.Sprintf("%s_%s_%s.so", b.release, runtime.GOOS, runtime.GOARCH)
	for _, other := range []string{stem + "_v" + tail, stem + "_" + tail} {
		if _, err := os.Stat(other); err == nil {
			fmt.Fprintf(os.Stderr, "warning: %s is there too, and the gateway takes it first\n", other)
		}
	}
}

// install writes aside and renames: a gateway that looks meanwhile sees the old file or the new one.
func install(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	aside := to + ".new"
	if err := copyFile(from, aside, 0o755); err != nil {
		return err
	}
	return os.Rename(aside, to)
}

func copyFile(from, to string, mode os.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// Folders and files that no build needs.
func skipped(name string, folder bool) bool {
	if folder {
		return name == ".git" || name == "node_modules" || name == ".hg" || name == ".svn"
	}
	return strings.HasSuffix(name, ".so") || name == "go.work" || name == "go.work.sum" || name == generatedFile
}

func copyTree(from, to string) error {
	return filepath.Walk(from, func(path string, about os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		within, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if within != "." && skipped(about.Name(), about.IsDir()) {
			if about.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		target := filepath.Join(to, within)
		if about.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if about.Mode()&os.ModeSymlink != 0 {
			if about, err = os.Stat(path); err != nil || about.IsDir() {
				return nil // dangling, or a folder: the go command does not follow it either
			}
		}
		if !about.Mode().IsRegular() {
			return nil
		}
		return copyFile(path, target, about.Mode().Perm()|0o600)
	})
}
