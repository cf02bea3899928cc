// A header on every request: the smallest plugin there is.
package main

import "net/http"

// AddFooBar runs as a pre hook (or at any other request hook).
func AddFooBar(rw http.ResponseWriter, r *http.Request) {
	r.Header.Set("Foo", "Bar")
}
