// Package storage is a small Redis client over the gateway's Redis settings.
package storage

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"hash"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/TykTechnologies/tyk/config"
	"github.com/TykTechnologies/tyk/tykpp/host"
)

// What can go wrong.
var (
	ErrKeyNotFound   = errors.New("key not found")
	ErrRedisIsDown   = errors.New("storage: Redis is either down or was not configured")
	errNotConfigured = errors.New("storage: the gateway has no Redis address")
)

// Handler is what keeps keys and values.
type Handler interface {
	GetKey(string) (string, error)
	SetKey(string, string, int64) error
	DeleteKey(string) bool
	Connect() bool
}

// RedisController holds the connections to Redis that several RedisCluster share.
type RedisController struct {
	ctx    context.Context
	mutex  sync.Mutex
	client redis.UniversalClient
	up     atomic.Value // bool
}

// NewRedisController answers a controller that is not connected; its work ends with ctx.
func NewRedisController(ctx context.Context) *RedisController {
	return &RedisController{ctx: ctx}
}

// ConnectToRedis connects and watches the connection until ctx ends. It blocks: call it in a
// goroutine. onReconnect, when not nil, is called each time the connection comes back.
func (rc *RedisController) ConnectToRedis(ctx context.Context, onReconnect func(), conf *config.Config) {
	if err := rc.open(conf); err != nil {
		host.Log(host.LogError, err.Error())
		return
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	guessed := conf == nil && config.Global().Guessed || conf != nil && conf.Guessed
	for {
		if guessed {
			guessed = !rc.reopen()
		}
		had := rc.Connected()
		if rc.ping(ctx) && !had && onReconnect != nil {
			onReconnect()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Connected tells whether Redis answered the last time it was asked.
func (rc *RedisController) Connected() bool {
	up, _ := rc.up.Load().(bool)
	return up
}

// DisableRedis makes the controller behave as if Redis were down, for tests.
func (rc *RedisController) DisableRedis(disabled bool) { rc.up.Store(!disabled) }

func (rc *RedisController) open(conf *config.Config) error {
	rc.mutex.Lock()
	defer rc.mutex.Unlock()
	if rc.client != nil {
		return nil
	}
	if conf == nil {
		global := config.Global()
		conf = &global
	}
	client, err := newClient(conf)
	if err == nil {
		rc.client = client
	}
	return err
}

// reopen replaces a connection whose address was a guess, once the gateway's is known.
func (rc *RedisController) reopen() bool {
	conf := config.Global()
	if conf.Guessed {
		return false
	}
	client, err := newClient(&conf)
	if err != nil {
		host.Log(host.LogError, err.Error())
		return true
	}
	rc.mutex.Lock()
	old := rc.client
	rc.client = client
	rc.mutex.Unlock()
	if old != nil {
		_ = old.Close()
	}
	return true
}

func (rc *RedisController) ping(ctx context.Context) bool {
	client := rc.get()
	good := client != nil && client.Ping(ctx).Err() == nil
	rc.up.Store(good)
	return good
}

func (rc *RedisController) get() redis.UniversalClient {
	rc.mutex.Lock()
	defer rc.mutex.Unlock()
	return rc.client
}

func newClient(conf *config.Config) (redis.UniversalClient, error) {
	storage := &conf.Storage
	options := &redis.UniversalOptions{
		Addrs: storage.HostAddrs(), MasterName: storage.MasterName, DB: storage.Database,
		Username: storage.Username, Password: storage.Password, SentinelPassword: storage.SentinelPassword,
		PoolSize: storage.MaxActive, MaxIdleConns: storage.MaxIdle,
	}
	if len(options.Addrs) == 0 {
		return nil, errNotConfigured
	}
	if storage.Timeout > 0 {
		timeout := time.Duration(storage.Timeout) * time.Second
		options.DialTimeout, options.ReadTimeout, options.WriteTimeout = timeout, timeout, timeout
	}
	if storage.UseSSL {
		secure, err := tlsConfig(storage)
		if err != nil {
			return nil, err
		}
		options.TLSConfig = secure
	}
	if storage.EnableCluster {
		return redis.NewClusterClient(options.Cluster()), nil
	}
	return redis.NewUniversalClient(options), nil
}

func tlsConfig(storage *config.StorageOptionsConf) (*tls.Config, error) {
	secure := &tls.Config{InsecureSkipVerify: storage.SSLInsecureSkipVerify} //nolint:gosec // the operator's choice
	if storage.CAFile != "" {
		text, err := os.ReadFile(storage.CAFile)
		if err != nil {
			return nil, err
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("storage: no certificate in " + storage.CAFile)
		}
	}
	if storage.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(storage.CertFile, storage.KeyFile)
		if err != nil {
			return nil, err
		}
		secure.Certificates = []tls.Certificate{pair}
	}
	return secure, nil
}

// ConnectionHandler is what newer plugins call their connections.
type ConnectionHandler struct {
	controller *RedisController
	ctx        context.Context
}

// NewConnectionHandler answers a handler that is not connected.
func NewConnectionHandler(ctx context.Context) *ConnectionHandler {
	return &ConnectionHandler{controller: NewRedisController(ctx), ctx: ctx}
}

// Connect connects and watches the connection until ctx ends. It blocks: call it in a goroutine.
func (h *ConnectionHandler) Connect(ctx context.Context, onConnect func(), conf *config.Config) {
	h.controller.ConnectToRedis(ctx, onConnect, conf)
}

// WaitConnect waits until Redis answers or ctx ends; true when it answers.
func (h *ConnectionHandler) WaitConnect(ctx context.Context) bool {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !h.Connected() {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}

// Connected tells whether Redis answered the last time it was asked.
func (h *ConnectionHandler) Connected() bool { return h.controller.Connected() }

// Disconnect closes the connections.
func (h *ConnectionHandler) Disconnect() error {
	h.controller.up.Store(false)
	if client := h.controller.get(); client != nil {
		return client.Close()
	}
	return nil
}

// RedisCluster keeps keys in Redis, below a prefix.
type RedisCluster struct {
	KeyPrefix         string
	IsCache           bool
	IsAnalytics       bool
	HashKeys          bool
	RedisController   *RedisController
	ConnectionHandler *ConnectionHandler
}

// NewStorageHandler answers a cluster below a prefix.
func NewStorageHandler(prefix string, hashKeys bool, handler *ConnectionHandler) *RedisCluster {
	return &RedisCluster{KeyPrefix: prefix, HashKeys: hashKeys, ConnectionHandler: handler}
}

func (r *RedisCluster) controller() *RedisController {
	if r.RedisController != nil {
		return r.RedisController
	}
	if r.ConnectionHandler != nil {
		return r.ConnectionHandler.controller
	}
	return nil
}

func (r *RedisCluster) up() (redis.UniversalClient, context.Context, error) {
	controller := r.controller()
	if controller == nil || !controller.Connected() {
		return nil, nil, ErrRedisIsDown
	}
	client := controller.get()
	if client == nil {
		return nil, nil, ErrRedisIsDown
	}
	return client, controller.ctx, nil
}

// Connect tells whether there is a connection; it is the controller that makes one.
func (r *RedisCluster) Connect() bool {
	_, _, err := r.up()
	return err == nil
}

func (r *RedisCluster) fixKey(key string) string {
	if r.HashKeys {
		key = HashKey(key, true)
	}
	return r.KeyPrefix + key
}

// GetKey answers the value of a key, or ErrKeyNotFound.
func (r *RedisCluster) GetKey(key string) (string, error) { return r.GetRawKey(r.fixKey(key)) }

// GetRawKey is GetKey without prefix and hashing.
func (r *RedisCluster) GetRawKey(key string) (string, error) {
	client, ctx, err := r.up()
	if err != nil {
		return "", err
	}
	value, err := client.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) {
		return "", ErrKeyNotFound
	}
	return value, err
}

// GetKeyTTL answers how many seconds a key still lives: -1 for ever, -2 not at all.
func (r *RedisCluster) GetKeyTTL(key string) (int64, error) {
	client, ctx, err := r.up()
	if err != nil {
		return 0, err
	}
	left, err := client.TTL(ctx, r.fixKey(key)).Result()
	if left < 0 {
		return int64(left), err
	}
	return int64(left.Seconds()), err
}

// SetKey writes a value that lives so many seconds, 0 and below for ever.
func (r *RedisCluster) SetKey(key, value string, seconds int64) error {
	return r.SetRawKey(r.fixKey(key), value, seconds)
}

// SetRawKey is SetKey without prefix and hashing.
func (r *RedisCluster) SetRawKey(key, value string, seconds int64) error {
	client, ctx, err := r.up()
	if err != nil {
		return err
	}
	var life time.Duration
	if seconds > 0 {
		life = time.Duration(seconds) * time.Second
	}
	return client.Set(ctx, key, value, life).Err()
}

// SetExp makes a key live so many seconds from now on.
func (r *RedisCluster) SetExp(key string, seconds int64) error {
	client, ctx, err := r.up()
	if err != nil {
		return err
	}
	return client.Expire(ctx, r.fixKey(key), time.Duration(seconds)*time.Second).Err()
}

// DeleteKey removes a key; true when there was one.
func (r *RedisCluster) DeleteKey(key string) bool { return r.DeleteRawKey(r.fixKey(key)) }

// DeleteRawKey is DeleteKey without prefix and hashing.
func (r *RedisCluster) DeleteRawKey(key string) bool {
	client, ctx, err := r.up()
	if err != nil {
		return false
	}
	count, err := client.Del(ctx, key).Result()
	return err == nil && count > 0
}

// Exists tells whether there is such a key.
func (r *RedisCluster) Exists(key string) (bool, error) {
	client, ctx, err := r.up()
	if err != nil {
		return false, err
	}
	count, err := client.Exists(ctx, r.fixKey(key)).Result()
	return count > 0, err
}

// IncrememntWithExpire adds one to a number and answers it; a new number lives so many seconds.
func (r *RedisCluster) IncrememntWithExpire(key string, seconds int64) int64 {
	client, ctx, err := r.up()
	if err != nil {
		return 0
	}
	name := r.fixKey(key)
	value, err := client.Incr(ctx, name).Result()
	if err == nil && value == 1 && seconds > 0 {
		client.Expire(ctx, name, time.Duration(seconds)*time.Second)
	}
	return value
}

// Decrement takes one from a number.
func (r *RedisCluster) Decrement(key string) {
	if client, ctx, err := r.up(); err == nil {
		client.Decr(ctx, r.fixKey(key))
	}
}

// GetKeys answers the names of the keys below the prefix that start with filter.
func (r *RedisCluster) GetKeys(filter string) []string {
	client, ctx, err := r.up()
	if err != nil {
		return nil
	}
	var names []string
	keys := client.Scan(ctx, 0, r.KeyPrefix+filter+"*", 100).Iterator()
	for keys.Next(ctx) {
		names = append(names, strings.TrimPrefix(keys.Val(), r.KeyPrefix))
	}
	return names
}

// AppendToSet puts a value at the end of a list.
func (r *RedisCluster) AppendToSet(key, value string) {
	if client, ctx, err := r.up(); err == nil {
		client.RPush(ctx, r.fixKey(key), value)
	}
}

// Client answers the connection itself, for what is not above; an error when there is none.
func (r *RedisCluster) Client() (redis.UniversalClient, error) {
	client, _, err := r.up()
	return client, err
}

// HashStr answers the hash of a text as the gateway hashes keys: the algorithm named, else
// hash_key_function of the configuration.
func HashStr(in string, algorithm ...string) string {
	name := config.Global().HashKeyFunction
	if len(algorithm) > 0 && algorithm[0] != "" {
		name = algorithm[0]
	}
	sum := hashFor(name)
	_, _ = sum.Write([]byte(in))
	return hex.EncodeToString(sum.Sum(nil))
}

// HashKey answers the hash of a key, or the key itself when keys are not hashed.
func HashKey(in string, hashKeys bool) string {
	if !hashKeys {
		return in
	}
	return HashStr(in)
}

func hashFor(algorithm string) hash.Hash {
	switch algorithm {
	case "sha256":
		return sha256.New()
	case "murmur64":
		return newMurmur(8)
	case "murmur128":
		return newMurmur(16)
	case "", "murmur32":
		return newMurmur(4)
	}
	host.Log(host.LogError, "unknown hash_key_function "+host.Quote(algorithm)+", murmur32 is used")
	return newMurmur(4)
}
