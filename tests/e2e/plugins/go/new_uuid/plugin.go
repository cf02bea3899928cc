package main

import (
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"
)

// Version tells which release of the dependency is linked in.
func Version(rw http.ResponseWriter, r *http.Request) {
	r.Header.Set("X-Uuid", uuid.New().String())
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/google/uuid" {
			r.Header.Add("X-Version", module.Version)
		}
	}
}
