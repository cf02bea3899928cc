// Asks an OAuth 2 server whether a token is good (RFC 7662), and remembers the answer for a while.
//
//	"config_data": {"introspection_url": "https://…", "client_id": "…", "client_secret": "…"}
package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/TykTechnologies/tyk/ctx"
	"github.com/TykTechnologies/tyk/log"
	"github.com/TykTechnologies/tyk/user"
)

const (
	remembered    = 30 * time.Second
	maxRemembered = 10000
)

type token struct {
	Active   bool   `json:"active"`
	Username string `json:"username"`
	Scope    string `json:"scope"`
	Expires  int64  `json:"exp"`
	asked    time.Time
}

var (
	client = &http.Client{Timeout: 2 * time.Second}
	mutex  sync.Mutex
	known  = map[string]token{}
)

// Introspect is an auth_check hook.
func Introspect(rw http.ResponseWriter, r *http.Request) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || text == "" {
		refuse(rw, http.StatusUnauthorized, "a bearer token is wanted")
		return
	}
	answer, err := ask(r, text)
	if err != nil {
		log.Get().Error("introspection: ", err)
		refuse(rw, http.StatusBadGateway, "the token can't be checked now")
		return
	}
	if !answer.Active {
		refuse(rw, http.StatusForbidden, "the token is not active")
		return
	}
	ctx.SetSession(r, &user.SessionState{
		KeyID: text, Alias: answer.Username, Expires: answer.Expires,
		MetaData: map[string]interface{}{"scope": answer.Scope},
	}, false)
}

func ask(r *http.Request, text string) (token, error) {
	mutex.Lock()
	had, ok := known[text]
	mutex.Unlock()
	if ok && time.Since(had.asked) < remembered {
		return had, nil
	}
	config := map[string]interface{}{}
	if definition := ctx.GetDefinition(r); definition != nil {
		config = definition.ConfigData
	}
	setting := func(name string) string {
		value, _ := config[name].(string)
		return value
	}
	form := url.Values{"token": {text}}.Encode()
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, setting("introspection_url"), strings.NewReader(form))
	if err != nil {
		return token{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(setting("client_id"), setting("client_secret"))
	response, err := client.Do(request)
	if err != nil {
		return token{}, err
	}
	defer response.Body.Close()
	fresh := token{asked: time.Now()}
	if err := json.NewDecoder(response.Body).Decode(&fresh); err != nil {
		return token{}, err
	}
	mutex.Lock()
	defer mutex.Unlock()
	if len(known) >= maxRemembered {
		known = map[string]token{}
	}
	known[text] = fresh
	return fresh, nil
}

func refuse(rw http.ResponseWriter, status int, why string) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(map[string]string{"error": why})
}
