// Authentication by a list of keys in config_data, and a header that says who came.
//
//	"config_data": {"keys": {"s3cret": "ann"}}
package main

import (
	"net/http"

	"github.com/TykTechnologies/tyk/ctx"
	"github.com/TykTechnologies/tyk/header"
	"github.com/TykTechnologies/tyk/log"
	"github.com/TykTechnologies/tyk/user"
)

var logger = log.Get()

// Authenticate is the auth_check hook: it sets a session, or answers.
func Authenticate(rw http.ResponseWriter, r *http.Request) {
	key := r.Header.Get(header.Authorization)
	owner := ownerOf(key, r)
	if owner == "" {
		logger.WithField("address", r.RemoteAddr).Info("a request without a known key")
		rw.Header().Set(header.XAuthResult, "failed")
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	ctx.SetSession(r, &user.SessionState{
		KeyID:    key,
		Alias:    owner,
		MetaData: map[string]interface{}{"owner": owner},
	}, true)
}

func ownerOf(key string, r *http.Request) string {
	definition := ctx.GetDefinition(r)
	if definition == nil || key == "" {
		return ""
	}
	keys, _ := definition.ConfigData["keys"].(map[string]interface{})
	owner, _ := keys[key].(string)
	return owner
}

// WhoIsIt is a post_key_auth hook.
func WhoIsIt(rw http.ResponseWriter, r *http.Request) {
	if session := ctx.GetSession(r); session != nil {
		r.Header.Set(header.XSessionAlias, session.Alias)
	}
}
