package rules

import "net/http"

var Name string

func init() { Name = "rule" }

func Handler(rw http.ResponseWriter, r *http.Request) { r.Header.Set("X-Again", Name) }
