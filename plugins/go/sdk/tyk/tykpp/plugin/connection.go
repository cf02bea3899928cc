package plugin

import (
	"crypto/tls"
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

// Go's numbers of what the gateway tells by name.
var (
	versions = map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12,
		"TLSv1.3": tls.VersionTLS13}
	suites = suiteNumbers()
)

func suiteNumbers() map[string]uint16 {
	numbers := map[string]uint16{}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		numbers[suite.Name] = suite.ID
	}
	return numbers
}

// connection is what a plugin reads in r.TLS. Of a cipher suite that Go does not know the number is 0;
// so it is with gateways that tell no more than that there is TLS.
func connection(version, suite, name, chain string) *tls.ConnectionState {
	return &tls.ConnectionState{
		HandshakeComplete: true,
		Version:           versions[version],
		CipherSuite:       suites[suite],
		ServerName:        name,
		PeerCertificates:  certificates(chain),
	}
}
