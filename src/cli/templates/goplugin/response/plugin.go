package main

import "net/http"

// @FUNCTION@ is a response hook: it sees the upstream's answer before the client does.
func @FUNCTION@(rw http.ResponseWriter, res *http.Response, r *http.Request) {
	res.Header.Set("X-Stamped-By", "@NAME@")
}
