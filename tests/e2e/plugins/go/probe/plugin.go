// What the end-to-end tests look through: one function a question.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/TykTechnologies/tyk-pump/analytics"
	"github.com/TykTechnologies/tyk/ctx"
	"github.com/TykTechnologies/tyk/log"
	"github.com/TykTechnologies/tyk/user"
)

var (
	logger   = log.Get()
	initials []string
)

func init() { initials = append(initials, "first") }
func init() { initials = append(initials, "second") }

// Header is the least a hook can do.
func Header(rw http.ResponseWriter, r *http.Request) {
	r.Header.Set("X-Go", "yes")
	r.Header.Del("X-Secret")
	r.Header.Add("X-Many", "added")
}

// Facts shows the request as the standard library has it.
func Facts(rw http.ResponseWriter, r *http.Request) {
	name, password, _ := r.BasicAuth()
	cookie, _ := r.Cookie("c")
	value := ""
	if cookie != nil {
		value = cookie.Value
	}
	_, hasHost := r.Header["Host"]
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(map[string]interface{}{
		"method": r.Method, "path": r.URL.Path, "raw": r.URL.RawQuery, "host": r.Host, "header_host": hasHost,
		"uri": r.RequestURI, "proto": r.Proto, "remote": r.RemoteAddr, "many": r.Header["X-Many"],
		"user": name + ":" + password, "cookie": value, "inits": initials,
	})
}

// Client tells the upstream who the client is by its certificates, and the host it asks for.
func Client(rw http.ResponseWriter, r *http.Request) {
	if r.TLS != nil {
		r.Header.Set("X-Tls", fmt.Sprintf("%x %s %s", r.TLS.Version, tls.CipherSuiteName(r.TLS.CipherSuite), r.TLS.ServerName))
		for _, certificate := range r.TLS.PeerCertificates {
			r.Header.Add("X-Client", certificate.Subject.CommonName)
		}
	}
	if host := r.URL.Query().Get("host"); host != "" {
		r.Host = host
	}
}

// Body reads twice, as two readers would.
func Body(rw http.ResponseWriter, r *http.Request) {
	first, _ := io.ReadAll(r.Body)
	second, _ := io.ReadAll(r.Body)
	r.Header.Set("X-Read", fmt.Sprintf("%d %d %d", len(first), len(second), r.ContentLength))
	if bytes.HasPrefix(first, []byte("replace")) {
		r.Body = io.NopCloser(strings.NewReader("replaced"))
		r.ContentLength = 8
	}
}

// Form parses, and leaves the body to the upstream.
func Form(rw http.ResponseWriter, r *http.Request) {
	r.Header.Set("X-Form", r.FormValue("a")+" "+r.PostFormValue("b"))
}

// Rewrite changes method and URL.
func Rewrite(rw http.ResponseWriter, r *http.Request) {
	r.Method = http.MethodPut
	query := r.URL.Query()
	query.Set("added", "by go")
	r.URL.RawQuery = query.Encode()
}

// Answer answers what the query asks for.
func Answer(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("X-Answered", "yes")
	if code, _ := strconv.Atoi(r.URL.Query().Get("code")); code > 0 {
		rw.WriteHeader(code)
		rw.Header().Set("X-Late", "too late")
		_, _ = io.WriteString(rw, r.URL.Query().Get("body"))
	}
}

// Panics in ways that plugins do.
func Panics(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Query().Get("how") {
	case "nil":
		var session *user.SessionState
		_ = session.Alias
	case "hijack":
		_, _, _ = rw.(http.Hijacker).Hijack()
	case "fatal":
		logger.Fatal("a fatal line")
	case "written":
		rw.WriteHeader(http.StatusTeapot)
		panic("after the answer")
	default:
		panic("on purpose")
	}
}

// Logs writes a line of each level.
func Logs(rw http.ResponseWriter, r *http.Request) {
	logger.WithField("fruit", "an apple").WithField("count", 3).Info("go says hello")
	logger.Debug("go says nothing")
	logger.Warnf("go warns of %d", 4)
}

// Waits blocks and uses goroutines.
func Waits(rw http.ResponseWriter, r *http.Request) {
	results := make(chan string, 3)
	for i := 0; i < 3; i++ {
		go func(i int) {
			time.Sleep(time.Duration(i) * 10 * time.Millisecond)
			results <- strconv.Itoa(i)
		}(i)
	}
	for i := 0; i < 3; i++ {
		r.Header.Add("X-Waited", <-results)
	}
}

// UntilGone waits for the client to leave.
func UntilGone(rw http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
		logger.Info("go saw the client leave")
	case <-time.After(30 * time.Second):
	}
}

// Authenticate lets in who has a key that starts with u.
func Authenticate(rw http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Authorization")
	switch {
	case key == "":
		rw.Header().Set("X-Auth", "missing")
		rw.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(rw, "token wanted")
	case key[0] == 'u':
		ctx.SetSession(r, &user.SessionState{
			Alias: "alias of " + key, KeyID: key, MetaData: map[string]interface{}{"plan": "free"}, Tags: []string{"t"},
		}, true)
	}
}

// Who reads the session and changes it.
func Who(rw http.ResponseWriter, r *http.Request) {
	session := ctx.GetSession(r)
	if session == nil {
		return // post-auth hooks run before the gateway refuses who has none
	}
	r.Header.Set("X-Who", fmt.Sprintf("%s/%s/%v/%s", session.Alias, session.KeyID, session.MetaData["plan"], ctx.GetAuthToken(r)))
	session.MetaData["plan"] = "gold"
}

// WhoNow reads the session after that.
func WhoNow(rw http.ResponseWriter, r *http.Request) {
	if session := ctx.GetSession(r); session != nil {
		r.Header.Set("X-Now", fmt.Sprint(session.MetaData["plan"]))
	}
}

// Config shows the definition.
func Config(rw http.ResponseWriter, r *http.Request) {
	if definition := ctx.GetDefinition(r); definition != nil {
		data, _ := json.Marshal(definition.ConfigData)
		r.Header.Set("X-Config", definition.APIID+" "+definition.Name+" "+string(data))
	}
}

type carried struct{}

// Put leaves things on the request.
func Put(rw http.ResponseWriter, r *http.Request) {
	r.Context().Value(ctx.ContextData).(map[string]interface{})["shared"] = "data"
	*r = *r.WithContext(context.WithValue(r.Context(), carried{}, "value"))
}

// Take finds them.
func Take(rw http.ResponseWriter, r *http.Request) {
	r.Header.Set("X-Taken", fmt.Sprint(r.Context().Value(carried{}), " ", r.Context().Value(ctx.ContextData).(map[string]interface{})["shared"]))
}

// Response edits status, fields and body.
func Response(rw http.ResponseWriter, res *http.Response, r *http.Request) {
	res.Header.Set("X-Go-Response", r.Method)
	res.Header.Del("X-Remove")
	rw.Header().Set("X-By-Writer", "yes")
	if res.StatusCode == http.StatusNotFound {
		had, _ := io.ReadAll(res.Body)
		text := "gone: " + string(had)
		res.StatusCode = http.StatusGone
		res.Body = io.NopCloser(strings.NewReader(text))
	}
}

// Refuse answers in the place of the upstream.
func Refuse(rw http.ResponseWriter, res *http.Response, r *http.Request) {
	rw.Header().Set("X-Refused", "yes")
	rw.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(rw, "refused")
}

// ResponsePanics fails a response hook.
func ResponsePanics(rw http.ResponseWriter, res *http.Response, r *http.Request) { panic("on purpose") }

// Record changes a traffic record.
func Record(record *analytics.AnalyticsRecord) {
	logger.Infof("record of %s %s %d", record.Method, record.Path, record.ResponseCode)
	record.Path = "/replaced"
}

// Number is no function.
var Number = 5

// Variable is one.
var Variable = func(rw http.ResponseWriter, r *http.Request) { r.Header.Set("X-Variable", "yes") }
