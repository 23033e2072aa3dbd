//go:build race

package player_test

const (
	dashSimSeeds = 40
	sparse       = 8 // of the moments at which a load is interrupted, one in so many
)
