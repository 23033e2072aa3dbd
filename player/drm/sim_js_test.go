//go:build js

package drm_test

const simSeeds = 100
