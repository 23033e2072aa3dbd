//go:build js

package player_test

const (
	dashSimSeeds = 10
	sparse       = 8
)
