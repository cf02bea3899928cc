// Package headers names header fields and media types.
//
// It is the older path of package header.
package headers

import "github.com/TykTechnologies/tyk/header"

// Names of header fields.
const (
	UserAgent               = header.UserAgent
	ContentType             = header.ContentType
	ContentLength           = header.ContentLength
	Authorization           = header.Authorization
	ContentEncoding         = header.ContentEncoding
	TransferEncoding        = header.TransferEncoding
	Accept                  = header.Accept
	AcceptEncoding          = header.AcceptEncoding
	Location                = header.Location
	Host                    = header.Host
	Origin                  = header.Origin
	Cookie                  = header.Cookie
	SetCookie               = header.SetCookie
	CacheControl            = header.CacheControl
	Connection              = header.Connection
	Upgrade                 = header.Upgrade
	Date                    = header.Date
	ETag                    = header.ETag
	Vary                    = header.Vary
	WWWAuthenticate         = header.WWWAuthenticate
	StrictTransportSecurity = header.StrictTransportSecurity
	XForwardFor             = header.XForwardFor
	XForwardProto           = header.XForwardProto
	XRealIP                 = header.XRealIP
	XAuthResult             = header.XAuthResult
	XSessionAlias           = header.XSessionAlias
	XInitialURI             = header.XInitialURI
	XTykAuthorization       = header.XTykAuthorization
	XTykNodeID              = header.XTykNodeID
	XTykSessionID           = header.XTykSessionID
	XTykHostname            = header.XTykHostname
	XTykNonce               = header.XTykNonce
	XTykAPIExpires          = header.XTykAPIExpires
	XTykOpenAPIVersion      = header.XTykOpenAPIVersion
	XGenerator              = header.XGenerator
	XRateLimitLimit         = header.XRateLimitLimit
	XRateLimitRemaining     = header.XRateLimitRemaining
	XRateLimitReset         = header.XRateLimitReset
	RetryAfter              = header.RetryAfter
	ODPage                  = header.ODPage
	TykHookshot             = header.TykHookshot
	Trailer                 = header.Trailer
)

// Media types, and what the gateway calls itself in X-Generator.
const (
	ApplicationJSON           = header.ApplicationJSON
	ApplicationXML            = header.ApplicationXML
	TextXML                   = header.TextXML
	TextHTML                  = header.TextHTML
	TextPlain                 = header.TextPlain
	ApplicationFormURLEncoded = header.ApplicationFormURLEncoded
	TykGenerator              = header.TykGenerator
)
