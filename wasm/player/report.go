//go:build js && wasm

package main

import (
	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/drm"
)

// writeReport writes the members of the page's KeySystemReport.
func writeReport(json *browser.JSON, report *drm.Report) {
	json.Bool("secure", report.Secure)
	json.Bool("permitted", report.Permitted)
	json.Bool("eme", report.EME)
	json.Open("systems", '[')
	for n := range report.Systems {
		writeSystem(json, &report.Systems[n])
	}
	json.Close(']')
	json.Text("text", report.String())
}

func writeSystem(json *browser.JSON, system *drm.SystemReport) {
	json.Open("", '{')
	json.Text("keySystem", system.KeySystem)
	json.Text("granted", system.Granted)
	json.Bool("software", system.Software)
	if system.Configuration != nil {
		json.Configuration("configuration", system.Configuration)
	}
	if r := system.Refused; r != nil {
		json.Open("refused", '{')
		json.Text("element", string(r.Element))
		json.Text("value", r.Value)
		json.Text("remedy", r.Remedy)
		json.Close('}')
	}
	json.Open("findings", '[')
	for _, f := range system.Findings {
		json.Open("", '{')
		json.Text("element", string(f.Element))
		json.Text("value", f.Value)
		json.Bool("granted", f.Granted)
		json.Close('}')
	}
	json.Close(']')
	json.Close('}')
}
