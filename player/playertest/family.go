package playertest

import "strings"

// cdm is what differs between the key systems that are scripted: what they can, what they read and what they say. A key system's name chooses
// it: names of "com.widevine.alpha" and of "com.microsoft.playready" have their own, every other one speaks as Clear Key does.
type cdm interface {
	// grant is what the real ones of desktop browsers can.
	grant() Grant

	// keyIDs finds the key ids in init data, with the errors of the engine.
	keyIDs(h *Host, initDataType string, data []byte) ([][]byte, error)

	// message asks for the keys; messageType is the W3C's, or [CertificateRequest].
	message(h *Host, messageType string, ids [][]byte) []byte

	// license reads what a server answered.
	license(h *Host, response []byte) ([]heldKey, error)

	// takesCertificate says whether setServerCertificate is of use, and certificate whether a response is one.
	takesCertificate() bool
	certificate(response []byte) bool
}

// The message types that are the W3C's, and the one that is not: Widevine asks for a service certificate with a license-request message.
const (
	licenseRequestMessage    = "license-request"
	licenseRenewalMessage    = "license-renewal"
	individualizationMessage = "individualization-request"
	CertificateRequest       = "certificate-request"
)

func cdmOf(keySystem string) cdm {
	switch {
	case strings.HasPrefix(keySystem, "com.widevine.alpha"):
		return widevine{}
	case strings.HasPrefix(keySystem, "com.microsoft.playready"):
		return playReady{}
	}
	return clearKeyCDM{}
}

// clearKeyCDM is the browsers' own Clear Key.
type clearKeyCDM struct{}

func (clearKeyCDM) grant() Grant {
	return Grant{Schemes: []string{"cenc", "cbcs", "cbcs-1-9"}, InitDataTypes: []string{"cenc", "keyids", "webm"}, SessionTypes: []string{"temporary"},
		PersistentState: "not-allowed", DistinctiveIdentifier: "not-allowed"}
}

func (clearKeyCDM) keyIDs(h *Host, initDataType string, data []byte) ([][]byte, error) {
	return h.keyIDs(initDataType, data)
}

func (clearKeyCDM) message(_ *Host, messageType string, ids [][]byte) []byte {
	if messageType == individualizationMessage {
		return []byte(messageType)
	}
	return licenseRequest(ids)
}

func (clearKeyCDM) license(h *Host, response []byte) ([]heldKey, error) {
	return h.parseLicense(response)
}

func (clearKeyCDM) takesCertificate() bool  { return false }
func (clearKeyCDM) certificate([]byte) bool { return false }

// InitDataKeyIDs lists the key ids that a key system's CDM finds in init data; none where it refuses it.
func (h *Host) InitDataKeyIDs(keySystem, initDataType string, data []byte) (ids [][16]byte) {
	found, err := cdmOf(keySystem).keyIDs(h, initDataType, data)
	if err != nil {
		return nil
	}
	for _, id := range found {
		if len(id) == 16 {
			ids = append(ids, [16]byte(id))
		}
	}
	return ids
}
