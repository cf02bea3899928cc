package storage

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// murmur is MurmurHash3 (public domain, Austin Appleby) with seed 0: the 32-bit form, or the first
// 64 or all bits of the 128-bit form for 64-bit machines. Sums are big-endian, as keys are written.
type murmur struct {
	data []byte
	size int
}

func newMurmur(size int) hash.Hash { return &murmur{size: size} }

func (m *murmur) Write(p []byte) (int, error) {
	m.data = append(m.data, p...)
	return len(p), nil
}
func (m *murmur) Reset()         { m.data = nil }
func (m *murmur) Size() int      { return m.size }
func (m *murmur) BlockSize() int { return 1 }

func (m *murmur) Sum(b []byte) []byte {
	if m.size == 4 {
		return binary.BigEndian.AppendUint32(b, murmur32(m.data))
	}
	high, low := murmur128(m.data)
	b = binary.BigEndian.AppendUint64(b, high)
	if m.size == 16 {
		b = binary.BigEndian.AppendUint64(b, low)
	}
	return b
}

func murmur32(data []byte) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	var h uint32
	rest := data
	for ; len(rest) >= 4; rest = rest[4:] {
		k := bits.RotateLeft32(binary.LittleEndian.Uint32(rest)*c1, 15) * c2
		h = bits.RotateLeft32(h^k, 13)*5 + 0xe6546b64
	}
	var k uint32
	for i := len(rest) - 1; i >= 0; i-- {
		k = k<<8 | uint32(rest[i])
	}
	h ^= bits.RotateLeft32(k*c1, 15) * c2
	h ^= uint32(len(data))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func murmur128(data []byte) (uint64, uint64) {
	const c1, c2 = 0x87c37b91114253d5, 0x4cf5ad432745937f
	var h1, h2 uint64
	mix1 := func(k uint64) uint64 { return bits.RotateLeft64(k*c1, 31) * c2 }
	mix2 := func(k uint64) uint64 { return bits.RotateLeft64(k*c2, 33) * c1 }
	rest := data
	for ; len(rest) >= 16; rest = rest[16:] {
		h1 = (bits.RotateLeft64(h1^mix1(binary.LittleEndian.Uint64(rest)), 27)+h2)*5 + 0x52dce729
		h2 = (bits.RotateLeft64(h2^mix2(binary.LittleEndian.Uint64(rest[8:])), 31)+h1)*5 + 0x38495ab5
	}
	var tail [16]byte
	copy(tail[:], rest)
	h2 ^= mix2(binary.LittleEndian.Uint64(tail[8:]))
	h1 ^= mix1(binary.LittleEndian.Uint64(tail[:8]))
	h1 ^= uint64(len(data))
	h2 ^= uint64(len(data))
	h1 += h2
	h2 += h1
	h1, h2 = finish(h1), finish(h2)
	h1 += h2
	return h1, h2 + h1
}

func finish(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
