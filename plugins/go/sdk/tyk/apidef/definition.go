// Package apidef describes Classic API definitions.
package apidef

import (
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// RateLimitSmoothing raises and lowers a rate step by step.
type RateLimitSmoothing struct {
	Enabled   bool    `json:"enabled" bson:"enabled"`
	Threshold int64   `json:"threshold" bson:"threshold"`
	Trigger   float64 `json:"trigger" bson:"trigger"`
	Step      int64   `json:"step" bson:"step"`
	Delay     int64   `json:"delay" bson:"delay"`
}

// Valid tells whether smoothing is set up.
func (r *RateLimitSmoothing) Valid() bool {
	return r != nil && r.Enabled && r.Threshold > 0 && r.Trigger > 0 && r.Step > 0 && r.Delay > 0
}

// Kinds of names in a definition.
type (
	// AuthProviderCode names how keys are checked.
	AuthProviderCode string
	// SessionProviderCode names how sessions are kept.
	SessionProviderCode string
	// StorageEngineCode names where keys are kept.
	StorageEngineCode string
	// TykEvent names an event.
	TykEvent string
	// TykEventHandlerName names a kind of event handler.
	TykEventHandlerName string
	// EndpointMethodAction says what becomes of a request to an endpoint.
	EndpointMethodAction string
	// SourceMode says where a template or script comes from.
	SourceMode string
	// MiddlewareDriver names a plugin runtime.
	MiddlewareDriver string
	// IdExtractorSource says where an id is taken from.
	IdExtractorSource string
	// IdExtractorType says how an id is taken.
	IdExtractorType string
	// AuthTypeEnum names a way to authenticate.
	AuthTypeEnum string
	// RoutingTriggerOnType says how triggers are combined.
	RoutingTriggerOnType string
)

// Plugin runtimes.
const (
	OttoDriver     MiddlewareDriver = "otto"
	PythonDriver   MiddlewareDriver = "python"
	LuaDriver      MiddlewareDriver = "lua"
	GrpcDriver     MiddlewareDriver = "grpc"
	GoPluginDriver MiddlewareDriver = "goplugin"
)

// Ways to authenticate.
const (
	UnsetAuth     AuthTypeEnum = ""
	AuthToken     AuthTypeEnum = "auth_token"
	CustomAuth    AuthTypeEnum = "custom_auth"
	HMACKey       AuthTypeEnum = "hmac_key"
	BasicAuthUser AuthTypeEnum = "basic_auth_user"
	JWTClaim      AuthTypeEnum = "jwt_claim"
	OIDCUser      AuthTypeEnum = "oidc_user"
	OAuthKey      AuthTypeEnum = "oauth_key"
)

// VersionDefinition says where a request names its version.
type VersionDefinition struct {
	Enabled             bool              `json:"enabled"`
	Name                string            `json:"name"`
	Default             string            `json:"default"`
	Location            string            `json:"location"`
	Key                 string            `json:"key"`
	StripPath           bool              `json:"strip_path"`
	StripVersioningData bool              `json:"strip_versioning_data"`
	Versions            map[string]string `json:"versions"`
}

// VersionInfo is one version of an API. ExtendedPaths is kept as it stands in the definition.
type VersionInfo struct {
	Name                        string                 `json:"name"`
	Expires                     string                 `json:"expires"`
	UseExtendedPaths            bool                   `json:"use_extended_paths"`
	ExtendedPaths               map[string]interface{} `json:"extended_paths"`
	Paths                       VersionPaths           `json:"paths"`
	GlobalHeaders               map[string]string      `json:"global_headers"`
	GlobalHeadersRemove         []string               `json:"global_headers_remove"`
	GlobalResponseHeaders       map[string]string      `json:"global_response_headers"`
	GlobalResponseHeadersRemove []string               `json:"global_response_headers_remove"`
	GlobalSizeLimit             int64                  `json:"global_size_limit"`
	OverrideTarget              string                 `json:"override_target"`
	IgnoreEndpointCase          bool                   `json:"ignore_endpoint_case"`
}

// VersionPaths are the old lists of paths.
type VersionPaths struct {
	Ignored   []string `json:"ignored"`
	WhiteList []string `json:"white_list"`
	BlackList []string `json:"black_list"`
}

// VersionData are the versions of an API.
type VersionData struct {
	NotVersioned   bool                   `json:"not_versioned"`
	DefaultVersion string                 `json:"default_version"`
	Versions       map[string]VersionInfo `json:"versions"`
}

// AuthConfig says where a token is.
type AuthConfig struct {
	Name              string          `json:"name"`
	UseParam          bool            `json:"use_param"`
	ParamName         string          `json:"param_name"`
	UseCookie         bool            `json:"use_cookie"`
	CookieName        string          `json:"cookie_name"`
	DisableHeader     bool            `json:"disable_header"`
	AuthHeaderName    string          `json:"auth_header_name"`
	UseCertificate    bool            `json:"use_certificate"`
	ValidateSignature bool            `json:"validate_signature"`
	Signature         SignatureConfig `json:"signature"`
}

// SignatureConfig says how a signature is checked.
type SignatureConfig struct {
	Algorithm        string `json:"algorithm"`
	Header           string `json:"header"`
	UseParam         bool   `json:"use_param"`
	ParamName        string `json:"param_name"`
	Secret           string `json:"secret"`
	AllowedClockSkew int64  `json:"allowed_clock_skew"`
	ErrorCode        int    `json:"error_code"`
	ErrorMessage     string `json:"error_message"`
}

// ServiceDiscoveryConfiguration says where targets are asked for.
type ServiceDiscoveryConfiguration struct {
	UseDiscoveryService bool   `json:"use_discovery_service"`
	QueryEndpoint       string `json:"query_endpoint"`
	UseNestedQuery      bool   `json:"use_nested_query"`
	ParentDataPath      string `json:"parent_data_path"`
	DataPath            string `json:"data_path"`
	PortDataPath        string `json:"port_data_path"`
	TargetPath          string `json:"target_path"`
	UseTargetList       bool   `json:"use_target_list"`
	CacheDisabled       bool   `json:"cache_disabled"`
	CacheTimeout        int64  `json:"cache_timeout"`
	EndpointReturnsList bool   `json:"endpoint_returns_list"`
}

// ProxyTransport are settings of connections to the upstream.
type ProxyTransport struct {
	SSLInsecureSkipVerify   bool     `json:"ssl_insecure_skip_verify"`
	SSLCipherSuites         []string `json:"ssl_ciphers"`
	SSLMinVersion           uint16   `json:"ssl_min_version"`
	SSLMaxVersion           uint16   `json:"ssl_max_version"`
	SSLForceCommonNameCheck bool     `json:"ssl_force_common_name_check"`
	ProxyURL                string   `json:"proxy_url"`
}

// ProxyConfig says where requests come in and where they go.
type ProxyConfig struct {
	PreserveHostHeader          bool                          `json:"preserve_host_header"`
	ListenPath                  string                        `json:"listen_path"`
	TargetURL                   string                        `json:"target_url"`
	DisableStripSlash           bool                          `json:"disable_strip_slash"`
	StripListenPath             bool                          `json:"strip_listen_path"`
	EnableLoadBalancing         bool                          `json:"enable_load_balancing"`
	Targets                     []string                      `json:"target_list"`
	StructuredTargetList        *HostList                     `json:"-"`
	CheckHostAgainstUptimeTests bool                          `json:"check_host_against_uptime_tests"`
	ServiceDiscovery            ServiceDiscoveryConfiguration `json:"service_discovery"`
	Transport                   ProxyTransport                `json:"transport"`
}

// CORSConfig says who may call from a browser.
type CORSConfig struct {
	Enable             bool     `json:"enable"`
	AllowedOrigins     []string `json:"allowed_origins"`
	AllowedMethods     []string `json:"allowed_methods"`
	AllowedHeaders     []string `json:"allowed_headers"`
	ExposedHeaders     []string `json:"exposed_headers"`
	AllowCredentials   bool     `json:"allow_credentials"`
	MaxAge             int      `json:"max_age"`
	OptionsPassthrough bool     `json:"options_passthrough"`
	Debug              bool     `json:"debug"`
}

// CacheOptions says what is cached.
type CacheOptions struct {
	CacheTimeout               int64    `json:"cache_timeout"`
	EnableCache                bool     `json:"enable_cache"`
	CacheAllSafeRequests       bool     `json:"cache_all_safe_requests"`
	CacheOnlyResponseCodes     []int    `json:"cache_response_codes"`
	EnableUpstreamCacheControl bool     `json:"enable_upstream_cache_control"`
	CacheControlTTLHeader      string   `json:"cache_control_ttl_header"`
	CacheByHeaders             []string `json:"cache_by_headers"`
}

// MiddlewareDefinition is one plugin function.
type MiddlewareDefinition struct {
	Disabled       bool   `json:"disabled"`
	Name           string `json:"name"`
	Path           string `json:"path"`
	Code           string `json:"code,omitempty"`
	RequireSession bool   `json:"require_session"`
	RawBodyOnly    bool   `json:"raw_body_only"`
}

// MiddlewareIdExtractor says how an authenticating plugin's id is found.
type MiddlewareIdExtractor struct {
	Disabled        bool                   `json:"disabled"`
	ExtractFrom     IdExtractorSource      `json:"extract_from"`
	ExtractWith     IdExtractorType        `json:"extract_with"`
	ExtractorConfig map[string]interface{} `json:"extractor_config"`
}

// MiddlewareSection are the plugins of an API.
type MiddlewareSection struct {
	Pre         []MiddlewareDefinition `json:"pre"`
	Post        []MiddlewareDefinition `json:"post"`
	PostKeyAuth []MiddlewareDefinition `json:"post_key_auth"`
	AuthCheck   MiddlewareDefinition   `json:"auth_check"`
	Response    []MiddlewareDefinition `json:"response"`
	TrafficLogs MiddlewareDefinition   `json:"traffic_logs"`
	Driver      MiddlewareDriver       `json:"driver"`
	IdExtractor MiddlewareIdExtractor  `json:"id_extractor"`
}

// AnalyticsPluginConfig is the plugin that changes traffic records.
type AnalyticsPluginConfig struct {
	Enabled    bool   `json:"enable"`
	PluginPath string `json:"plugin_path"`
	FuncName   string `json:"func_name"`
}

// ResponseProcessor is one step on the upstream's answer.
type ResponseProcessor struct {
	Name    string      `json:"name"`
	Options interface{} `json:"options"`
}

// GlobalRateLimit limits an API.
type GlobalRateLimit struct {
	Disabled bool    `json:"disabled"`
	Rate     float64 `json:"rate"`
	Per      float64 `json:"per"`
}

// EventHandlerTriggerConfig is one handler of an event.
type EventHandlerTriggerConfig struct {
	Handler     TykEventHandlerName    `json:"handler_name"`
	HandlerMeta map[string]interface{} `json:"handler_meta"`
}

// EventHandlerMetaConfig are the handlers of events.
type EventHandlerMetaConfig struct {
	Events map[TykEvent][]EventHandlerTriggerConfig `json:"events"`
}

// APIDefinition is a Classic API definition. Changing one that a request carries has no effect.
type APIDefinition struct {
	Id                            string                 `json:"id,omitempty"`
	Name                          string                 `json:"name"`
	Expiration                    string                 `json:"expiration,omitempty"`
	Slug                          string                 `json:"slug"`
	ListenPort                    int                    `json:"listen_port"`
	Protocol                      string                 `json:"protocol"`
	EnableProxyProtocol           bool                   `json:"enable_proxy_protocol"`
	APIID                         string                 `json:"api_id"`
	OrgID                         string                 `json:"org_id"`
	UseKeylessAccess              bool                   `json:"use_keyless"`
	UseOauth2                     bool                   `json:"use_oauth2"`
	UseOpenID                     bool                   `json:"use_openid"`
	AuthConfigs                   map[string]AuthConfig  `json:"auth_configs"`
	Auth                          AuthConfig             `json:"auth"`
	UseBasicAuth                  bool                   `json:"use_basic_auth"`
	UseMutualTLSAuth              bool                   `json:"use_mutual_tls_auth"`
	ClientCertificates            []string               `json:"client_certificates"`
	UpstreamCertificates          map[string]string      `json:"upstream_certificates"`
	PinnedPublicKeys              map[string]string      `json:"pinned_public_keys"`
	EnableJWT                     bool                   `json:"enable_jwt"`
	UseStandardAuth               bool                   `json:"use_standard_auth"`
	UseGoPluginAuth               bool                   `json:"use_go_plugin_auth"`
	EnableCoProcessAuth           bool                   `json:"enable_coprocess_auth"`
	CustomPluginAuthEnabled       bool                   `json:"custom_plugin_auth_enabled"`
	JWTSigningMethod              string                 `json:"jwt_signing_method"`
	JWTSource                     string                 `json:"jwt_source"`
	JWTIdentityBaseField          string                 `json:"jwt_identity_base_field"`
	JWTClientIDBaseField          string                 `json:"jwt_client_base_field"`
	JWTPolicyFieldName            string                 `json:"jwt_policy_field_name"`
	JWTDefaultPolicies            []string               `json:"jwt_default_policies"`
	EnableSignatureChecking       bool                   `json:"enable_signature_checking"`
	HmacAllowedClockSkew          float64                `json:"hmac_allowed_clock_skew"`
	HmacAllowedAlgorithms         []string               `json:"hmac_allowed_algorithms"`
	BaseIdentityProvidedBy        AuthTypeEnum           `json:"base_identity_provided_by"`
	VersionDefinition             VersionDefinition      `json:"definition"`
	VersionData                   VersionData            `json:"version_data"`
	Proxy                         ProxyConfig            `json:"proxy"`
	DisableRateLimit              bool                   `json:"disable_rate_limit"`
	DisableQuota                  bool                   `json:"disable_quota"`
	CustomMiddleware              MiddlewareSection      `json:"custom_middleware"`
	CustomMiddlewareBundle        string                 `json:"custom_middleware_bundle"`
	CustomMiddlewareBundleEnabled bool                   `json:"-"`
	CustomMiddlewareBundleDisable bool                   `json:"custom_middleware_bundle_disabled"`
	CacheOptions                  CacheOptions           `json:"cache_options"`
	SessionLifetime               int64                  `json:"session_lifetime"`
	Active                        bool                   `json:"active"`
	Internal                      bool                   `json:"internal"`
	AuthProvider                  map[string]interface{} `json:"auth_provider"`
	SessionProvider               map[string]interface{} `json:"session_provider"`
	EventHandlers                 EventHandlerMetaConfig `json:"event_handlers"`
	EnableBatchRequestSupport     bool                   `json:"enable_batch_request_support"`
	EnableIpWhiteListing          bool                   `json:"enable_ip_whitelisting"`
	AllowedIPs                    []string               `json:"allowed_ips"`
	EnableIpBlacklisting          bool                   `json:"enable_ip_blacklisting"`
	BlacklistedIPs                []string               `json:"blacklisted_ips"`
	DontSetQuotasOnCreate         bool                   `json:"dont_set_quota_on_create"`
	ExpireAnalyticsAfter          int64                  `json:"expire_analytics_after"`
	ResponseProcessors            []ResponseProcessor    `json:"response_processors"`
	CORS                          CORSConfig             `json:"CORS"`
	Domain                        string                 `json:"domain"`
	DomainDisabled                bool                   `json:"domain_disabled"`
	Certificates                  []string               `json:"certificates"`
	DoNotTrack                    bool                   `json:"do_not_track"`
	EnableContextVars             bool                   `json:"enable_context_vars"`
	ConfigData                    map[string]interface{} `json:"config_data"`
	ConfigDataDisabled            bool                   `json:"config_data_disabled"`
	TagHeaders                    []string               `json:"tag_headers"`
	GlobalRateLimit               GlobalRateLimit        `json:"global_rate_limit"`
	StripAuthData                 bool                   `json:"strip_auth_data"`
	EnableDetailedRecording       bool                   `json:"enable_detailed_recording"`
	AnalyticsPlugin               AnalyticsPluginConfig  `json:"analytics_plugin"`
	Tags                          []string               `json:"tags"`
	TagsDisabled                  bool                   `json:"tags_disabled"`
	IsOAS                         bool                   `json:"is_oas,omitempty"`
	CreatedAt                     *time.Time             `json:"created_at,omitempty"`
}

// DecodeDefinition reads the JSON of a Classic definition and prepares what the gateway prepares:
// the list of targets.
func DecodeDefinition(text []byte) (*APIDefinition, error) {
	definition := &APIDefinition{}
	// A field of another type than here is left empty; the gateway has accepted the definition.
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(text, definition); err != nil && !errors.As(err, &other) {
		return nil, err
	}
	definition.CustomMiddlewareBundleEnabled = !definition.CustomMiddlewareBundleDisable
	definition.Proxy.StructuredTargetList = NewHostListFromList(definition.Proxy.Targets)
	return definition, nil
}

// HostList is a list of targets that several requests may use at once.
type HostList struct {
	mutex sync.RWMutex
	hosts []string
}

// NewHostList answers an empty list.
func NewHostList() *HostList { return &HostList{hosts: []string{}} }

// NewHostListFromList answers a list of these targets.
func NewHostListFromList(hosts []string) *HostList {
	list := NewHostList()
	list.Set(hosts)
	return list
}

// Set replaces the targets.
func (h *HostList) Set(hosts []string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.hosts = append([]string{}, hosts...)
}

// All answers the targets.
func (h *HostList) All() []string {
	h.mutex.RLock()
	defer h.mutex.RUnlock()
	return append([]string{}, h.hosts...)
}

// GetIndex answers the target at a place of the list.
func (h *HostList) GetIndex(i int) (string, error) {
	h.mutex.RLock()
	defer h.mutex.RUnlock()
	if i < 0 || i >= len(h.hosts) {
		return "", errors.New("index out of range")
	}
	return h.hosts[i], nil
}

// Len answers how many targets there are.
func (h *HostList) Len() int {
	h.mutex.RLock()
	defer h.mutex.RUnlock()
	return len(h.hosts)
}
