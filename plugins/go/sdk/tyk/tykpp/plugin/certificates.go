package plugin

import (
	"crypto/x509"
	"sync"
)

// Clients come back on the same connection: what was parsed is kept, so that it is parsed once.
const keptChains = 256

var parsed struct {
	sync.Mutex
	chains map[string][]*x509.Certificate
}

// certificates parses what a client showed, certificates in DER one behind the other. Those that Go
// does not understand are as if there were none.
func certificates(der string) []*x509.Certificate {
	if der == "" {
		return nil
	}
	parsed.Lock()
	defer parsed.Unlock()
	if chain, known := parsed.chains[der]; known {
		return append([]*x509.Certificate(nil), chain...)
	}
	chain, err := x509.ParseCertificates([]byte(der))
	if err != nil {
		return nil
	}
	if parsed.chains == nil || len(parsed.chains) >= keptChains {
		parsed.chains = map[string][]*x509.Certificate{}
	}
	parsed.chains[der] = chain
	return append([]*x509.Certificate(nil), chain...)
}
