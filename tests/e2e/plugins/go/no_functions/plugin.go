package main

import "net/http"

func addHeader(rw http.ResponseWriter, r *http.Request) { r.Header.Set("A", "b") }

func main() { addHeader(nil, nil) }
