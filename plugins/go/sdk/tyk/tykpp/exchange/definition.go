package exchange

import (
	"encoding/json"
	"reflect"
	"sync"

	"github.com/TykTechnologies/tyk/apidef"
	"github.com/TykTechnologies/tyk/apidef/oas"
	"github.com/TykTechnologies/tyk/tykpp/host"
)

// parsed is a definition as it was read from its text; never handed to a plugin itself.
type parsed struct {
	text    string
	classic *apidef.APIDefinition
	open    *oas.OAS
}

var definitions sync.Map // API id → *parsed

// shared answers the API's definition in the form it was written in, the other is null. Several
// requests have it: only copies are handed out.
func (x *Exchange) shared() (*apidef.APIDefinition, *oas.OAS) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if !x.asked && x.host != nil {
		x.asked = true
		read := read(x.host)
		x.classic, x.open = read.classic, read.open
	}
	return x.classic, x.open
}

// Definitions answers a copy of the API's definition in the form it was written in, the other is null.
func (x *Exchange) Definitions() (classic *apidef.APIDefinition, open *oas.OAS) {
	kept, document := x.shared()
	if kept != nil {
		classic = deepCopy(reflect.ValueOf(kept)).Interface().(*apidef.APIDefinition)
	}
	if document != nil {
		open = deepCopy(reflect.ValueOf(document)).Interface().(*oas.OAS)
	}
	return classic, open
}

// SetDefinition replaces what the plugin sees as the API's definition, in this hook.
func (x *Exchange) SetDefinition(classic *apidef.APIDefinition, open *oas.OAS) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.asked, x.classic, x.open = true, classic, open
}

func read(h Host) *parsed {
	id, _ := h.Text(TextAPIID)
	text, ok := h.Text(TextAPIDefinition)
	if !ok || text == "" {
		return &parsed{classic: fromFacts(h, id)}
	}
	if known, ok := definitions.Load(id); ok && known.(*parsed).text == text {
		return known.(*parsed)
	}
	fresh := &parsed{text: text}
	var err error
	if format, _ := h.Text(TextAPIFormat); format == "oas" {
		fresh.open = &oas.OAS{}
		err = json.Unmarshal([]byte(text), fresh.open)
	} else {
		fresh.classic, err = apidef.DecodeDefinition([]byte(text))
	}
	if err != nil {
		host.Log(host.LogError, "the API's definition can't be read api_id="+host.Quote(id)+" error="+host.Quote(err.Error()))
	}
	definitions.Store(id, fresh)
	return fresh
}

// fromFacts is all that gateways without TYKPP_TEXT_API_DEFINITION tell.
func fromFacts(h Host, id string) *apidef.APIDefinition {
	definition := &apidef.APIDefinition{APIID: id, Active: true}
	definition.Name, _ = h.Text(TextAPIName)
	definition.OrgID, _ = h.Text(TextOrgID)
	if data, ok := h.Text(TextConfigData); ok && data != "" {
		_ = json.Unmarshal([]byte(data), &definition.ConfigData)
	} else {
		definition.ConfigDataDisabled = true
	}
	return definition
}

// deepCopy copies what a pointer, map, slice or interface leads to. Fields that are not exported
// keep what they lead to: in definitions they are locks and notes of the parser.
func deepCopy(from reflect.Value) reflect.Value {
	switch from.Kind() {
	case reflect.Ptr:
		if from.IsNil() {
			return from
		}
		to := reflect.New(from.Type().Elem())
		if list, ok := from.Interface().(*apidef.HostList); ok {
			return reflect.ValueOf(apidef.NewHostListFromList(list.All()))
		}
		to.Elem().Set(deepCopy(from.Elem()))
		return to
	case reflect.Interface:
		if from.IsNil() {
			return from
		}
		to := reflect.New(from.Type()).Elem()
		to.Set(deepCopy(from.Elem()))
		return to
	case reflect.Map:
		if from.IsNil() {
			return from
		}
		to := reflect.MakeMapWithSize(from.Type(), from.Len())
		for each := from.MapRange(); each.Next(); {
			to.SetMapIndex(each.Key(), deepCopy(each.Value()))
		}
		return to
	case reflect.Slice:
		if from.IsNil() {
			return from
		}
		to := reflect.MakeSlice(from.Type(), from.Len(), from.Len())
		for i := 0; i < from.Len(); i++ {
			to.Index(i).Set(deepCopy(from.Index(i)))
		}
		return to
	case reflect.Struct:
		to := reflect.New(from.Type()).Elem()
		to.Set(from)
		for i := 0; i < from.NumField(); i++ {
			if to.Field(i).CanSet() {
				to.Field(i).Set(deepCopy(from.Field(i)))
			}
		}
		return to
	}
	return from
}
