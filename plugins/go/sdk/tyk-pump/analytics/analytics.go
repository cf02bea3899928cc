// Package analytics describes a traffic record of the gateway, as a plugin may change it before it
// is stored.
package analytics

import "time"

// NetworkStats counts connections and bytes of a request.
type NetworkStats struct {
	OpenConnections  int64 `json:"open_connections"`
	ClosedConnection int64 `json:"closed_connections"`
	BytesIn          int64 `json:"bytes_in"`
	BytesOut         int64 `json:"bytes_out"`
}

// Latency of a request, in milliseconds.
type Latency struct {
	Total    int64 `json:"total"`
	Upstream int64 `json:"upstream"`
	Gateway  int64 `json:"gateway"`
}

// Country of a client.
type Country struct {
	ISOCode string `maxminddb:"iso_code" json:"iso_code"`
}

// City of a client.
type City struct {
	GeoNameID uint              `maxminddb:"geoname_id" json:"geoname_id"`
	Names     map[string]string `maxminddb:"names" json:"names"`
}

// Location of a client.
type Location struct {
	Latitude  float64 `maxminddb:"latitude" json:"latitude"`
	Longitude float64 `maxminddb:"longitude" json:"longitude"`
	TimeZone  string  `maxminddb:"time_zone" json:"time_zone"`
}

// GeoData says where a client is.
type GeoData struct {
	Country  Country  `maxminddb:"country" json:"country"`
	City     City     `maxminddb:"city" json:"city"`
	Location Location `maxminddb:"location" json:"location"`
}

// GraphError is one error of a GraphQL answer.
type GraphError struct {
	Message string        `json:"message"`
	Path    []interface{} `json:"path"`
}

// OperationType of a GraphQL request.
type OperationType int

// Kinds of GraphQL operations.
const (
	OperationUnknown OperationType = iota
	OperationQuery
	OperationMutation
	OperationSubscription
)

// GraphQLStats describes a GraphQL request.
type GraphQLStats struct {
	IsGraphQL     bool                `json:"is_graphql"`
	Variables     string              `json:"variables"`
	RootFields    []string            `json:"root_fields"`
	Types         map[string][]string `json:"types"`
	Errors        []GraphError        `json:"errors"`
	OperationType OperationType       `json:"operation_type"`
	HasErrors     bool                `json:"has_errors"`
}

// MCPStats describes a call of the model context protocol.
type MCPStats struct {
	IsMCP         bool   `json:"is_mcp"`
	JSONRPCMethod string `json:"jsonrpc_method"`
	PrimitiveType string `json:"primitive_type"`
	PrimitiveName string `json:"primitive_name"`
	ErrorCode     int    `json:"error_code"`
}

// AnalyticsRecord is one request in the traffic log. Every field may be changed by a plugin.
type AnalyticsRecord struct {
	Method         string       `json:"method"`
	Host           string       `json:"host"`
	Path           string       `json:"path"`
	RawPath        string       `json:"raw_path"`
	ContentLength  int64        `json:"content_length"`
	UserAgent      string       `json:"user_agent"`
	Day            int          `json:"day"`
	Month          time.Month   `json:"month"`
	Year           int          `json:"year"`
	Hour           int          `json:"hour"`
	ResponseCode   int          `json:"response_code"`
	APIKey         string       `json:"api_key"`
	TimeStamp      time.Time    `json:"timestamp"`
	APIVersion     string       `json:"api_version"`
	APIName        string       `json:"api_name"`
	APIID          string       `json:"api_id"`
	OrgID          string       `json:"org_id"`
	OauthID        string       `json:"oauth_id"`
	RequestTime    int64        `json:"request_time"`
	RawRequest     string       `json:"raw_request"`
	RawResponse    string       `json:"raw_response"`
	IPAddress      string       `json:"ip_address"`
	Geo            GeoData      `json:"geo"`
	Network        NetworkStats `json:"network"`
	Latency        Latency      `json:"latency"`
	Tags           []string     `json:"tags"`
	Alias          string       `json:"alias"`
	TrackPath      bool         `json:"track_path"`
	ExpireAt       time.Time    `json:"expireAt"`
	ApiSchema      string       `json:"api_schema"`
	GraphQLStats   GraphQLStats `json:"graphql_stats"`
	MCPStats       MCPStats     `json:"mcp_stats"`
	CollectionName string       `json:"-"`
	OriginalPath   string       `json:"original_path,omitempty"`
	ListenPath     string       `json:"listen_path,omitempty"`
}

// SetExpiry says after how many seconds the record may be removed; 0 and below: in a hundred years.
func (a *AnalyticsRecord) SetExpiry(expiresInSeconds int64) {
	expiry := time.Duration(expiresInSeconds) * time.Second
	if expiresInSeconds <= 0 {
		expiry = 24 * 365 * 100 * time.Hour
	}
	a.ExpireAt = time.Now().Add(expiry)
}
