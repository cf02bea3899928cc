// Counts requests of each client in the gateway's Redis.
package main

import (
	"context"
	"net"
	"net/http"
	"strconv"

	"github.com/TykTechnologies/tyk/config"
	"github.com/TykTechnologies/tyk/log"
	"github.com/TykTechnologies/tyk/storage"
)

var (
	logger = log.Get()
	store  storage.RedisCluster
)

func init() {
	conf := config.Global()
	controller := storage.NewRedisController(context.Background())
	go controller.ConnectToRedis(context.Background(), nil, &conf)
	store = storage.RedisCluster{KeyPrefix: "plugin-counter:", HashKeys: conf.HashKeys, RedisController: controller}
}

// Count runs as a pre hook. Without Redis requests pass uncounted.
func Count(rw http.ResponseWriter, r *http.Request) {
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	text, err := store.GetKey(address)
	if err != nil && err != storage.ErrKeyNotFound {
		logger.WithField("error", err).Warn("not counted")
		return
	}
	count, _ := strconv.Atoi(text)
	count++
	if err := store.SetKey(address, strconv.Itoa(count), 3600); err != nil {
		logger.Error("not counted: ", err)
		return
	}
	r.Header.Set("X-Count", strconv.Itoa(count))
}
