// Takes what nobody should read out of the traffic log, before it is stored.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"

	"github.com/TykTechnologies/tyk-pump/analytics"
	"github.com/TykTechnologies/tyk/log"
)

var logger = log.Get()

// MaskRecord is an analytics_plugin.
func MaskRecord(record *analytics.AnalyticsRecord) {
	record.APIKey = ""
	record.IPAddress = withoutLastPart(record.IPAddress)
	record.Tags = append(record.Tags, "masked")
}

func withoutLastPart(address string) string {
	if dot := strings.LastIndexByte(address, '.'); dot >= 0 {
		return address[:dot] + ".0"
	}
	return ""
}

// DropBodies keeps status and header fields of recorded answers, without what they carried. Detailed
// recording must be on, else there is nothing to drop.
func DropBodies(record *analytics.AnalyticsRecord) {
	if record.RawResponse == "" {
		return
	}
	wire, err := base64.StdEncoding.DecodeString(record.RawResponse)
	if err != nil {
		logger.Error("the recorded answer is not base64: ", err)
		return
	}
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(wire)), nil)
	if err != nil {
		logger.Error("the recorded answer can't be parsed: ", err)
		return
	}
	answer.Body = io.NopCloser(strings.NewReader(""))
	answer.ContentLength = 0
	answer.TransferEncoding = nil
	if wire, err = httputil.DumpResponse(answer, true); err == nil {
		record.RawResponse = base64.StdEncoding.EncodeToString(wire)
	}
}
