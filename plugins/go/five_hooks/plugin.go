// A function for each hook, in the form that releases before 4.0.1 had: SetSession takes the key, and
// header names come from package headers.
package main

import (
	"net/http"

	"github.com/TykTechnologies/tyk/ctx"
	"github.com/TykTechnologies/tyk/headers"
	"github.com/TykTechnologies/tyk/log"
	"github.com/TykTechnologies/tyk/user"
)

var logger = log.Get()

// Pre runs first.
func Pre(rw http.ResponseWriter, r *http.Request) {
	logger.Debug("pre")
	r.Header.Add("X-Hooks", "pre")
}

// Auth lets in who has the key abc.
func Auth(rw http.ResponseWriter, r *http.Request) {
	key := r.Header.Get(headers.Authorization)
	if key != "abc" {
		rw.Header().Add(headers.XAuthResult, "failed")
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	r.Header.Add("X-Hooks", "auth")
	session := &user.SessionState{Alias: "abc's owner", MetaData: map[string]interface{}{"token": key}}
	ctx.SetSession(r, session, key, true)
}

// PostAuth runs when the client is known.
func PostAuth(rw http.ResponseWriter, r *http.Request) {
	session := ctx.GetSession(r)
	if session == nil {
		logger.Error("no session behind authentication")
		return
	}
	r.Header.Add("X-Hooks", "post-auth")
	r.Header.Set(headers.XSessionAlias, session.Alias)
}

// Post runs last before the upstream is asked.
func Post(rw http.ResponseWriter, r *http.Request) {
	r.Header.Add("X-Hooks", "post")
}

// Response runs on the upstream's answer.
func Response(rw http.ResponseWriter, res *http.Response, r *http.Request) {
	res.Header.Set("X-Hooks", "response")
}

func main() {}
