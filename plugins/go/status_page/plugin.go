// Endpoints that the plugin answers itself, instead of the upstream: by the path of the request, or
// named for one endpoint in extended_paths.go_plugin.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/TykTechnologies/tyk/header"
)

var started = time.Now()

// StatusPage answers requests whose path ends in /status and lets all others pass.
func StatusPage(rw http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/status") {
		Status(rw, r)
	}
}

// Status answers every request.
func Status(rw http.ResponseWriter, r *http.Request) {
	host, _ := os.Hostname()
	rw.Header().Set(header.ContentType, header.ApplicationJSON)
	rw.WriteHeader(http.StatusOK)
	_ = json.NewEncoder(rw).Encode(map[string]interface{}{
		"host": host, "uptime_seconds": int(time.Since(started).Seconds()), "asked": r.URL.RequestURI(),
	})
}
