// Package plugin is the runtime of a Go plugin: it stands between the gateway's C ABI
// (include/tykpp/plugin.h) and functions of the three types that Go plugins are made of. What
// `tykpp plugin build` generates registers the functions here; plugins do not import it.
package plugin

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"

	"github.com/TykTechnologies/tyk-pump/analytics"

	"github.com/TykTechnologies/tyk/tykpp/host"
)

// Function is one function that definitions can name; exactly one of Request, Response and Record is
// set.
type Function struct {
	Name     string
	Request  func(http.ResponseWriter, *http.Request)
	Response func(http.ResponseWriter, *http.Response, *http.Request)
	Record   func(*analytics.AnalyticsRecord)
	// Body says that the function may read or replace the body: of the request, or of the response.
	Body bool
}

// Init is an init function of the plugin's main package, which runs when the gateway loads the file.
type Init struct {
	Where string // file and line
	Run   func()
}

// Plugin is what a plugin file holds.
type Plugin struct {
	Name      string
	Version   string
	Inits     []Init
	Functions []Function
}

var (
	identity  struct{ name, version string }
	inits     []Init
	functions []*Function

	failures struct {
		sync.Mutex
		texts []string
	}
)

// Register says what this file holds. It is called once, from an init function.
func Register(p Plugin) {
	identity.name, identity.version = p.Name, p.Version
	// A plugin's memory is small: collecting it less often than Go does by itself costs a few
	// megabytes and saves much of the time that requests pay for it. GOGC, when it is set, decides.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	// In the gateway's own process each of its workers keeps one of Go's processors between two calls,
	// and there are as many workers as cores. Go takes them away all the time when it has no spare
	// one (see rests() in shim.c). GOMAXPROCS, when it is set, decides.
	if os.Getenv("GOMAXPROCS") == "" && os.Getenv("TYKPP_PLUGIN_HOST") != "1" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
	inits = p.Inits
	for i := range p.Functions {
		functions = append(functions, &p.Functions[i])
	}
}

// RecoverInit is deferred by init functions of the plugin's own packages: a panic becomes a load
// error instead of the end of the process.
func RecoverInit(where string) {
	if reason := recover(); reason != nil {
		initFailed(where, reason)
	}
}

func initFailed(where string, reason interface{}) {
	text := fmt.Sprintf("init in %s panicked: %v", where, reason)
	host.Log(host.LogError, "Recovered from panic while loading Go-plugin: "+text+"\n"+string(debug.Stack()))
	failures.Lock()
	failures.texts = append(failures.texts, text)
	failures.Unlock()
}

// load runs the init functions and answers the table of the file. When one of them panicked, the
// table has a single entry that no definition can name and that says why: the gateway lists the
// names a file has when it does not find the one it wants.
func load() []*Function {
	for _, init := range inits {
		runInit(init)
	}
	failures.Lock()
	defer failures.Unlock()
	if len(failures.texts) > 0 {
		functions = []*Function{{Name: "none: " + strings.Join(failures.texts, "; "), Record: func(*analytics.AnalyticsRecord) {}}}
	}
	sort.Slice(functions, func(i, j int) bool { return functions[i].Name < functions[j].Name })
	return functions
}

func runInit(init Init) {
	defer RecoverInit(init.Where)
	init.Run()
}
