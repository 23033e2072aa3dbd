//go:build !race && !js

package drm_test

const simSeeds = 10_000
