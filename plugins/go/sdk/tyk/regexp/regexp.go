// Package regexp is the standard library's package of that name under the path that plugins import
// it by.
package regexp

import "regexp"

// Regexp is a compiled expression, safe for use by several goroutines.
type Regexp = regexp.Regexp

// Compile parses an expression of RE2 syntax.
func Compile(expr string) (*Regexp, error) { return regexp.Compile(expr) }

// CompilePOSIX parses a POSIX expression.
func CompilePOSIX(expr string) (*Regexp, error) { return regexp.CompilePOSIX(expr) }

// MustCompile is Compile that panics on errors.
func MustCompile(expr string) *Regexp { return regexp.MustCompile(expr) }

// MustCompilePOSIX is CompilePOSIX that panics on errors.
func MustCompilePOSIX(expr string) *Regexp { return regexp.MustCompilePOSIX(expr) }

// MatchString tells whether s contains a match.
func MatchString(pattern, s string) (bool, error) { return regexp.MatchString(pattern, s) }

// Match tells whether b contains a match.
func Match(pattern string, b []byte) (bool, error) { return regexp.Match(pattern, b) }

// QuoteMeta answers an expression that matches s literally.
func QuoteMeta(s string) string { return regexp.QuoteMeta(s) }
