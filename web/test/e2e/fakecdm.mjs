// A browser that has Widevine and PlayReady: their names, init data, messages and licences stand before the browser's own Clear Key, so that a film
// really plays. Everything else of its sessions (statuses, expiration, closing) is that CDM's.
import { base64url, boxesOf, fromBase64, playready, swapped, utf8, widevine } from './messages.mjs'

const systems = { 'com.widevine.alpha': widevine, 'com.microsoft.playready.recommendation': playready }

const { requestMediaKeySystemAccess } = Navigator.prototype

/** Puts the key systems into the page. */
export function install() {
  Navigator.prototype.requestMediaKeySystemAccess = async function (name, configurations) {
    const system = systems[name]
    if (!system) return requestMediaKeySystemAccess.call(this, name, configurations)
    for (const asked of configurations) {
      const granted = await grant(system, asked).catch(() => null)
      if (granted) return access(name, system, granted)
    }
    throw new DOMException('none of the configurations is supported', 'NotSupportedError')
  }
}

/** Asks the browser for what a configuration asks of the key system; null is refused. */
async function grant(system, asked) {
  const initDataTypes = asked.initDataTypes?.filter((type) => system.initDataTypes.includes(type)) ?? []
  if (asked.initDataTypes?.length > 0 && initDataTypes.length === 0) return null
  const own = { ...asked, initDataTypes }
  const real = { initDataTypes: ['keyids'] }
  for (const kind of ['audioCapabilities', 'videoCapabilities']) {
    if (!asked[kind]?.length) continue
    own[kind] = asked[kind].filter(({ robustness }) => system.robustness.includes(robustness ?? ''))
    if (own[kind].length === 0) return null
    real[kind] = own[kind].map(({ contentType, encryptionScheme }) => ({ contentType, ...(encryptionScheme && { encryptionScheme }) }))
  }
  const browser = await requestMediaKeySystemAccess.call(navigator, 'org.w3.clearkey', [real])
  const found = browser.getConfiguration()
  for (const kind of ['audioCapabilities', 'videoCapabilities']) {
    own[kind] = (own[kind] ?? []).filter(({ contentType }) => found[kind].some((capability) => capability.contentType === contentType))
  }
  return { browser, configuration: { ...found, ...own, sessionTypes: asked.sessionTypes ?? ['temporary'] } }
}

function access(keySystem, system, { browser, configuration }) {
  return {
    keySystem,
    getConfiguration: () => configuration,
    async createMediaKeys() {
      const keys = await browser.createMediaKeys()
      let certified = !system.certified
      const createSession = keys.createSession.bind(keys)
      keys.createSession = (type) => disguise(createSession(type), system, () => certified)
      keys.setServerCertificate = async (data) => {
        if (!system.certified) return false
        if (!system.isCertificate(new Uint8Array(data))) throw new TypeError('no certificate')
        certified = true
        return true
      }
      return keys
    },
  }
}

/** Lets a session of Clear Key speak as one of the key system. */
function disguise(session, system, certified) {
  let uncertified // key ids that are asked for once the certificate is here
  const tell = (message) => session.dispatchEvent(new MediaKeyMessageEvent('message', { messageType: 'license-request', message: message.buffer }))
  const ask = (ids) => {
    if (!certified()) uncertified = ids
    tell(uncertified ? system.certificateRequest() : system.request(ids))
  }
  session.addEventListener('message', (event) => {
    if (!event.isTrusted) return
    event.stopImmediatePropagation()
    ask(JSON.parse(new TextDecoder().decode(event.message)).kids.map(fromBase64))
  })

  const generateRequest = session.generateRequest.bind(session)
  session.generateRequest = async (type, data) => {
    const ids = named(system, type, new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength))
    await generateRequest('keyids', utf8(JSON.stringify({ kids: ids.map(base64url) })))
  }

  const update = session.update.bind(session)
  session.update = async (data) => {
    const response = new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength)
    if (uncertified) {
      if (!system.isCertificate(response)) throw new TypeError('no certificate')
      const ids = uncertified
      uncertified = undefined
      queueMicrotask(() => tell(system.request(ids)))
      return
    }
    const keys = system.keys(response)
    if (keys.length === 0) throw new TypeError('no keys')
    await update(utf8(JSON.stringify({ keys: keys.map(([id, key]) => ({ kty: 'oct', kid: base64url(id), k: base64url(key) })), type: 'temporary' })))
  }

  if (system.littleEndian) {
    const statuses = () => Reflect.get(MediaKeySession.prototype, 'keyStatuses', session)
    Object.defineProperty(session, 'keyStatuses', {
      get: () => new Map([...statuses()].map(([id, status]) => [swapped(new Uint8Array(id)), status])),
    })
  }
  return session
}

/** The key ids that init data names to this key system. */
function named(system, type, data) {
  if (!system.initDataTypes.includes(type)) throw new DOMException(`init data of type ${type}`, 'NotSupportedError')
  if (type === 'webm') return [data]
  const boxes = boxesOf(data)
  if (!boxes) throw new TypeError('no pssh boxes')
  const ids = boxes.filter((box) => box.system === system.system).flatMap((box) => system.keyIds(box.data))
  if (ids.length === 0) throw new DOMException('no pssh box of this key system names a key', 'NotSupportedError')
  return ids
}
