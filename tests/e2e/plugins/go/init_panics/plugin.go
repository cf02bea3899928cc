package main

import "net/http"

func init() {
	panic("redis is down")
}

func Header(rw http.ResponseWriter, r *http.Request) {}
