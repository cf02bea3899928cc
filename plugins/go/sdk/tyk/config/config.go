// Package config shows plugins the gateway's configuration. Only what plugins use is here; names are
// those of tyk.conf.
package config

import (
	"encoding/json"
	"os"
	"strconv"
	"sync"

	"github.com/TykTechnologies/tyk/tykpp/host"
)

// StorageOptionsConf says where the gateway's Redis is.
type StorageOptionsConf struct {
	Type                  string            `json:"type"`
	Host                  string            `json:"host"`
	Port                  int               `json:"port"`
	Hosts                 map[string]string `json:"hosts"`
	Addrs                 []string          `json:"addrs"`
	MasterName            string            `json:"master_name"`
	SentinelPassword      string            `json:"sentinel_password"`
	Username              string            `json:"username"`
	Password              string            `json:"password"`
	Database              int               `json:"database"`
	MaxIdle               int               `json:"optimisation_max_idle"`
	MaxActive             int               `json:"optimisation_max_active"`
	Timeout               int               `json:"timeout"`
	EnableCluster         bool              `json:"enable_cluster"`
	UseSSL                bool              `json:"use_ssl"`
	SSLInsecureSkipVerify bool              `json:"ssl_insecure_skip_verify"`
	CAFile                string            `json:"ca_file"`
	CertFile              string            `json:"cert_file"`
	KeyFile               string            `json:"key_file"`
}

// HostAddrs answers the addresses of the Redis nodes: addrs, else hosts, else host and port.
func (s *StorageOptionsConf) HostAddrs() []string {
	if len(s.Addrs) > 0 {
		return s.Addrs
	}
	var addresses []string
	for name, port := range s.Hosts {
		addresses = append(addresses, name+":"+port)
	}
	if len(addresses) == 0 && s.Port != 0 {
		addresses = append(addresses, s.Host+":"+strconv.Itoa(s.Port))
	}
	return addresses
}

// HTTPServerOptionsConfig are settings of the listener.
type HTTPServerOptionsConfig struct {
	ReadTimeout      int    `json:"read_timeout"`
	WriteTimeout     int    `json:"write_timeout"`
	UseSSL           bool   `json:"use_ssl"`
	EnableWebSockets bool   `json:"enable_websockets"`
	ServerName       string `json:"server_name"`
}

// CoProcessConfig are settings of plugins in other languages.
type CoProcessConfig struct {
	EnableCoProcess     bool   `json:"enable_coprocess"`
	CoProcessGRPCServer string `json:"coprocess_grpc_server"`
	PythonVersion       string `json:"python_version"`
}

// Config is the gateway's configuration. Secrets of the control API are left out.
type Config struct {
	HostName                  string                  `json:"hostname"`
	ListenAddress             string                  `json:"listen_address"`
	ListenPort                int                     `json:"listen_port"`
	ControlAPIHostname        string                  `json:"control_api_hostname"`
	ControlAPIPort            int                     `json:"control_api_port"`
	Secret                    string                  `json:"secret"`
	NodeSecret                string                  `json:"node_secret"`
	TemplatePath              string                  `json:"template_path"`
	AppPath                   string                  `json:"app_path"`
	MiddlewarePath            string                  `json:"middleware_path"`
	TykJSPath                 string                  `json:"tyk_js_path"`
	LogLevel                  string                  `json:"log_level"`
	LogFormat                 string                  `json:"log_format"`
	Storage                   StorageOptionsConf      `json:"storage"`
	HashKeys                  bool                    `json:"hash_keys"`
	HashKeyFunction           string                  `json:"hash_key_function"`
	EnableHashedKeysListing   bool                    `json:"enable_hashed_keys_listing"`
	EnableAnalytics           bool                    `json:"enable_analytics"`
	EnableBundleDownloader    bool                    `json:"enable_bundle_downloader"`
	BundleBaseURL             string                  `json:"bundle_base_url"`
	EnableJSVM                bool                    `json:"enable_jsvm"`
	JSVMTimeout               int                     `json:"jsvm_timeout"`
	CoProcessOptions          CoProcessConfig         `json:"coprocess_options"`
	HttpServerOptions         HTTPServerOptionsConfig `json:"http_server_options"`
	IgnoreCanonicalMIMEHeader bool                    `json:"ignore_canonical_mime_header_key"`
	ProxyDefaultTimeout       float64                 `json:"proxy_default_timeout"`
	CloseConnections          bool                    `json:"close_connections"`

	// Guessed tells that no gateway was known yet: only the environment was asked.
	Guessed bool `json:"-"`

	// Raw is the whole configuration as JSON has it, for keys that are not named above.
	Raw map[string]interface{} `json:"-"`
}

var (
	mutex  sync.Mutex
	text   string
	parsed Config
)

// Global answers the configuration of the gateway. As long as no gateway is known, which is while
// init functions of a plugin run, it answers what the environment says about Redis.
var Global = func() Config {
	mutex.Lock()
	defer mutex.Unlock()
	now, ok := host.Text(host.GatewayConfig)
	if !ok {
		return fromEnvironment()
	}
	if now != text || parsed.Raw == nil {
		var fresh Config
		if err := json.Unmarshal([]byte(now), &fresh); err != nil {
			host.Log(host.LogError, "the gateway's configuration can't be read: "+err.Error())
		}
		_ = json.Unmarshal([]byte(now), &fresh.Raw)
		text, parsed = now, fresh
	}
	return parsed
}

// SetGlobal replaces the configuration, for tests of plugins.
func SetGlobal(conf Config) { Global = func() Config { return conf } }

func fromEnvironment() Config {
	conf := Config{Guessed: true}
	storage := &conf.Storage
	storage.Type = "redis"
	storage.Host = environment("STORAGE_HOST", "localhost")
	storage.Port, _ = strconv.Atoi(environment("STORAGE_PORT", "6379"))
	storage.Username = environment("STORAGE_USERNAME", "")
	storage.Password = environment("STORAGE_PASSWORD", "")
	storage.Database, _ = strconv.Atoi(environment("STORAGE_DATABASE", "0"))
	storage.UseSSL, _ = strconv.ParseBool(environment("STORAGE_USESSL", "false"))
	conf.HashKeys, _ = strconv.ParseBool(environment("HASHKEYS", "false"))
	return conf
}

func environment(name, otherwise string) string {
	if value, ok := os.LookupEnv("TYK_GW_" + name); ok {
		return value
	}
	return otherwise
}
