package cenc

import (
	"crypto/aes"
	"crypto/cipher"
	"reflect"
)

// Key is a content key, ready for use.
type Key struct {
	ID, Value [16]byte
	block     cipher.Block
}

// NewKey makes a key.
func NewKey(id, value [16]byte) *Key {
	k := &Key{ID: id, Value: value}
	k.block, _ = aes.NewCipher(k.Value[:]) // 16 bytes cannot be a wrong length
	return k
}

// Wipe overwrites the key, and all that was made of it, with zeros. No Decrypt may be using it.
func (k *Key) Wipe() {
	k.Value = [16]byte{}
	reflect.ValueOf(k.block).Elem().SetZero()
}
