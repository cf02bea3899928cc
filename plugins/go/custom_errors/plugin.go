// Gives the upstream's errors one form, and hides what they tell about it.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/TykTechnologies/tyk/log"
)

type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
}

// ShapeErrors is a response hook.
func ShapeErrors(rw http.ResponseWriter, res *http.Response, r *http.Request) {
	if res.StatusCode < http.StatusBadRequest {
		return
	}
	log.Get().WithField("status", res.StatusCode).Info("the upstream refused " + r.URL.Path)
	text, err := json.Marshal(problem{"about:blank", http.StatusText(res.StatusCode), res.StatusCode})
	if err != nil {
		return
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(text))
	res.ContentLength = int64(len(text))
	res.Header.Del("Server")
	res.Header.Set("Content-Type", "application/problem+json")
}
