// Package host is what the packages of the SDK know of the gateway they run in. The plugin runtime
// fills it; everywhere else (tests of a plugin, tools) its defaults serve.
package host

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Levels of log lines, as include/tykpp/plugin.h numbers them.
const (
	LogDebug = iota
	LogInfo
	LogWarn
	LogError
)

// Facts about the gateway, as include/tykpp/plugin.h numbers them.
const (
	GatewayVersion = 0
	GatewayConfig  = 1
)

// Gateway is the process a plugin runs in.
type Gateway interface {
	// Log writes a line to the gateway's log.
	Log(level int, text string)
	// Text answers a fact about the gateway; false when it does not know it.
	Text(field int) (string, bool)
}

var current atomic.Value // holder

type holder struct{ gateway Gateway }

// Set makes gateway the one that Log and Text ask.
func Set(gateway Gateway) { current.Store(holder{gateway}) }

func get() Gateway {
	if h, ok := current.Load().(holder); ok {
		return h.gateway
	}
	return nil
}

// Log writes a line to the gateway's log, or to standard error as long as no gateway is known: while
// a plugin's init functions run, and in tests.
func Log(level int, text string) {
	if gateway := get(); gateway != nil {
		gateway.Log(level, text)
		return
	}
	names := [...]string{"debug", "info", "warning", "error"}
	if level < 0 || level >= len(names) {
		level = LogError
	}
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%s prefix=goplugin\n",
		time.Now().Format("Jan 02 15:04:05"), names[level], Quote(text))
}

// Text answers a fact about the gateway; false when none is known.
func Text(field int) (string, bool) {
	if gateway := get(); gateway != nil {
		return gateway.Text(field)
	}
	return "", false
}

// Quote makes a value of a log line: as it is when it is one plain word, else in quotes.
func Quote(text string) string {
	plain := text != ""
	for i := 0; i < len(text) && plain; i++ {
		c := text[i]
		plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.IndexByte("-._/@^+", c) >= 0
	}
	if plain {
		return text
	}
	return `"` + escaper.Replace(text) + `"`
}

var escaper = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
