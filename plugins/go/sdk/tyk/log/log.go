// Package log gives plugins the gateway's log.
package log

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"

	"github.com/TykTechnologies/tyk/tykpp/host"
)

var (
	once   sync.Once
	logger *logrus.Logger
)

// Get answers the logger whose lines appear in the gateway's log, fields as name=value behind the
// message. The gateway's own log level decides what is written.
//
// Fatal does not end the process, which is the gateway: it panics, which ends the request with an
// error.
func Get() *logrus.Logger {
	once.Do(func() {
		logger = logrus.New()
		logger.SetOutput(io.Discard)
		logger.SetFormatter(silent{})
		logger.SetLevel(logrus.DebugLevel)
		logger.AddHook(forward{})
		logger.ExitFunc = func(code int) {
			panic(fmt.Sprintf("the plugin asked to end the process (code %d) by a fatal log line", code))
		}
	})
	return logger
}

// silent formats nothing: lines leave through the hook.
type silent struct{}

func (silent) Format(*logrus.Entry) ([]byte, error) { return nil, nil }

// forward hands lines to the gateway.
type forward struct{}

func (forward) Levels() []logrus.Level { return logrus.AllLevels }

func (forward) Fire(entry *logrus.Entry) error {
	host.Log(level(entry.Level), line(entry))
	return nil
}

func level(l logrus.Level) int {
	switch l {
	case logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel:
		return host.LogError
	case logrus.WarnLevel:
		return host.LogWarn
	case logrus.InfoLevel:
		return host.LogInfo
	}
	return host.LogDebug
}

func line(entry *logrus.Entry) string {
	if len(entry.Data) == 0 {
		return entry.Message
	}
	names := make([]string, 0, len(entry.Data))
	for name := range entry.Data {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	text.WriteString(entry.Message)
	for _, name := range names {
		text.WriteString(" " + name + "=" + host.Quote(fmt.Sprint(entry.Data[name])))
	}
	return text.String()
}
