package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The parts of `go mod edit -json` that matter here.
type goMod struct {
	Require []struct{ Path, Version string }
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

// prepareModule makes the copy's go.mod lead to the SDK, whatever versions of its modules the plugin
// was written for. Versions of other modules stay.
func (b *builder) prepareModule() error {
	file := filepath.Join(b.work, "go.mod")
	if _, err := os.Stat(file); err != nil {
		text := "module tyk.internal/tyk_plugin\n\ngo " + b.language() + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	text, err := b.gotool("mod", "edit", "-json", file)
	if err != nil {
		return err
	}
	var mod goMod
	if err := json.Unmarshal([]byte(text), &mod); err != nil {
		return fmt.Errorf("go.mod: %w", err)
	}
	edits := []string{"mod", "edit"}
	for _, each := range mod.Replace {
		old := each.Old.Path
		if each.Old.Version != "" {
			old += "@" + each.Old.Version
		}
		if _, ours := sdkModules[each.Old.Path]; ours {
			edits = append(edits, "-dropreplace="+old)
		} else if each.New.Version == "" && !filepath.IsAbs(each.New.Path) {
			// A folder outside of the copy.
			edits = append(edits, "-replace="+old+"="+filepath.Join(b.root, each.New.Path))
		}
	}
	for path, folder := range sdkModules {
		edits = append(edits, "-replace="+path+"="+filepath.Join(b.sdk, folder))
	}
	for _, each := range mod.Require {
		if _, ours := sdkModules[each.Path]; ours {
			edits = append(edits, "-droprequire="+each.Path)
		}
	}
	edits = append(edits, "-require=github.com/TykTechnologies/tyk@v0.0.0",
		"-require=github.com/TykTechnologies/tyk-pump@v0.0.0", file)
	if _, err := b.gotool(edits...); err != nil {
		return err
	}
	return b.addSums()
}

// addSums spares the question to the checksum database for modules that the SDK needs, so that a
// build works without a network once they are in the module cache.
func (b *builder) addSums() error {
	file := filepath.Join(b.work, "go.sum")
	had, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	lines := map[string]bool{}
	text := string(had)
	for _, line := range strings.Split(text, "\n") {
		lines[line] = true
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	for _, folder := range sdkModules {
		sums, _ := os.ReadFile(filepath.Join(b.sdk, folder, "go.sum"))
		for _, line := range strings.Split(string(sums), "\n") {
			if line != "" && !lines[line] {
				lines[line] = true
				text += line + "\n"
			}
		}
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

// language is the version of the language that a plugin without a go.mod is written in: that of the
// compiler.
func (b *builder) language() string {
	text, err := b.gotool("env", "GOVERSION")
	parts := strings.SplitN(strings.TrimPrefix(strings.TrimSpace(text), "go"), ".", 3)
	if err != nil || len(parts) < 2 {
		return "1.19"
	}
	minor := parts[1]
	if end := strings.IndexFunc(minor, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		minor = minor[:end]
	}
	return parts[0] + "." + minor
}
