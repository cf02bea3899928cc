// Package ctx reaches what a request carries beside HTTP: session, token, API definition, and data
// that plugins share.
package ctx

import (
	"context"
	"net/http"

	"github.com/TykTechnologies/tyk/apidef"
	"github.com/TykTechnologies/tyk/apidef/oas"
	"github.com/TykTechnologies/tyk/tykpp/exchange"
	"github.com/TykTechnologies/tyk/user"
)

// Key names a value of the request's context: r.Context().Value(ctx.ContextData).
type Key = exchange.Key

// Keys of the request's context.
const (
	SessionData               = exchange.SessionData
	UpdateSession             = exchange.UpdateSession
	AuthToken                 = exchange.AuthToken
	HashedAuthToken           = exchange.HashedAuthToken
	VersionData               = exchange.VersionData
	VersionName               = exchange.VersionName
	VersionDefault            = exchange.VersionDefault
	OrgSessionContext         = exchange.OrgSessionContext
	ContextData               = exchange.ContextData
	RetainHost                = exchange.RetainHost
	TrackThisEndpoint         = exchange.TrackThisEndpoint
	DoNotTrackThisEndpoint    = exchange.DoNotTrackThisEndpoint
	UrlRewritePath            = exchange.UrlRewritePath
	InternalRedirectTarget    = exchange.InternalRedirectTarget
	RequestMethod             = exchange.RequestMethod
	OrigRequestURL            = exchange.OrigRequestURL
	LoopLevel                 = exchange.LoopLevel
	LoopLevelLimit            = exchange.LoopLevelLimit
	ThrottleLevel             = exchange.ThrottleLevel
	ThrottleLevelLimit        = exchange.ThrottleLevelLimit
	Trace                     = exchange.Trace
	CheckLoopLimits           = exchange.CheckLoopLimits
	UrlRewriteTarget          = exchange.UrlRewriteTarget
	TransformedRequestMethod  = exchange.TransformedRequestMethod
	Definition                = exchange.Definition
	RequestStatus             = exchange.RequestStatus
	GraphQLRequest            = exchange.GraphQLRequest
	GraphQLIsWebSocketUpgrade = exchange.GraphQLIsWebSocketUpgrade
	CacheOptions              = exchange.CacheOptions
	OASDefinition             = exchange.OASDefinition
	SelfLooping               = exchange.SelfLooping
)

// set puts a value on the request itself, as the callers of a hook expect it.
func set(r *http.Request, key Key, value interface{}) {
	*r = *r.WithContext(context.WithValue(r.Context(), key, value))
}

// GetSession answers the request's session; nil before authentication. It is the live object:
// changes count.
func GetSession(r *http.Request) *user.SessionState {
	session, _ := r.Context().Value(SessionData).(*user.SessionState)
	return session
}

// SetSession makes s the request's session, known by s.KeyID; it panics when s is nil.
//
// scheduleUpdate asks the gateway to store it. In source written before release 4.0.1 the key
// stands in front of it: SetSession(r, s, key, true).
func SetSession(r *http.Request, s *user.SessionState, args ...interface{}) {
	if s == nil {
		panic("setting a nil session")
	}
	update := false
	for i, arg := range args {
		switch value := arg.(type) {
		case string:
			if i == 0 {
				s.KeyID = value
			}
		case bool:
			update = update || i <= 1 && value
		}
	}
	if s.KeyID == "" {
		s.KeyID = GetAuthToken(r)
	}
	if update {
		s.Touch()
	}
	if x := exchange.From(r); x != nil {
		x.SetSession(s)
		if GetSession(r) == s {
			return
		}
	}
	set(r, SessionData, s)
}

// GetAuthToken answers the key that the request was authenticated with; empty when there is none.
func GetAuthToken(r *http.Request) string {
	token, _ := r.Context().Value(AuthToken).(string)
	return token
}

// GetDefinition answers a copy of the API's Classic definition; nil when it has an OAS one.
func GetDefinition(r *http.Request) *apidef.APIDefinition {
	if x := exchange.From(r); x != nil {
		classic, _ := x.Definitions()
		return classic
	}
	definition, _ := r.Context().Value(Definition).(*apidef.APIDefinition)
	return definition
}

// SetDefinition puts a definition on a request, for tests of plugins.
func SetDefinition(r *http.Request, s *apidef.APIDefinition) {
	if x := exchange.From(r); x != nil {
		x.SetDefinition(s, nil)
		return
	}
	set(r, Definition, s)
}

// GetOASDefinition answers a copy of the API's OAS definition; nil when it has a Classic one.
func GetOASDefinition(r *http.Request) *oas.OAS {
	if x := exchange.From(r); x != nil {
		_, open := x.Definitions()
		return open
	}
	definition, _ := r.Context().Value(OASDefinition).(*oas.OAS)
	return definition
}

// SetOASDefinition puts a definition on a request, for tests of plugins.
func SetOASDefinition(r *http.Request, s *oas.OAS) {
	if x := exchange.From(r); x != nil {
		x.SetDefinition(nil, s)
		return
	}
	set(r, OASDefinition, s)
}
