// Limits how often one address may ask, before anything else is done with a request.
//
//	"config_data": {"requests_per_second": 5}
package main

import (
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/TykTechnologies/tyk/ctx"
)

const maxAddresses = 100000

// bucket fills with time and loses one drop a request.
type bucket struct {
	drops float64
	seen  time.Time
}

var (
	mutex   sync.Mutex
	buckets = map[string]*bucket{}
)

// LimitAddress is a pre hook.
func LimitAddress(rw http.ResponseWriter, r *http.Request) {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	if allowed(address, perSecond(r), time.Now()) {
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Retry-After", "1")
	rw.WriteHeader(http.StatusTooManyRequests)
	_ = json.NewEncoder(rw).Encode(map[string]string{"error": "slow down"})
}

func perSecond(r *http.Request) float64 {
	if definition := ctx.GetDefinition(r); definition != nil {
		if rate, ok := definition.ConfigData["requests_per_second"].(float64); ok && rate > 0 {
			return rate
		}
	}
	return 10
}

func allowed(address string, rate float64, now time.Time) bool {
	mutex.Lock()
	defer mutex.Unlock()
	b := buckets[address]
	if b == nil {
		if len(buckets) >= maxAddresses {
			buckets = map[string]*bucket{} // everybody starts anew: memory has an end
		}
		b = &bucket{drops: rate, seen: now}
		buckets[address] = b
	}
	b.drops += now.Sub(b.seen).Seconds() * rate
	if b.drops > rate {
		b.drops = rate
	}
	b.seen = now
	if b.drops < 1 {
		return false
	}
	b.drops--
	return true
}
