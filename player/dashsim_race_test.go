//go:build race

package player_test

const dashSimSeeds = 40
