// The formats in which Widevine and PlayReady ask for licences and give them, without their cryptography: keys are in the clear. The page's fake CDM
// and the test's licence server both speak them; what the player reads and writes of them in Go is its own.

// --- bytes ---

export const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
export const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
export const fromBase64 = (text) => Uint8Array.from(atob(text.trim().replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes))
export const base64url = (bytes) => base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
export const utf8 = (text) => new TextEncoder().encode(text)
export const concat = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]))

function utf16(text) {
  return Uint8Array.from([...text].flatMap((c) => [c.charCodeAt(0) & 0xff, c.charCodeAt(0) >> 8]))
}

/** A document in UTF-16LE or UTF-8. */
export function textOf(bytes) {
  const wide = bytes.length > 1 && (bytes[1] === 0 || (bytes[0] === 0xff && bytes[1] === 0xfe))
  return new TextDecoder(wide ? 'utf-16le' : 'utf-8').decode(bytes)
}

/** The pssh boxes of init data (ISO/IEC 23001-7, 8.1), or undefined where it is something else. */
export function boxesOf(data) {
  const boxes = []
  for (let at = 0; at < data.length; ) {
    const view = new DataView(data.buffer, data.byteOffset + at)
    if (view.byteLength < 32) return
    const size = view.getUint32(0)
    if (size < 32 || size > view.byteLength || view.getUint32(4) !== 0x70737368) return
    const ids = view.getUint8(8) > 0 ? 4 + 16 * view.getUint32(28) : 0
    boxes.push({ system: hexOf(data.subarray(at + 12, at + 28)), data: data.subarray(at + 32 + ids, at + size) })
    at += size
  }
  return boxes
}

// --- protocol buffers: https://protobuf.dev/programming-guides/encoding/ ---

/** The values of all fields of that number: numbers, or bytes. Throws where it is no message. */
export function fields(message, number) {
  const found = []
  let at = 0
  const varint = () => {
    for (let value = 0, shift = 1; ; shift *= 128) {
      if (at === message.length || shift > 2 ** 63) throw new TypeError('a message is cut off')
      const byte = message[at++]
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    let value
    if (tag % 8 === 0) {
      value = varint()
    } else {
      if (tag % 8 !== 2) throw new TypeError('no message of ours')
      const size = varint()
      if (size > message.length - at) throw new TypeError('a field is cut off')
      value = message.subarray(at, at + size)
      at += size
    }
    if (Math.floor(tag / 8) === number) found.push(value)
  }
  return found
}

/** The bytes down a path of fields. */
export const within = (message, ...path) => path.reduce((messages, number) => messages.flatMap((m) => fields(m, number)), [message])

/** A message of [number, value] pairs, all of them small. */
export function messageOf(...pairs) {
  const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)])
  return concat(
    ...pairs.map(([number, value]) =>
      typeof value === 'number' ? [...varint(number << 3), ...varint(value)] : [...varint((number << 3) | 2), ...varint(value.length), ...value],
    ),
  )
}

// --- Widevine: https://github.com/shaka-project/shaka-packager/blob/main/packager/media/base/license_protocol.proto ---

const signed = (type, body) => messageOf([1, type], ...(body ? [[2, body]] : []))
const [licenseRequest, license, certificateRequest, certificate] = [1, 2, 4, 5]

export const widevine = {
  system: 'edef8ba979d64acea3c827dcd51d21ed',
  robustness: ['', 'SW_SECURE_CRYPTO', 'SW_SECURE_DECODE'],
  initDataTypes: ['cenc', 'webm'],
  certified: true,

  /** The key ids of a box's WidevinePsshData. */
  keyIds: (data) => fields(data, 2),

  /** Key ids in a LicenseRequest, as the WidevinePsshData of its ContentIdentification. */
  request: (ids) => signed(licenseRequest, messageOf([2, messageOf([1, messageOf([1, messageOf(...ids.map((id) => [2, id]))], [2, 1])])], [3, 1])),
  certificateRequest: () => signed(certificateRequest),
  isCertificate: (response) => fields(response, 1)[0] === certificate && within(response, 2)[0]?.length > 0,

  /** The pairs of key id and key in a License's containers of type CONTENT. */
  keys(response) {
    if (fields(response, 1)[0] !== license) throw new TypeError('no License')
    return within(response, 2, 3)
      .filter((container) => fields(container, 4)[0] === 2)
      .map((container) => [fields(container, 1)[0], fields(container, 3)[0]])
  },

  /** What a licence server reads of a message: key ids, or null for a certificate request. */
  asked(message) {
    const [type] = fields(message, 1)
    if (type === certificateRequest) return null
    if (type !== licenseRequest) throw new TypeError('no LicenseRequest')
    return within(message, 2, 2, 1, 1).flatMap((data) => fields(data, 2))
  },
  answer: (keys) => signed(license, messageOf(...keys.map(([id, key]) => [3, messageOf([1, id], [3, key], [4, 2])]))),
  certificate: () => signed(certificate, messageOf([1, utf8('a service certificate')])),
}

// --- PlayReady: https://learn.microsoft.com/en-us/playready/specifications/playready-header-specification ---

const protocols = 'http://schemas.microsoft.com/DRM/2007/03/protocols'
const soap = (body) =>
  `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`
const all = (text, pattern) => Array.from(text.matchAll(pattern), ([, inner]) => inner)

/** A key id as the GUID of Microsoft's formats, whose first three numbers are little-endian, and back. */
export const swapped = (id) => Uint8Array.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15], (i) => id[i])

/** The key ids of a WRMHEADER: the text of KID in version 4.0, its VALUE in later ones. */
const kids = (header) => [...all(header, /<KID>([^<]+)<\/KID>/g), ...all(header, /<KID [^>]*VALUE="([^"]+)"/g)].map((kid) => swapped(fromBase64(kid)))

export const playready = {
  system: '9a04f07998404286ab92e65be0885f95',
  robustness: ['', '150', '2000'],
  initDataTypes: ['cenc'],
  littleEndian: true,

  /** The key ids of a PlayReady Object: its length, how many records it has, and the records, of which type 1 is the header. */
  keyIds(object) {
    const view = new DataView(object.buffer, object.byteOffset, object.byteLength)
    if (view.getUint32(0, true) !== object.length) throw new TypeError('no PlayReady Object')
    for (let at = 6; at < object.length; at += 4 + view.getUint16(at + 2, true)) {
      if (view.getUint16(at, true) === 1) return kids(textOf(object.subarray(at + 4, at + 4 + view.getUint16(at + 2, true))))
    }
    return []
  },

  /** A PlayReadyKeyMessage: https://learn.microsoft.com/en-us/previous-versions/windows/apps/dn457474(v=ieb.10) */
  request(ids) {
    const list = ids.map((id) => `<KID ALGID="AESCTR" VALUE="${base64(swapped(id))}"></KID>`).join('')
    const header = `<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="4.2.0.0"><DATA><PROTECTINFO><KIDS>${list}</KIDS></PROTECTINFO></DATA></WRMHEADER>`
    const challenge = soap(
      `<AcquireLicense xmlns="${protocols}"><challenge><Challenge xmlns="${protocols}/messages"><LA><ContentHeader>${header}</ContentHeader></LA></Challenge></challenge></AcquireLicense>`,
    )
    const headers = { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: `"${protocols}/AcquireLicense"` }
    const lines = Object.entries(headers).map(([name, value]) => `<HttpHeader><name>${name}</name><value>${value}</value></HttpHeader>`)
    return utf16(
      `<PlayReadyKeyMessage type="LicenseAcquisition"><LicenseAcquisition Version="1"><Challenge encoding="base64encoded">${base64(utf8(challenge))}</Challenge><HttpHeaders>${lines.join('')}</HttpHeaders></LicenseAcquisition></PlayReadyKeyMessage>`,
    )
  },

  /** The pairs of key id and key in a response's licences, each "XMR", a GUID and a key. */
  keys(response) {
    const text = textOf(response)
    if (!/<(\w+:)?Envelope[\s>]/.test(text) || !text.includes('<AcquireLicenseResponse')) throw new TypeError('no AcquireLicenseResponse')
    return all(text, /<License>([^<]+)<\/License>/g).map((license) => {
      const bytes = fromBase64(license)
      return [swapped(bytes.subarray(3, 19)), bytes.subarray(19, 35)]
    })
  },

  /** What a licence server reads of a challenge. It does not take what a PlayReadyKeyMessage wraps. */
  asked(message) {
    const text = textOf(message)
    if (!text.includes('<soap:Envelope') || !text.includes('<AcquireLicense ')) throw new TypeError('no challenge')
    return kids(text)
  },
  answer: (keys) =>
    utf8(
      soap(
        `<AcquireLicenseResponse xmlns="${protocols}"><AcquireLicenseResult><Response xmlns="${protocols}/messages"><LicenseResponse><Version>1</Version><Licenses>${keys
          .map(([id, key]) => `<License>${base64(concat(utf8('XMR'), swapped(id), key))}</License>`)
          .join('')}</Licenses></LicenseResponse></Response></AcquireLicenseResult></AcquireLicenseResponse>`,
      ),
    ),
}
