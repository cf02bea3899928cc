package main

import "github.com/TykTechnologies/tyk-pump/analytics"

// @FUNCTION@ is an analytics hook: it sees the record of every request before it is kept.
func @FUNCTION@(record *analytics.AnalyticsRecord) {
	record.UserAgent = "hidden by @NAME@"
}
