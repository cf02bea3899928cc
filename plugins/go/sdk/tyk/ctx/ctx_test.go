package ctx_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/TykTechnologies/tyk/apidef"
	"github.com/TykTechnologies/tyk/ctx"
	"github.com/TykTechnologies/tyk/tykpp/exchange"
	"github.com/TykTechnologies/tyk/user"
)

// gateway plays one request's host.
type gateway struct {
	texts        map[int]string
	session, key string
	gone         func()
}

func (g *gateway) Text(field int) (string, bool) { text, ok := g.texts[field]; return text, ok }
func (g *gateway) Session() (string, string, bool) {
	return g.session, g.key, g.session != ""
}
func (g *gateway) OnGone(gone func()) bool { g.gone = gone; return true }

const classic = `{"api_id": "a", "name": "n", "config_data": {"list": [1, "two"]},
  "proxy": {"listen_path": "/n/", "target_list": ["http://one", "http://two"], "enable_load_balancing": true}}`

const open = `{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {},
  "x-tyk-api-gateway": {"info": {"name": "n", "id": "o", "state": {"active": true}}, "upstream": {"url": "http://u"},
    "server": {"listenPath": {"value": "/n/"}},
    "middleware": {"global": {"pluginConfig": {"data": {"enabled": true, "value": {"word": "oas"}}}}}}}`

func TestOutsideTheGatewayTheContextCarriesAll(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	if ctx.GetSession(r) != nil || ctx.GetDefinition(r) != nil || ctx.GetOASDefinition(r) != nil || ctx.GetAuthToken(r) != "" {
		t.Error("something is there")
	}
	session := &user.SessionState{Alias: "a"}
	ctx.SetSession(r, session, true)
	ctx.SetDefinition(r, &apidef.APIDefinition{Name: "n"})
	if ctx.GetSession(r) != session || ctx.GetDefinition(r).Name != "n" || !session.IsModified() {
		t.Error("not kept")
	}
}

func TestSettingNoSessionPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it did not")
		}
	}()
	ctx.SetSession(httptest.NewRequest("GET", "/", nil), nil, true)
}

func TestTheOldFormNamesTheKey(t *testing.T) {
	x := &exchange.Exchange{}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(&gateway{}))
	ctx.SetSession(r, &user.SessionState{Alias: "a"}, "key", true)
	text, key, ok := x.Changed(r.Context())
	if !ok || key != "key" || !strings.Contains(string(text), `"alias":"a"`) || ctx.GetAuthToken(r) != "key" {
		t.Error(string(text), key, ok)
	}
}

func TestTheSessionIsLiveFromHookToHook(t *testing.T) {
	x := &exchange.Exchange{}
	host := &gateway{session: `{"alias": "a", "future_field": 7}`, key: "k"}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(host))
	session := ctx.GetSession(r)
	if session.Alias != "a" || session.KeyID != "k" {
		t.Fatalf("%+v", session)
	}
	if _, _, ok := x.Changed(r.Context()); ok {
		t.Error("changed by reading")
	}
	x.Leave(r.Context())
	r = r.WithContext(x.Enter(host))
	if ctx.GetSession(r) != session {
		t.Error("another object")
	}
	session.Alias = "b"
	text, key, ok := x.Changed(r.Context())
	var back map[string]interface{}
	if err := json.Unmarshal(text, &back); err != nil || !ok || key != "k" || back["alias"] != "b" || back["future_field"] != 7.0 {
		t.Error(string(text), key, ok, err)
	}
	x.Leave(r.Context())
	host.session = `{"alias": "c"}` // the gateway changed it in between
	x.Enter(host)
	if again := ctx.GetSession(r); again != session || again.Alias != "c" {
		t.Errorf("%+v", again)
	}
}

func TestAClassicAPIHasAClassicDefinitionOnly(t *testing.T) {
	x := &exchange.Exchange{}
	host := &gateway{texts: map[int]string{exchange.TextAPIID: "a", exchange.TextAPIDefinition: classic, exchange.TextAPIFormat: "classic"}}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(host))
	first := ctx.GetDefinition(r)
	if first.Name != "n" || first.Proxy.ListenPath != "/n/" || first.Proxy.StructuredTargetList.Len() != 2 {
		t.Fatalf("%+v", first)
	}
	first.Name = "changed"
	first.ConfigData["list"].([]interface{})[0] = "changed"
	first.Proxy.StructuredTargetList.Set(nil)
	second := ctx.GetDefinition(r)
	text, _ := json.Marshal(second.ConfigData)
	if second.Name != "n" || string(text) != `{"list":[1,"two"]}` || second.Proxy.StructuredTargetList.Len() != 2 {
		t.Errorf("a change came through: %+v %s", second, text)
	}
	if ctx.GetOASDefinition(r) != nil {
		t.Error("an OAS definition as well")
	}
}

func TestAnOASAPIHasATypedExtension(t *testing.T) {
	x := &exchange.Exchange{}
	host := &gateway{texts: map[int]string{exchange.TextAPIID: "o", exchange.TextAPIDefinition: open, exchange.TextAPIFormat: "oas"}}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(host))
	document := ctx.GetOASDefinition(r)
	extension := document.GetTykExtension()
	if document.Info.Title != "t" || extension == nil || extension.Middleware.Global.PluginConfig.Data.Value["word"] != "oas" {
		t.Fatalf("%+v", document)
	}
	extension.Middleware.Global.PluginConfig.Data.Value["word"] = "changed"
	document.Info.Title = "changed"
	again := ctx.GetOASDefinition(r)
	if again.Info.Title != "t" || again.GetTykExtension().Middleware.Global.PluginConfig.Data.Value["word"] != "oas" {
		t.Error("a change came through")
	}
	if ctx.GetDefinition(r) != nil {
		t.Error("a Classic definition as well")
	}
}

func TestOlderGatewaysTellThePartsOfADefinition(t *testing.T) {
	x := &exchange.Exchange{}
	host := &gateway{texts: map[int]string{exchange.TextAPIID: "a", exchange.TextAPIName: "n", exchange.TextConfigData: `{"a": 1}`}}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(host))
	if got := ctx.GetDefinition(r); got.APIID != "a" || got.Name != "n" || got.ConfigData["a"] != 1.0 {
		t.Errorf("%+v", got)
	}
}

func TestDataAndContextValuesSurviveHooks(t *testing.T) {
	type own struct{}
	x := &exchange.Exchange{}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(&gateway{}))
	r.Context().Value(ctx.ContextData).(map[string]interface{})["a"] = 1
	ended, end := context.WithCancel(context.WithValue(r.Context(), own{}, "kept"))
	*r = *r.WithContext(ended)
	end()
	if !x.Leave(r.Context()) {
		t.Error("nothing to keep")
	}
	next := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(&gateway{}))
	if next.Context().Value(own{}) != "kept" || next.Context().Value(ctx.ContextData).(map[string]interface{})["a"] != 1 {
		t.Error("lost")
	}
	if next.Context().Err() != nil {
		t.Error("a context that the plugin ended ends the next hook")
	}
}

func TestPlainContextValuesSurviveHooks(t *testing.T) {
	type own struct{}
	x := &exchange.Exchange{}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(&gateway{}))
	*r = *r.WithContext(context.WithValue(r.Context(), own{}, "kept"))
	x.Leave(r.Context())
	next := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(&gateway{}))
	if next.Context().Value(own{}) != "kept" || exchange.From(next) != x {
		t.Error("lost")
	}
}

func TestTheContextEndsWhenTheClientLeaves(t *testing.T) {
	x := &exchange.Exchange{}
	host := &gateway{}
	r := httptest.NewRequest("GET", "/", nil).WithContext(x.Enter(host))
	done := r.Context().Done()
	host.gone()
	<-done
	if r.Context().Err() != context.Canceled {
		t.Error(r.Context().Err())
	}
}
