//go:build race

package drm_test

const simSeeds = 1_000
