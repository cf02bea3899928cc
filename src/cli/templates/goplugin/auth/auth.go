package main

import (
	"net/http"

	"github.com/TykTechnologies/tyk/ctx"
	"github.com/TykTechnologies/tyk/user"
)

var keys = map[string]string{"letmein": "demo"} // key: whose it is

// @AUTH_FUNCTION@ is an auth hook: it says who is asking, or refuses.
func @AUTH_FUNCTION@(rw http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Authorization")
	owner, known := keys[key]
	if !known {
		http.Error(rw, "unknown key", http.StatusUnauthorized)
		return
	}
	ctx.SetSession(r, &user.SessionState{Alias: owner, KeyID: key}, true)
}
