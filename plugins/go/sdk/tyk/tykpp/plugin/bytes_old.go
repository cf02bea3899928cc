//go:build !go1.21

package plugin

import (
	"reflect"
	"unsafe"
)

func stringData(text string) *byte {
	return (*byte)(unsafe.Pointer((*reflect.StringHeader)(unsafe.Pointer(&text)).Data))
}

func stringOf(bytes []byte) string { return *(*string)(unsafe.Pointer(&bytes)) }
