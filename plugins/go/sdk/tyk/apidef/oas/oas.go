// Package oas describes OpenAPI definitions with the gateway's extension.
package oas

import (
	"encoding/json"
	"errors"

	"github.com/getkin/kin-openapi/openapi3"
)

// Names of the gateway's extensions in an OpenAPI document.
const (
	ExtensionTykAPIGateway = "x-tyk-api-gateway"
	ExtensionTykStreaming  = "x-tyk-streaming"
	DefaultOpenAPI         = "3.0.3"
)

// OAS is an OpenAPI document; Extensions["x-tyk-api-gateway"] is a *XTykAPIGateway.
type OAS struct {
	openapi3.T
}

// UnmarshalJSON reads a document and its typed extension.
func (s *OAS) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &s.T); err != nil {
		return err
	}
	var own struct {
		Extension *XTykAPIGateway `json:"x-tyk-api-gateway"`
	}
	// A field of another type than here is left empty; the gateway has accepted the document.
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(text, &own); err != nil && !errors.As(err, &other) {
		return err
	}
	if own.Extension != nil {
		s.SetTykExtension(own.Extension)
	}
	return nil
}

// MarshalJSON writes the document with its extension.
func (s OAS) MarshalJSON() ([]byte, error) { return s.T.MarshalJSON() }

// GetTykExtension answers the gateway's part of the document; nil when there is none.
func (s *OAS) GetTykExtension() *XTykAPIGateway {
	extension, _ := s.Extensions[ExtensionTykAPIGateway].(*XTykAPIGateway)
	return extension
}

// SetTykExtension replaces the gateway's part of the document.
func (s *OAS) SetTykExtension(extension *XTykAPIGateway) {
	if s.Extensions == nil {
		s.Extensions = map[string]interface{}{}
	}
	s.Extensions[ExtensionTykAPIGateway] = extension
}

// RemoveTykExtension takes the gateway's part out of the document.
func (s *OAS) RemoveTykExtension() { delete(s.Extensions, ExtensionTykAPIGateway) }

// GetTykMiddleware answers the middleware of the document; nil when there is none.
func (s *OAS) GetTykMiddleware() *Middleware {
	if extension := s.GetTykExtension(); extension != nil {
		return extension.Middleware
	}
	return nil
}

// XTykAPIGateway is the gateway's part of an OpenAPI document.
type XTykAPIGateway struct {
	Info          Info                   `json:"info"`
	Upstream      Upstream               `json:"upstream"`
	Server        Server                 `json:"server"`
	Middleware    *Middleware            `json:"middleware,omitempty"`
	ErrorOverride map[string]interface{} `json:"errorOverrides,omitempty"`
}

// Info names the API.
type Info struct {
	ID         string      `json:"id"`
	DBID       string      `json:"dbId,omitempty"`
	OrgID      string      `json:"orgId,omitempty"`
	Name       string      `json:"name"`
	Expiration string      `json:"expiration,omitempty"`
	State      State       `json:"state"`
	Versioning *Versioning `json:"versioning,omitempty"`
}

// State says whether the API is served.
type State struct {
	Active   bool `json:"active"`
	Internal bool `json:"internal,omitempty"`
}

// Versioning says where a request names its version.
type Versioning struct {
	Enabled             bool          `json:"enabled"`
	Name                string        `json:"name,omitempty"`
	Default             string        `json:"default"`
	Location            string        `json:"location"`
	Key                 string        `json:"key"`
	Versions            []VersionToID `json:"versions"`
	StripVersioningData bool          `json:"stripVersioningData,omitempty"`
}

// VersionToID names the API of a version.
type VersionToID struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Upstream says where requests go.
type Upstream struct {
	URL                string                 `json:"url"`
	ServiceDiscovery   map[string]interface{} `json:"serviceDiscovery,omitempty"`
	Test               map[string]interface{} `json:"test,omitempty"`
	MutualTLS          map[string]interface{} `json:"mutualTLS,omitempty"`
	RateLimit          *RateLimit             `json:"rateLimit,omitempty"`
	Authentication     map[string]interface{} `json:"authentication,omitempty"`
	LoadBalancing      *LoadBalancing         `json:"loadBalancing,omitempty"`
	PreserveHostHeader *Switch                `json:"preserveHostHeader,omitempty"`
}

// RateLimit limits an API.
type RateLimit struct {
	Enabled bool   `json:"enabled"`
	Rate    int    `json:"rate"`
	Per     string `json:"per"`
}

// LoadBalancing spreads requests over targets.
type LoadBalancing struct {
	Enabled bool                  `json:"enabled"`
	Targets []LoadBalancingTarget `json:"targets"`
}

// LoadBalancingTarget is one target.
type LoadBalancingTarget struct {
	URL    string `json:"url"`
	Weight int    `json:"weight"`
}

// Switch turns something on.
type Switch struct {
	Enabled bool `json:"enabled"`
}

// Server says where requests come in.
type Server struct {
	ListenPath        ListenPath             `json:"listenPath"`
	Authentication    *Authentication        `json:"authentication,omitempty"`
	ClientCertificate map[string]interface{} `json:"clientCertificates,omitempty"`
	GatewayTags       map[string]interface{} `json:"gatewayTags,omitempty"`
	CustomDomain      *Domain                `json:"customDomain,omitempty"`
	DetailedTracing   *Switch                `json:"detailedTracing,omitempty"`
	Port              int                    `json:"port,omitempty"`
	Protocol          string                 `json:"protocol,omitempty"`
}

// ListenPath is the path that requests of the API start with.
type ListenPath struct {
	Value string `json:"value"`
	Strip bool   `json:"strip,omitempty"`
}

// Domain is the host name of the API.
type Domain struct {
	Enabled bool   `json:"enabled"`
	Name    string `json:"name"`
}

// Authentication says who may call.
type Authentication struct {
	Enabled                bool                   `json:"enabled"`
	StripAuthorizationData bool                   `json:"stripAuthorizationData,omitempty"`
	BaseIdentityProvider   string                 `json:"baseIdentityProvider,omitempty"`
	HMAC                   map[string]interface{} `json:"hmac,omitempty"`
	OIDC                   map[string]interface{} `json:"oidc,omitempty"`
	Custom                 *CustomPluginAuth      `json:"custom,omitempty"`
	SecuritySchemes        map[string]interface{} `json:"securitySchemes,omitempty"`
}

// CustomPluginAuth is authentication by a plugin.
type CustomPluginAuth struct {
	Enabled bool                  `json:"enabled"`
	Config  *AuthenticationPlugin `json:"config,omitempty"`
	Header  *AuthSource           `json:"header,omitempty"`
	Query   *AuthSource           `json:"query,omitempty"`
	Cookie  *AuthSource           `json:"cookie,omitempty"`
}

// AuthSource is a place where a token may be.
type AuthSource struct {
	Enabled bool   `json:"enabled"`
	Name    string `json:"name,omitempty"`
}

// AuthenticationPlugin is the function that authenticates.
type AuthenticationPlugin struct {
	Enabled      bool                   `json:"enabled"`
	FunctionName string                 `json:"functionName"`
	Path         string                 `json:"path"`
	RawBodyOnly  bool                   `json:"rawBodyOnly,omitempty"`
	IDExtractor  map[string]interface{} `json:"idExtractor,omitempty"`
}

// Middleware of the API and of its operations.
type Middleware struct {
	Global     *Global               `json:"global,omitempty"`
	Operations map[string]*Operation `json:"operations,omitempty"`
}

// Global middleware runs for every request.
type Global struct {
	PluginConfig              *PluginConfig          `json:"pluginConfig,omitempty"`
	CORS                      map[string]interface{} `json:"cors,omitempty"`
	PrePlugins                CustomPlugins          `json:"prePlugins,omitempty"`
	PostAuthenticationPlugins CustomPlugins          `json:"postAuthenticationPlugins,omitempty"`
	PostPlugins               CustomPlugins          `json:"postPlugins,omitempty"`
	ResponsePlugins           CustomPlugins          `json:"responsePlugins,omitempty"`
	Cache                     map[string]interface{} `json:"cache,omitempty"`
	TransformRequestHeaders   map[string]interface{} `json:"transformRequestHeaders,omitempty"`
	TransformResponseHeaders  map[string]interface{} `json:"transformResponseHeaders,omitempty"`
	ContextVariables          *Switch                `json:"contextVariables,omitempty"`
	TrafficLogs               *TrafficLogs           `json:"trafficLogs,omitempty"`
}

// TrafficLogs are the plugins that change traffic records.
type TrafficLogs struct {
	Enabled bool          `json:"enabled"`
	Plugins CustomPlugins `json:"plugins,omitempty"`
}

// PluginConfig says how the plugins of the API run.
type PluginConfig struct {
	Driver string            `json:"driver,omitempty"`
	Bundle *PluginBundle     `json:"bundle,omitempty"`
	Data   *PluginConfigData `json:"data,omitempty"`
}

// PluginBundle names the bundle that the plugins come from.
type PluginBundle struct {
	Enabled bool   `json:"enabled"`
	Path    string `json:"path"`
}

// PluginConfigData is what the definition tells plugins.
type PluginConfigData struct {
	Enabled bool                   `json:"enabled"`
	Value   map[string]interface{} `json:"value"`
}

// CustomPlugins are plugin functions in order.
type CustomPlugins []CustomPlugin

// CustomPlugin is one plugin function.
type CustomPlugin struct {
	Enabled        bool   `json:"enabled"`
	FunctionName   string `json:"functionName"`
	Path           string `json:"path"`
	Code           string `json:"code,omitempty"`
	RawBodyOnly    bool   `json:"rawBodyOnly,omitempty"`
	RequireSession bool   `json:"requireSession,omitempty"`
}

// Operation is the middleware of one operation.
type Operation struct {
	Allow           *Allowance             `json:"allow,omitempty"`
	Block           *Allowance             `json:"block,omitempty"`
	IgnoreAuth      *Allowance             `json:"ignoreAuthentication,omitempty"`
	MockResponse    map[string]interface{} `json:"mockResponse,omitempty"`
	VirtualEndpoint *VirtualEndpoint       `json:"virtualEndpoint,omitempty"`
	PostPlugins     EndpointPostPlugins    `json:"postPlugins,omitempty"`
	URLRewrite      map[string]interface{} `json:"urlRewrite,omitempty"`
	ValidateRequest map[string]interface{} `json:"validateRequest,omitempty"`
	RateLimit       *RateLimit             `json:"rateLimit,omitempty"`
}

// Allowance is an entry of a list of endpoints.
type Allowance struct {
	Enabled    bool `json:"enabled"`
	IgnoreCase bool `json:"ignoreCase,omitempty"`
}

// VirtualEndpoint is an operation that a script answers.
type VirtualEndpoint struct {
	Enabled        bool   `json:"enabled"`
	FunctionName   string `json:"functionName"`
	Body           string `json:"body,omitempty"`
	Path           string `json:"path,omitempty"`
	ProxyOnError   bool   `json:"proxyOnError,omitempty"`
	RequireSession bool   `json:"requireSession,omitempty"`
}

// EndpointPostPlugins are the Go functions of one operation.
type EndpointPostPlugins []EndpointPostPlugin

// EndpointPostPlugin is a Go function of one operation.
type EndpointPostPlugin struct {
	Enabled      bool   `json:"enabled"`
	FunctionName string `json:"functionName"`
	Path         string `json:"path"`
}
