// Package exchange is what the SDK keeps of one request, from hook to hook. It is the root of the
// request's context, so that package ctx finds it there; everything that costs something is asked
// for when a plugin asks for it.
package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/TykTechnologies/tyk/apidef"
	"github.com/TykTechnologies/tyk/apidef/oas"
	"github.com/TykTechnologies/tyk/user"
)

// Key names a value of the request's context.
type Key uint

// Keys of the request's context, in the order that plugins were compiled against.
const (
	SessionData Key = iota
	UpdateSession
	AuthToken
	HashedAuthToken
	VersionData
	VersionName
	VersionDefault
	OrgSessionContext
	ContextData
	RetainHost
	TrackThisEndpoint
	DoNotTrackThisEndpoint
	UrlRewritePath
	InternalRedirectTarget
	RequestMethod
	OrigRequestURL
	LoopLevel
	LoopLevelLimit
	ThrottleLevel
	ThrottleLevelLimit
	Trace
	CheckLoopLimits
	UrlRewriteTarget
	TransformedRequestMethod
	Definition
	RequestStatus
	GraphQLRequest
	GraphQLIsWebSocketUpgrade
	CacheOptions
	OASDefinition
	SelfLooping
)

// Facts a hook can ask its host for, as include/tykpp/plugin.h numbers them.
const (
	TextAPIID         = 7
	TextAPIName       = 8
	TextOrgID         = 9
	TextConfigData    = 10
	TextAPIDefinition = 16
	TextAPIFormat     = 17
)

// Host is the running hook's side of the gateway. Its functions are called one at a time.
type Host interface {
	// Text answers a fact about the request; false when the gateway does not have it.
	Text(field int) (string, bool)
	// Session answers the session's JSON and its key; false when there is none.
	Session() (text, key string, ok bool)
	// OnGone asks for gone to be called when the client leaves; false when it never will be.
	OnGone(gone func()) bool
}

type selfKey struct{}

// Exchange is one request. It is a context.Context, so that a request of the standard library can
// carry it.
type Exchange struct {
	mutex sync.Mutex
	host  Host // null between hooks

	session *user.SessionState
	seen    []byte // the session as it was given to the plugin, in our own JSON; null: not given
	seenKey string // its key then
	text    string // the session's JSON of the gateway that `session` was read from
	data    map[string]interface{}
	classic *apidef.APIDefinition
	open    *oas.OAS
	asked   bool // for the definition, in this hook

	carried context.Context // what the last hook left on the request; null: the exchange itself
	done    chan struct{}
	err     error
	watched bool
}

// From answers the exchange that a request's context stems from; null outside the gateway.
func From(r *http.Request) *Exchange {
	if r == nil {
		return nil
	}
	if x, ok := r.Context().(*Exchange); ok {
		return x
	}
	x, _ := r.Context().Value(selfKey{}).(*Exchange)
	return x
}

// Enter begins a hook and answers the context its request starts with.
func (x *Exchange) Enter(host Host) context.Context {
	x.mutex.Lock()
	x.host, x.asked, x.classic, x.open = host, false, nil, nil
	x.seen = nil
	carried, over := x.carried, x.err != nil
	x.mutex.Unlock()
	switch {
	case carried == nil:
		return x
	case carried.Err() != nil && !over: // not under the lock: contexts ask their root, which is x
		// The plugin ended a context of its own; what it carries stays readable.
		return values{x, carried}
	}
	return carried
}

// Leave ends a hook. What the plugin put on the request is kept for the next one.
// keep tells whether there is anything to keep.
func (x *Exchange) Leave(final context.Context) (keep bool) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.host = nil
	x.carried = nil
	if own, same := final.(*Exchange); (!same || own != x) && final != nil {
		if back, _ := final.Value(selfKey{}).(*Exchange); back == x {
			x.carried = final
		}
	}
	return x.carried != nil || len(x.data) > 0 || x.session != nil || x.done != nil
}

// End cancels what still waits for the request.
func (x *Exchange) End() { x.cancel(context.Canceled) }

func (x *Exchange) cancel(err error) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.err != nil {
		return
	}
	x.err = err
	if x.done != nil {
		close(x.done)
	}
}

// Deadline implements context.Context: the gateway's time limit shows as Done.
func (x *Exchange) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context: closed when the client has left or the request is over.
func (x *Exchange) Done() <-chan struct{} {
	x.mutex.Lock()
	if x.done == nil {
		x.done = make(chan struct{})
		if x.err != nil {
			close(x.done)
		}
	}
	done, host, watched := x.done, x.host, x.watched || x.err != nil
	if host != nil {
		x.watched = true
	}
	x.mutex.Unlock()
	// Not under the lock: the gateway may call back at once.
	if !watched && host != nil {
		host.OnGone(func() { x.cancel(context.Canceled) })
	}
	return done
}

// Rewatch lets the next hook ask anew: a deferred call that is over tells nothing any more.
func (x *Exchange) Rewatch(host Host) {
	x.mutex.Lock()
	waiting := x.done != nil && x.err == nil
	x.watched = waiting
	x.mutex.Unlock()
	if waiting {
		host.OnGone(func() { x.cancel(context.Canceled) })
	}
}

// Err implements context.Context.
func (x *Exchange) Err() error {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	return x.err
}

// Value implements context.Context.
func (x *Exchange) Value(key interface{}) interface{} {
	switch key := key.(type) {
	case selfKey:
		return x
	case Key:
		return x.value(key)
	}
	return nil
}

// value answers nil of no type for what is not there, as a context does.
func (x *Exchange) value(key Key) interface{} {
	switch key {
	case SessionData:
		if session := x.Session(); session != nil {
			return session
		}
	case AuthToken:
		if token := x.Token(); token != "" {
			return token
		}
	case ContextData:
		return x.Data()
	case Definition:
		if definition, _ := x.Definitions(); definition != nil {
			return definition
		}
	case OASDefinition:
		if _, document := x.Definitions(); document != nil {
			return document
		}
	}
	return nil
}

// Data answers the map that plugins share over the hooks of a request.
func (x *Exchange) Data() map[string]interface{} {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.data == nil {
		x.data = map[string]interface{}{}
	}
	return x.data
}

// Session answers the request's session, the same object for the whole request; null when there is
// none.
func (x *Exchange) Session() *user.SessionState {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.host == nil || x.seen != nil {
		return x.session
	}
	text, key, ok := x.host.Session()
	if !ok {
		return x.session
	}
	if x.session == nil || text != x.text {
		fresh := user.SessionState{}
		var other *json.UnmarshalTypeError
		if err := json.Unmarshal([]byte(text), &fresh); err != nil && !errors.As(err, &other) {
			return x.session
		}
		if x.session == nil {
			x.session = &user.SessionState{}
		}
		*x.session = fresh
		x.text = text
	}
	if key != "" {
		x.session.KeyID = key
	}
	x.seen, x.seenKey = encode(x.session), x.session.KeyID
	return x.session
}

// SetSession makes s the request's session.
func (x *Exchange) SetSession(s *user.SessionState) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.session = s
	x.text = ""
	x.seen = []byte{} // differs from every session: it is written back
}

// Token answers the key the request was authenticated with; empty when there is none.
func (x *Exchange) Token() string {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.session != nil && x.session.KeyID != "" {
		return x.session.KeyID
	}
	if x.host != nil {
		if _, key, ok := x.host.Session(); ok {
			return key
		}
	}
	return ""
}

// Changed answers the session's JSON and key when the plugin changed it or set another one.
func (x *Exchange) Changed(final context.Context) (text []byte, key string, ok bool) {
	if final != nil && final != context.Context(x) {
		// A plugin may have put a session on the context by hand.
		if own, _ := final.Value(SessionData).(*user.SessionState); own != nil {
			x.mutex.Lock()
			foreign := own != x.session
			x.mutex.Unlock()
			if foreign {
				x.SetSession(own)
			}
		}
	}
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.seen == nil || x.session == nil {
		return nil, "", false
	}
	now := encode(x.session)
	if string(now) == string(x.seen) && x.seenKey == x.session.KeyID {
		return nil, "", false
	}
	now = merge(x.text, now)
	x.text = string(now)
	x.seen = nil
	return now, x.session.KeyID, true
}

func encode(s *user.SessionState) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return []byte{'!'} // metadata JSON cannot say: found again when it is written back
	}
	return text
}

// merge keeps the fields of the gateway's session that the SDK has no name for.
func merge(before string, now []byte) []byte {
	var old, fresh map[string]json.RawMessage
	if before == "" || json.Unmarshal([]byte(before), &old) != nil || json.Unmarshal(now, &fresh) != nil {
		return now
	}
	missing := false
	for name, value := range old {
		if _, known := fresh[name]; !known && !ownField[name] {
			fresh[name], missing = value, true
		}
	}
	if !missing {
		return now
	}
	merged, err := json.Marshal(fresh)
	if err != nil {
		return now
	}
	return merged
}

// Fields that our JSON leaves out when they are empty: absent means that the plugin emptied them.
var ownField = map[string]bool{
	"post_expiry_action": true, "post_expiry_grace_period": true, "mtls_static_certificate_bindings": true,
	"smoothing": true,
}

// values are what a context of the plugin's carries, without its end.
type values struct {
	*Exchange
	carried context.Context
}

func (v values) Value(key interface{}) interface{} { return v.carried.Value(key) }
