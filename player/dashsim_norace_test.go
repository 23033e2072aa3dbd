//go:build !race && !js

package player_test

const (
	dashSimSeeds = 400
	sparse       = 1
)
