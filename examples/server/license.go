package main

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

const maxRequest = 64 << 10 // bytes; a request for a thousand keys takes half of it

// license is a licence server for Clear Key: https://www.w3.org/TR/encrypted-media-2/#clear-key-request-format.
// Every refusal is JSON, {"error": "what is wrong and what is wanted"}.
type license struct {
	keys   keys
	token  string // demanded if not empty
	origin string // of another site whose pages may ask, or ""
}

// refusal is an answer other than a licence.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

type licenseRequest struct {
	Kids []string `json:"kids"`
	Type string   `json:"type"`
}

type jwk struct {
	Kty string `json:"kty"`
	Kid string `json:"kid"`
	K   string `json:"k"`
}

type jwkSet struct {
	Keys []jwk  `json:"keys"`
	Type string `json:"type"`
}

func (l license) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if l.share(w, r) {
		return
	}
	set, err := l.answer(w, r)
	if err == nil {
		reply(w, http.StatusOK, set)
		return
	}
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = &refusal{http.StatusBadRequest, err.Error()}
	}
	switch refused.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="keystream"`)
	}
	reply(w, refused.status, map[string]string{"error": refused.reason})
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
}

// share lets pages of the one other site that is allowed ask and read (CORS), and answers their browsers' preflight requests.
func (l license) share(w http.ResponseWriter, r *http.Request) (answered bool) {
	if l.origin == "" {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	if r.Header.Get("Origin") != l.origin {
		return false
	}
	header.Set("Access-Control-Allow-Origin", l.origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	header.Set("Access-Control-Allow-Methods", http.MethodPost)
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

func (l license) answer(w http.ResponseWriter, r *http.Request) (jwkSet, error) {
	if r.Method != http.MethodPost {
		return jwkSet{}, refuse(http.StatusMethodNotAllowed, "method %s: want POST with a Clear Key licence request", r.Method)
	}
	if err := l.authorise(r); err != nil {
		return jwkSet{}, err
	}
	if err := checkType(r.Header.Get("Content-Type")); err != nil {
		return jwkSet{}, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return jwkSet{}, refuse(http.StatusRequestEntityTooLarge, "the request has more than %d bytes", maxRequest)
	}
	if err != nil {
		return jwkSet{}, refuse(http.StatusBadRequest, "the request broke off: %v", err)
	}
	request, err := parseRequest(body)
	if err != nil {
		return jwkSet{}, err
	}
	return l.license(request)
}

func (l license) authorise(r *http.Request) error {
	if l.token == "" {
		return nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return refuse(http.StatusUnauthorized, "no token: want the header Authorization: Bearer TOKEN")
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(l.token)) != 1 {
		return refuse(http.StatusForbidden, "the token is not the one that this server was started with (-token)")
	}
	return nil
}

// checkType takes what fetch sends for a string or for bytes, besides JSON's own type. Forms are refused: no player sends them.
func checkType(value string) error {
	kind, _, err := mime.ParseMediaType(value)
	switch {
	case value == "", err == nil && (kind == "application/json" || kind == "application/octet-stream" || kind == "text/plain"):
		return nil
	}
	return refuse(http.StatusUnsupportedMediaType, "Content-Type %.80q: want application/json", value)
}

func parseRequest(body []byte) (licenseRequest, error) {
	const want = `want {"kids":["base64url of a key id"],"type":"temporary"}`
	var request licenseRequest
	switch err := json.Unmarshal(body, &request); {
	case len(bytes.TrimSpace(body)) == 0:
		return request, refuse(http.StatusBadRequest, "the request is empty: %s", want)
	case bytes.HasPrefix(body, []byte("\ufeff")):
		return request, refuse(http.StatusBadRequest, "the request starts with a byte order mark: send JSON without one")
	case err != nil:
		return request, refuse(http.StatusBadRequest, "the request is not a Clear Key licence request (%v): %s", err, want)
	case len(request.Kids) == 0:
		return request, refuse(http.StatusBadRequest, "no key ids: %s", want)
	case request.Type != "" && request.Type != "temporary":
		return request, refuse(http.StatusBadRequest, "type %.40q: this server gives temporary licences only", request.Type)
	}
	return request, nil
}

func (l license) license(request licenseRequest) (jwkSet, error) {
	set := jwkSet{Keys: make([]jwk, 0, len(request.Kids)), Type: "temporary"}
	for _, text := range request.Kids {
		kid, err := parseKid(text)
		if err != nil {
			return jwkSet{}, err
		}
		key, ok := l.keys.key(kid)
		if !ok {
			return jwkSet{}, refuse(http.StatusNotFound, "no key for key id %s: add it to the file of -keys, or start the server with -master", kid)
		}
		set.Keys = append(set.Keys, jwk{Kty: "oct", Kid: text, K: base64.RawURLEncoding.EncodeToString(key[:])})
	}
	return set, nil
}

func parseKid(text string) (id, error) {
	if strings.ContainsAny(text, "+/=") {
		return id{}, refuse(http.StatusBadRequest, "key id %.40q is standard base64: want base64url (- and _ for + and /) without =", text)
	}
	kid, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return id{}, refuse(http.StatusBadRequest, "key id %.40q is not base64url", text)
	}
	if len(kid) != len(id{}) {
		return id{}, refuse(http.StatusBadRequest, "key id %.40q has %d bytes: want 16, which are 22 characters of base64url", text, len(kid))
	}
	return id(kid), nil
}
