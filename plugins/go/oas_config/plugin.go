// Reads the OAS definition of the API and the data it has for plugins.
//
//	"x-tyk-api-gateway": {"middleware": {"global": {"pluginConfig": {
//	  "driver": "goplugin", "data": {"enabled": true, "value": {"team": "payments"}}}, …}}}
package main

import (
	"fmt"
	"net/http"

	"github.com/TykTechnologies/tyk/apidef/oas"
	"github.com/TykTechnologies/tyk/ctx"
	"github.com/TykTechnologies/tyk/log"
)

// NameTeam puts title and team of the API on the request.
func NameTeam(rw http.ResponseWriter, r *http.Request) {
	document := ctx.GetOASDefinition(r)
	if document == nil {
		log.Get().Warn("this API has no OAS definition")
		return
	}
	r.Header.Set("X-Api-Title", document.Info.Title)
	extension, ok := document.Extensions["x-tyk-api-gateway"].(*oas.XTykAPIGateway)
	if !ok || extension.Middleware == nil || extension.Middleware.Global == nil {
		return
	}
	if plugins := extension.Middleware.Global.PluginConfig; plugins != nil && plugins.Data != nil {
		r.Header.Set("X-Team", fmt.Sprint(plugins.Data.Value["team"]))
	}
}
