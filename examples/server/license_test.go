package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodRequest = `{"kids":["` + filmKid64 + `"],"type":"temporary"}`

func TestLicense(t *testing.T) {
	response, body := ask(t, start(t, config{}), "POST", "/license", goodRequest)
	want := `{"keys":[{"kty":"oct","kid":"` + filmKid64 + `","k":"` + filmKey64 + `"}],"type":"temporary"}`
	if response.StatusCode != 200 || body != want {
		t.Errorf("%d %s, want %s", response.StatusCode, body, want)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": ""} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The licence server knows the keys of films in DASH, too.
func TestLicenseForDASH(t *testing.T) {
	response, body := ask(t, start(t, config{}), "POST", "/license", `{"kids":["`+dashKid64+`"]}`)
	if response.StatusCode != 200 || !strings.Contains(body, `"kid":"`+dashKid64+`","k":"`+filmKey64+`"`) {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestLicenseRefusals(t *testing.T) {
	plain := start(t, config{})
	guarded := start(t, config{token: "open sesame"})
	kids := func(kid string) string { return `{"kids":["` + kid + `"],"type":"temporary"}` }
	tests := map[string]struct {
		guarded bool
		method  string
		body    string
		headers []string
		status  int
		reason  string // a part of it
	}{
		"method":            {method: "GET", status: 405, reason: "want POST"},
		"preflight":         {method: "OPTIONS", status: 405, reason: "want POST"},
		"form":              {body: goodRequest, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, reason: "application/json"},
		"type not readable": {body: goodRequest, headers: []string{"Content-Type", ";"}, status: 415, reason: "application/json"},
		"empty":             {status: 400, reason: "empty"},
		"not JSON":          {body: "<html>", status: 400, reason: `want {"kids":`},
		"cut JSON":          {body: goodRequest[:20], status: 400, reason: "unexpected end"},
		"two requests":      {body: goodRequest + goodRequest, status: 400, reason: "after top-level value"},
		"BOM":               {body: "\ufeff" + goodRequest, status: 400, reason: "byte order mark"},
		"kids not a list":   {body: `{"kids":"x"}`, status: 400, reason: "kids"},
		"kid not a string":  {body: `{"kids":[1]}`, status: 400, reason: "kids"},
		"no kids":           {body: `{"type":"temporary"}`, status: 400, reason: "no key ids"},
		"empty kids":        {body: `{"kids":[]}`, status: 400, reason: "no key ids"},
		"type":              {body: `{"kids":["` + filmKid64 + `"],"type":"persistent-license"}`, status: 400, reason: "temporary licences only"},
		"short kid":         {body: kids("MDEy"), status: 400, reason: "has 3 bytes: want 16"},
		"padded kid":        {body: kids(filmKid64 + "=="), status: 400, reason: "base64url"},
		"standard base64":   {body: kids("+/+/+/+/+/+/+/+/+/+/+w"), status: 400, reason: "standard base64"},
		"not base64":        {body: kids("!"), status: 400, reason: "not base64url"},
		"unknown kid":       {body: kids("AAAAAAAAAAAAAAAAAAAAAQ"), status: 404, reason: "00000000000000000000000000000001"},
		"too large":         {body: strings.Repeat(" ", maxRequest+1), status: 413, reason: "65536"},
		"no token":          {guarded: true, body: goodRequest, status: 401, reason: "Authorization: Bearer"},
		"other scheme":      {guarded: true, body: goodRequest, headers: []string{"Authorization", "Basic eDp5"}, status: 401, reason: "Bearer"},
		"wrong token":       {guarded: true, body: goodRequest, headers: []string{"Authorization", "Bearer sesame"}, status: 403, reason: "token"},
	}
	for name, test := range tests {
		server := plain
		if test.guarded {
			server = guarded
		}
		if test.method == "" {
			test.method = "POST"
		}
		response, body := ask(t, server, test.method, "/license", test.body, test.headers...)
		var refused struct{ Error string }
		if err := json.Unmarshal([]byte(body), &refused); err != nil {
			t.Errorf("%s: %q: %v", name, body, err)
		}
		if response.StatusCode != test.status || !strings.Contains(refused.Error, test.reason) {
			t.Errorf("%s: %d %q, want %d with %q", name, response.StatusCode, refused.Error, test.status, test.reason)
		}
		if (response.Header.Get("WWW-Authenticate") != "") != (test.status == 401) || (response.Header.Get("Allow") != "") != (test.status == 405) {
			t.Errorf("%s: headers %v", name, response.Header)
		}
	}
	if response, _ := ask(t, guarded, "POST", "/license", goodRequest, "Authorization", "bearer open sesame"); response.StatusCode != 200 {
		t.Errorf("right token: %d", response.StatusCode)
	}
}

func TestLicenseSharing(t *testing.T) {
	const friend = "https://friend.example"
	server := start(t, config{cors: friend})
	tests := []struct {
		method, origin string
		status         int
		allowed        string
	}{
		{"OPTIONS", friend, 204, friend},
		{"POST", friend, 200, friend},
		{"POST", "", 200, ""},
		{"POST", "https://stranger.example", 200, ""},
		{"OPTIONS", "https://stranger.example", 405, ""},
	}
	for _, test := range tests {
		response, _ := ask(t, server, test.method, "/license", goodRequest, "Origin", test.origin, "Access-Control-Request-Method", "POST")
		if got := response.Header.Get("Access-Control-Allow-Origin"); response.StatusCode != test.status || got != test.allowed {
			t.Errorf("%s from %q: %d, allows %q", test.method, test.origin, response.StatusCode, got)
		}
	}
}

func TestDerivedKeys(t *testing.T) {
	const request = `{"kids":["AAAAAAAAAAAAAAAAAAAAAQ","` + filmKid64 + `"],"type":"temporary"}`
	license := func(master string) string {
		response, body := ask(t, start(t, config{master: master}), "POST", "/license", request)
		if response.StatusCode != 200 {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		return body
	}
	one, two, other := license(strings.Repeat("0b", 22)), license(strings.Repeat("0b", 22)), license(strings.Repeat("0c", 22))
	if one != two {
		t.Errorf("two servers of one secret differ: %s, %s", one, two)
	}
	if one == other {
		t.Errorf("two secrets give the same licence: %s", one)
	}
	// Computed by another implementation of RFC 5869.
	if want := `"kid":"AAAAAAAAAAAAAAAAAAAAAQ","k":"rRdqRPr75O173AEbpGu8tA"`; !strings.Contains(one, want) {
		t.Errorf("%s, want %s", one, want)
	}
	if !strings.Contains(one, filmKey64) {
		t.Errorf("%s: a film's own key gave way to the derived one", one)
	}
}

func TestKeysFromFile(t *testing.T) {
	tests := []struct {
		text string
		err  string
	}{
		{`{"00000000-0000-0000-0000-000000000001":"000102030405060708090a0b0c0d0e0f"}`, ""},
		{`{"01":"000102030405060708090a0b0c0d0e0f"}`, "32 hex digits"},
		{`{"00000000000000000000000000000001":"00010203"}`, "32 hex digits"},
		{`[]`, "JSON object"},
		{`{`, "JSON object"},
	}
	for _, test := range tests {
		name := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(name, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := config{root: repository(t), keys: name}
		if test.err != "" {
			if _, err := newHandler(c); err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v, want %q", test.text, err, test.err)
			}
			continue
		}
		response, body := ask(t, start(t, c), "POST", "/license", `{"kids":["AAAAAAAAAAAAAAAAAAAAAQ"]}`)
		if response.StatusCode != http.StatusOK || !strings.Contains(body, "AAECAwQFBgcICQoLDA0ODw") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}
}
