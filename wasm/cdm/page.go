//go:build js && wasm

package main

import "unsafe"

// What web/src/cdmworker.ts does for Go. Bytes and strings go as an address in Go's memory and a length, which nothing else does without objects
// that Go would have to free.

// read fills p with the next bytes of the input, up to n, and says how many there were.
//
//go:wasmimport cdm read
func read(p unsafe.Pointer, n int32) int32

// write, initData and missing add to what comes out: clear bytes, what an "encrypted" event carries, and ids of keys.
//
//go:wasmimport cdm write
func write(p unsafe.Pointer, n int32)

//go:wasmimport cdm initData
func initData(initDataType string, p unsafe.Pointer, n int32)

//go:wasmimport cdm missing
func missing(p unsafe.Pointer, n int32)

// decrypted and failed end a decrypt.
//
//go:wasmimport cdm decrypted
func decrypted()

//go:wasmimport cdm failed
func failed(reason, message string)

// crypt begins jobs of WebCrypto. Their end is a call of "crypted", or of "refused" when nothing was done.
//
//go:wasmimport cdm crypt
func crypt(jobs unsafe.Pointer, n int32)

// forget drops what WebCrypto made of the key at an address.
//
//go:wasmimport cdm forget
func forget(key unsafe.Pointer)

// start is the address of a slice's elements; its length is less than 2^31, as all memory's is that Go can have.
func start[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

func len32[T any](s []T) int32 { return int32(len(s)) }
