// A plugin with a module of its own: another version of the SDK's module, a package below it, a
// third-party module.
package main

import (
	"net/http"

	"github.com/TykTechnologies/tyk/log"
	"github.com/google/uuid"

	"example.com/with/module/rules"
)

var Again = rules.Handler

func Tag(rw http.ResponseWriter, r *http.Request) {
	log.Get().Debug("tagged")
	r.Header.Set("X-Id", uuid.New().String())
	r.Header.Set("X-Rule", rules.Name)
}
