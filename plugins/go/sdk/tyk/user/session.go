// Package user describes who a request belongs to.
package user

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/TykTechnologies/tyk/apidef"
)

// HashType says how a password is kept.
type HashType string

// How passwords are kept.
const (
	HashPlainText HashType = ""
	HashBCrypt    HashType = "bcrypt"
)

// AccessSpec allows methods of one URL.
type AccessSpec struct {
	URL     string   `json:"url" msg:"url"`
	Methods []string `json:"methods" msg:"methods"`
}

// RateLimit is a number of requests in a time of seconds.
type RateLimit struct {
	Rate      float64                    `json:"rate" msg:"rate"`
	Per       float64                    `json:"per" msg:"per"`
	Smoothing *apidef.RateLimitSmoothing `json:"smoothing,omitempty" bson:"smoothing,omitempty"`
}

// Duration of one request at this rate; zero when there is no limit.
func (r RateLimit) Duration() time.Duration {
	if r.Per <= 0 || r.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) * r.Per / r.Rate)
}

// APILimit are the limits of a key on one API.
type APILimit struct {
	RateLimit
	ThrottleInterval   float64 `json:"throttle_interval" msg:"throttle_interval"`
	ThrottleRetryLimit int     `json:"throttle_retry_limit" msg:"throttle_retry_limit"`
	MaxQueryDepth      int     `json:"max_query_depth" msg:"max_query_depth"`
	QuotaMax           int64   `json:"quota_max" msg:"quota_max"`
	QuotaRenews        int64   `json:"quota_renews" msg:"quota_renews"`
	QuotaRemaining     int64   `json:"quota_remaining" msg:"quota_remaining"`
	QuotaRenewalRate   int64   `json:"quota_renewal_rate" msg:"quota_renewal_rate"`
	SetBy              string  `json:"-" msg:"-"`
}

// IsEmpty tells whether nothing is limited.
func (l APILimit) IsEmpty() bool {
	l.SetBy = ""
	return l == APILimit{}
}

// FieldLimits limits one field of a GraphQL schema.
type FieldLimits struct {
	MaxQueryDepth int `json:"max_query_depth" msg:"max_query_depth"`
}

// FieldAccessDefinition is the right to one field of a GraphQL schema.
type FieldAccessDefinition struct {
	TypeName  string      `json:"type_name" msg:"type_name"`
	FieldName string      `json:"field_name" msg:"field_name"`
	Limits    FieldLimits `json:"limits" msg:"limits"`
}

// GraphType names fields of a GraphQL type.
type GraphType struct {
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
}

// EndpointMethod limits one method of an endpoint.
type EndpointMethod struct {
	Name  string    `json:"name,omitempty" msg:"name"`
	Limit RateLimit `json:"limit,omitempty" msg:"limit"`
}

// EndpointMethods are the limited methods of an endpoint.
type EndpointMethods []EndpointMethod

// Endpoint limits a path.
type Endpoint struct {
	Path    string          `json:"path,omitempty" msg:"path"`
	Methods EndpointMethods `json:"methods,omitempty" msg:"methods"`
}

// Endpoints are limited paths.
type Endpoints []Endpoint

// AccessDefinition is the right of a key to one API.
type AccessDefinition struct {
	APIName              string                  `json:"api_name" msg:"api_name"`
	APIID                string                  `json:"api_id" msg:"api_id"`
	Versions             []string                `json:"versions" msg:"versions"`
	AllowedURLs          []AccessSpec            `json:"allowed_urls" bson:"allowed_urls" msg:"allowed_urls"`
	RestrictedTypes      []GraphType             `json:"restricted_types" msg:"restricted_types"`
	AllowedTypes         []GraphType             `json:"allowed_types" msg:"allowed_types"`
	DisableIntrospection bool                    `json:"disable_introspection" msg:"disable_introspection"`
	Limit                APILimit                `json:"limit" msg:"limit"`
	FieldAccessRights    []FieldAccessDefinition `json:"field_access_rights" msg:"field_access_rights"`
	AllowanceScope       string                  `json:"allowance_scope" msg:"allowance_scope"`
	Endpoints            Endpoints               `json:"endpoints,omitempty" msg:"endpoints,omitempty"`
}

// IsEmpty tells whether it grants nothing.
func (a AccessDefinition) IsEmpty() bool {
	text, err := json.Marshal(a)
	empty, _ := json.Marshal(AccessDefinition{})
	return err == nil && string(text) == string(empty)
}

// BasicAuthData is the password of a key.
type BasicAuthData struct {
	Password string   `json:"password" msg:"password"`
	Hash     HashType `json:"hash_type" msg:"hash_type"`
}

// JWTData is the secret that tokens of a key are signed with.
type JWTData struct {
	Secret string `json:"secret" msg:"secret"`
}

// Monitor says at which parts of the quota (percent) an event fires.
type Monitor struct {
	TriggerLimits []float64 `json:"trigger_limits" msg:"trigger_limits"`
}

// PostExpiryAction says what becomes of an expired key.
type PostExpiryAction string

// What becomes of an expired key.
const (
	PostExpiryActionRetain PostExpiryAction = "retain"
	PostExpiryActionDelete PostExpiryAction = "delete"
)

// SessionState is a key, or whoever a plugin let in. JSON names are those of stored keys.
type SessionState struct {
	LastCheck                     int64                       `json:"last_check" msg:"last_check"`
	Allowance                     float64                     `json:"allowance" msg:"allowance"`
	Rate                          float64                     `json:"rate" msg:"rate"`
	Per                           float64                     `json:"per" msg:"per"`
	ThrottleInterval              float64                     `json:"throttle_interval" msg:"throttle_interval"`
	ThrottleRetryLimit            int                         `json:"throttle_retry_limit" msg:"throttle_retry_limit"`
	MaxQueryDepth                 int                         `json:"max_query_depth" msg:"max_query_depth"`
	DateCreated                   time.Time                   `json:"date_created" msg:"date_created"`
	Expires                       int64                       `json:"expires" msg:"expires"`
	QuotaMax                      int64                       `json:"quota_max" msg:"quota_max"`
	QuotaRenews                   int64                       `json:"quota_renews" msg:"quota_renews"`
	QuotaRemaining                int64                       `json:"quota_remaining" msg:"quota_remaining"`
	QuotaRenewalRate              int64                       `json:"quota_renewal_rate" msg:"quota_renewal_rate"`
	AccessRights                  map[string]AccessDefinition `json:"access_rights" msg:"access_rights"`
	OrgID                         string                      `json:"org_id" msg:"org_id"`
	OauthClientID                 string                      `json:"oauth_client_id" msg:"oauth_client_id"`
	OauthKeys                     map[string]string           `json:"oauth_keys" msg:"oauth_keys"`
	Certificate                   string                      `json:"certificate" msg:"certificate"`
	BasicAuthData                 BasicAuthData               `json:"basic_auth_data" msg:"basic_auth_data"`
	JWTData                       JWTData                     `json:"jwt_data" msg:"jwt_data"`
	HMACEnabled                   bool                        `json:"hmac_enabled" msg:"hmac_enabled"`
	EnableHTTPSignatureValidation bool                        `json:"enable_http_signature_validation" msg:"enable_http_signature_validation"`
	HmacSecret                    string                      `json:"hmac_string" msg:"hmac_string"`
	RSACertificateId              string                      `json:"rsa_certificate_id" msg:"rsa_certificate_id"`
	IsInactive                    bool                        `json:"is_inactive" msg:"is_inactive"`
	ApplyPolicyID                 string                      `json:"apply_policy_id" msg:"apply_policy_id"`
	ApplyPolicies                 []string                    `json:"apply_policies" msg:"apply_policies"`
	DataExpires                   int64                       `json:"data_expires" msg:"data_expires"`
	Monitor                       Monitor                     `json:"monitor" msg:"monitor"`
	EnableDetailRecording         bool                        `json:"enable_detail_recording" msg:"enable_detail_recording"`
	EnableDetailedRecording       bool                        `json:"enable_detailed_recording" msg:"enable_detailed_recording"`
	MetaData                      map[string]interface{}      `json:"meta_data" msg:"meta_data"`
	Tags                          []string                    `json:"tags" msg:"tags"`
	Alias                         string                      `json:"alias" msg:"alias"`
	LastUpdated                   string                      `json:"last_updated" msg:"last_updated"`
	IdExtractorDeadline           int64                       `json:"id_extractor_deadline" msg:"id_extractor_deadline"`
	SessionLifetime               int64                       `json:"session_lifetime" msg:"session_lifetime"`
	PostExpiryAction              PostExpiryAction            `json:"post_expiry_action,omitempty"`
	PostExpiryGracePeriod         int64                       `json:"post_expiry_grace_period,omitempty"`
	MtlsStaticCertificateBindings []string                    `json:"mtls_static_certificate_bindings,omitempty"`
	Smoothing                     *apidef.RateLimitSmoothing  `json:"smoothing,omitempty" bson:"smoothing,omitempty"`

	// KeyID is the token that the session is known by: for storage, limits and traffic records.
	KeyID string `json:"-"`

	keyHash  string
	modified bool
}

// NewSessionState answers an empty session.
func NewSessionState() *SessionState { return &SessionState{} }

// Touch marks the session as changed, so that the gateway stores it.
func (s *SessionState) Touch() { s.modified = true }

// Reset takes Touch back.
func (s *SessionState) Reset() { s.modified = false }

// IsModified tells whether Touch was called.
func (s *SessionState) IsModified() bool { return s.modified }

// KeyHash answers what SetKeyHash was given.
func (s *SessionState) KeyHash() string {
	if s.keyHash == "" {
		panic("KeyHash is empty: SetKeyHash has not been called")
	}
	return s.keyHash
}

// SetKeyHash says how the key is called where keys are kept hashed.
func (s *SessionState) SetKeyHash(hash string) { s.keyHash = hash }

// KeyHashEmpty tells whether SetKeyHash was never called.
func (s *SessionState) KeyHashEmpty() bool { return s.keyHash == "" }

// PolicyIDs answers the policies of the key: ApplyPolicies, else ApplyPolicyID.
func (s *SessionState) PolicyIDs() []string {
	if len(s.ApplyPolicies) > 0 {
		return s.ApplyPolicies
	}
	if s.ApplyPolicyID != "" {
		return []string{s.ApplyPolicyID}
	}
	return nil
}

// SetPolicies replaces the policies of the key.
func (s *SessionState) SetPolicies(ids ...string) {
	s.ApplyPolicyID = ""
	s.ApplyPolicies = ids
}

// IsBasicAuth tells whether the key has a password.
func (s *SessionState) IsBasicAuth() bool { return s.BasicAuthData.Password != "" }

// MD5Hash answers the MD5 of what the session holds, in hex.
func (s *SessionState) MD5Hash() string {
	sum := md5.Sum([]byte(fmt.Sprintf("%+v", *s)))
	return hex.EncodeToString(sum[:])
}

// Clone answers a copy that shares nothing with the session.
func (s *SessionState) Clone() SessionState {
	var copied SessionState
	if text, err := json.Marshal(s); err != nil || json.Unmarshal(text, &copied) != nil {
		copied = *s // metadata that JSON cannot say: the copy shares it
	}
	copied.KeyID, copied.keyHash, copied.modified = s.KeyID, s.keyHash, s.modified
	return copied
}
