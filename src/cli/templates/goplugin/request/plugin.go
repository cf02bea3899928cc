package main

import (
	"net/http"

	"github.com/TykTechnologies/tyk/log"
)

var logger = log.Get()

// @FUNCTION@ is a @HOOK@ hook: it sees every request on its way to the upstream, and may change or
// refuse it.
func @FUNCTION@(rw http.ResponseWriter, r *http.Request) {
	logger.Info(r.Method, " ", r.URL.Path)
	if r.Header.Get("X-Block") != "" {
		http.Error(rw, "blocked by @NAME@", http.StatusForbidden)
		return
	}
	r.Header.Set("X-Greeting", "hello from @NAME@")
	r.Header.Del("X-Debug")
}
