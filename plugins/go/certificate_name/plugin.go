// Tells the upstream the name in the client's certificate.
package main

import (
	"net/http"

	"github.com/TykTechnologies/tyk/log"
)

// NameOfCertificate is a post hook. What clients send under these names is not to be trusted, so it
// is taken away first.
func NameOfCertificate(rw http.ResponseWriter, r *http.Request) {
	r.Header.Del("X-Client-Subject")
	r.Header.Del("X-Client-Issuer")
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		log.Get().Debug("the client showed no certificate")
		return
	}
	shown := r.TLS.PeerCertificates[0]
	r.Header.Set("X-Client-Subject", shown.Subject.String())
	r.Header.Set("X-Client-Issuer", shown.Issuer.String())
}
