//go:build race

package cenc_test

const raceDetector = true
