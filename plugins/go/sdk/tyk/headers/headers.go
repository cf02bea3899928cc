// Package headers names header fields and media types.
//
// It is the older path of package header.
package headers

// Names of header fields.
const (
	UserAgent               = "User-Agent"
	ContentType             = "Content-Type"
	ContentLength           = "Content-Length"
	Authorization           = "Authorization"
	ContentEncoding         = "Content-Encoding"
	TransferEncoding        = "Transfer-Encoding"
	Accept                  = "Accept"
	AcceptEncoding          = "Accept-Encoding"
	Location                = "Location"
	Host                    = "Host"
	Origin                  = "Origin"
	Cookie                  = "Cookie"
	SetCookie               = "Set-Cookie"
	CacheControl            = "Cache-Control"
	Connection              = "Connection"
	Upgrade                 = "Upgrade"
	Date                    = "Date"
	ETag                    = "ETag"
	Vary                    = "Vary"
	WWWAuthenticate         = "WWW-Authenticate"
	StrictTransportSecurity = "Strict-Transport-Security"
	XForwardFor             = "X-Forwarded-For"
	XForwardProto           = "X-Forwarded-Proto"
	XRealIP                 = "X-Real-IP"
	XAuthResult             = "X-Auth-Result"
	XSessionAlias           = "X-Session-Alias"
	XInitialURI             = "X-Initial-URI"
	XTykAuthorization       = "X-Tyk-Authorization"
	XTykNodeID              = "x-tyk-nodeid"
	XTykSessionID           = "x-tyk-session-id"
	XTykHostname            = "x-tyk-hostname"
	XTykNonce               = "x-tyk-nonce"
	XTykAPIExpires          = "x-tyk-api-expires"
	XTykOpenAPIVersion      = "x-tyk-openapi-version"
	XGenerator              = "X-Generator"
	XRateLimitLimit         = "X-RateLimit-Limit"
	XRateLimitRemaining     = "X-RateLimit-Remaining"
	XRateLimitReset         = "X-RateLimit-Reset"
	RetryAfter              = "Retry-After"
	ODPage                  = "Od-Page"
	TykHookshot             = "Tyk-Hookshot"
	Trailer                 = "Trailer"
)

// Media types, and what the gateway calls itself in X-Generator.
const (
	ApplicationJSON           = "application/json"
	ApplicationXML            = "application/xml"
	TextXML                   = "text/xml"
	TextHTML                  = "text/html"
	TextPlain                 = "text/plain"
	ApplicationFormURLEncoded = "application/x-www-form-urlencoded"
	TykGenerator              = "tyk.io"
)
