package playertest

import (
	"bytes"
	"slices"
)

const widevineSystem = "\xed\xef\x8b\xa9\x79\xd6\x4a\xce\xa3\xc8\x27\xdc\xd5\x1d\x21\xed"

// The values of SignedMessage.type.
const (
	widevineLicenseRequest     = 1
	widevineLicense            = 2
	widevineCertificateRequest = 4
	widevineCertificate        = 5
)

// widevine speaks in the license protocol's protocol buffers, without its cryptography: keys are in the clear, signatures are empty.
type widevine struct{}

func (widevine) grant() Grant {
	software := []string{"SW_SECURE_CRYPTO", "SW_SECURE_DECODE"}
	return Grant{Schemes: []string{"cenc", "cbcs", "cbcs-1-9"}, InitDataTypes: []string{"cenc", "webm"}, SessionTypes: []string{"temporary"},
		VideoRobustness: software, AudioRobustness: software[:1], PersistentState: "optional", DistinctiveIdentifier: "optional"}
}

// WidevinePSSH is a Widevine box of version 0, whose WidevinePsshData names the keys.
func WidevinePSSH(ids ...[16]byte) []byte {
	return pssh(widevineSystem, nil, widevineHeader(listed(ids)))
}

// widevineHeader is a WidevinePsshData: key_ids are its field 2.
func widevineHeader(ids [][]byte) []byte {
	var fields []field
	for _, id := range ids {
		fields = append(fields, field{number: 2, bytes: id})
	}
	return protobuf(fields...)
}

func (widevine) keyIDs(h *Host, initDataType string, data []byte) ([][]byte, error) {
	if initDataType == "webm" {
		return [][]byte{data}, nil
	}
	boxes, ok := parseBoxes(data)
	if !ok {
		return nil, dom("TypeError", "initialization data for CENC is incorrect")
	}
	var ids [][]byte
	for _, box := range boxes {
		if box.system == widevineSystem {
			ids = append(append(ids, box.ids...), sub(box.data, 2)...)
		}
	}
	if len(ids) == 0 {
		return nil, dom("NotSupportedError", "No supported PSSH box found.")
	}
	return ids, nil
}

// message is a SignedMessage {type = 1, msg = 2}. A LicenseRequest's content_id (2) holds either widevine_pssh_data (1), with the header as its
// pssh_data (1), or the existing_license (3) that is to be renewed, whose license_id here lists the key ids in its request_id (1).
func (widevine) message(_ *Host, messageType string, ids [][]byte) []byte {
	const newLicense, renewal = 1, 2
	header := widevineHeader(ids)
	switch messageType {
	case individualizationMessage:
		return []byte(messageType)
	case CertificateRequest:
		return signed(widevineCertificateRequest, nil)
	case licenseRenewalMessage:
		existing := protobuf(field{number: 3, bytes: protobuf(field{number: 1, bytes: protobuf(field{number: 1, bytes: header})})})
		return signed(widevineLicenseRequest, protobuf(field{number: 2, bytes: existing}, field{number: 3, value: renewal}))
	}
	content := protobuf(field{number: 1, bytes: protobuf(field{number: 1, bytes: header}, field{number: 2, value: 1})})
	return signed(widevineLicenseRequest, protobuf(field{number: 2, bytes: content}, field{number: 3, value: newLicense}))
}

// signed is a SignedMessage; without a message it is its type alone, as a certificate request is.
func signed(kind uint64, message []byte) []byte {
	fields := []field{{number: 1, value: kind}}
	if message != nil {
		fields = append(fields, field{number: 2, bytes: message})
	}
	return protobuf(fields...)
}

// requestedFromWidevine reads what message writes.
func requestedFromWidevine(message []byte) (request LicenseRequest, ok bool) {
	switch {
	case number(message, 1) == widevineCertificateRequest:
		return LicenseRequest{Type: CertificateRequest}, true
	case number(message, 1) != widevineLicenseRequest:
		return request, false
	}
	request.Type = licenseRequestMessage
	headers := sub(message, 2, 2, 1, 1)
	if renewed := sub(message, 2, 2, 3, 1, 1); renewed != nil {
		request.Type, headers = licenseRenewalMessage, renewed
	}
	for _, header := range headers {
		request.ids = append(request.ids, sub(header, 2)...)
	}
	return request, len(headers) > 0
}

// license reads a SignedMessage with a License, whose key containers (3) have id (1), key (3) and type (4), CONTENT being 2.
func (widevine) license(_ *Host, response []byte) (keys []heldKey, err error) {
	if number(response, 1) == widevineLicense {
		for _, container := range sub(response, 2, 3) {
			id, key := sub(container, 1), sub(container, 3)
			if number(container, 4) == 2 && len(id) == 1 && len(key) == 1 && len(key[0]) == 16 {
				keys = append(keys, heldKey{id: id[0], key: [16]byte(key[0])})
			}
		}
	}
	if len(keys) == 0 {
		return nil, dom("TypeError", "the response is no license")
	}
	return keys, nil
}

func widevineLicenseOf(keys []heldKey) []byte {
	var containers []field
	for _, k := range keys {
		container := protobuf(field{number: 1, bytes: k.id}, field{number: 3, bytes: k.key[:]}, field{number: 4, value: 2})
		containers = append(containers, field{number: 3, bytes: container})
	}
	return signed(widevineLicense, protobuf(containers...))
}

func (widevine) takesCertificate() bool { return true }

func (widevine) certificate(response []byte) bool {
	return number(response, 1) == widevineCertificate && slices.ContainsFunc(sub(response, 2), func(p []byte) bool { return len(p) > 0 })
}

// serviceCertificate is what a licence server answers to a certificate request.
func serviceCertificate() []byte { return signed(widevineCertificate, bytes.Repeat([]byte{0x0a}, 32)) }
