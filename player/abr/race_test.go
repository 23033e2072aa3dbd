//go:build race

package abr_test

const raceEnabled = true
