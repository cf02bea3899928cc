package storage

import "testing"

// Sums of the reference implementation with seed 0.
func TestHashStrIsMurmur(t *testing.T) {
	for _, c := range []struct{ algorithm, in, want string }{
		{"murmur32", "", "00000000"},
		{"murmur32", "hello", "248bfa47"},
		{"murmur32", "hello, world", "149bbb7f"},
		{"murmur64", "hello", "cbd8a7b341bd9b02"},
		{"murmur128", "hello", "cbd8a7b341bd9b025b1e906a48ae1d19"},
		{"murmur128", "The quick brown fox jumps over the lazy dog.", "cd99481f9ee902c9695da1a38987b6e7"},
		{"sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	} {
		if got := HashStr(c.in, c.algorithm); got != c.want {
			t.Errorf("%s of %q: %s, want %s", c.algorithm, c.in, got, c.want)
		}
	}
}
