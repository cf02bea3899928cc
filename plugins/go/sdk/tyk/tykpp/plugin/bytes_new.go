//go:build go1.21

package plugin

import "unsafe"

func stringData(text string) *byte { return unsafe.StringData(text) }

func stringOf(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
