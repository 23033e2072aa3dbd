// A head start: what a film needs first is begun while player.wasm is on its way, and is handed over when Go asks for just that. No outcome changes by
// it: what nobody asks for is given up, and MediaKeys that cannot be had so are asked for as ever.
import type { CheckedFile, CrossedConfig, CrossedKeySystem } from './crossing.js'
import { foresee } from './foresee.js'

/** A manifest that has begun to come, and takes so many milliseconds more, holds nothing up. */
const slow = 1000

/** Nor does one that has not begun to come in so many milliseconds hold up the compiler. */
const soon = 50

/** What is not asked for within so many milliseconds is too old. */
const patience = 30_000

interface Preload {
  request: string
  stop: AbortController
  response: Promise<Response>
}

interface Warm {
  access: MediaKeySystemAccess
  keys: Promise<MediaKeys>
}

const preloads = new Set<Preload>()
const warmed = new Set<Warm>()
const looks = new Set<Promise<void>>()
const licensed = new Set<Promise<void>>()

/**
 * Resolves once the manifests that have begun to come were looked into: the first stretch of Go holds the page up for longer than a licence request should
 * wait. What comes slowly is not waited for.
 */
export const looked = () => all(looks, slow)

/**
 * Resolves once the licences that a look into a manifest tells of were asked for, or soon: the compiler takes the page's thread for 30 ms just when a manifest
 * comes, and the answer of a licence server takes longer than the compiler.
 */
export const asked = () => all(licensed, soon)

const all = (promises: Iterable<Promise<void>>, milliseconds: number) =>
  Promise.race([Promise.all(promises), new Promise((resolve) => setTimeout(resolve, milliseconds))])

/** Keeps a promise that never rejects among others until it is settled. */
function hold(promises: Set<Promise<void>>, promise: Promise<void>): void {
  promises.add(promise)
  promise.then(() => promises.delete(promise))
}

/** Begins with what a load of these files will ask for, where they are a manifest. The function it returns gives up what was not taken over. */
export function headStart([file, ...more]: CheckedFile[], config: CrossedConfig): () => void {
  if (!file || more.length > 0 || typeof file.url !== 'string' || !isManifest(file.url, file.type)) return () => {}
  const abandon = [warm(config.keySystems, config.software)]
  const manifest = begin(file.url)
  abandon.push(manifest.abandon)
  const server = licenseServer(config)
  let over = false
  const lookInto = async (response: Response) => {
    if (!response.ok || !(Number(response.headers.get('Content-Length')) < longest)) return
    const { keyId, media } = foresee(await response.clone().text(), response.url)
    if (over) return
    if (keyId && server) abandon.push(begin(server, `{"kids":["${keyId}"],"type":"temporary"}`).abandon)
    if (!config.abr.startBitrate && !config.audioLanguages.length) for (const url of media) abandon.push(begin(url).abandon)
  }
  // The copy is made before Go can take the response over.
  const looking = manifest.response
    .then((response) => {
      const look = lookInto(response).catch(() => {}) // Go was done with it first
      hold(looks, look)
      return look
    })
    .catch(() => {})
  if (server) hold(licensed, looking)
  return () => {
    over = true
    for (const f of abandon) f()
  }
}

/** A manifest that is longer is not looked into: that would hold the page up. */
const longest = 1 << 20

/**
 * Where the licence of a key is asked for, if what Go will ask there is known now: of Clear Key alone, whose request names key ids and nothing else, and of a
 * server that wants no more than that. A request that Go did not take over would be a second one.
 */
function licenseServer({ keySystems: [system, ...others] }: CrossedConfig): string {
  if (!system || others.length > 0 || system.name !== 'org.w3.clearkey' || system.keys.length > 0) return ''
  const { license } = system
  if (!license || typeof license === 'function') return ''
  const plain = !license.request && !license.response && license.urls.length === 0 && license.headers.length === 0 && !license.withCredentials
  return plain ? license.url : ''
}

function isManifest(url: string, type: string): boolean {
  const { protocol, pathname } = new URL(url)
  return /^https?:$/.test(protocol) && (/\.mpd$/i.test(pathname) || /^application\/dash\+xml\b/i.test(type))
}

/** Begins to download a file, of which Go knows the same absolute URL. */
export const preload = (url: string) => begin(url).abandon

/** Begins a request: with a body, it posts JSON. */
function begin(url: string, body?: string): { response: Promise<Response>; abandon: () => void } {
  const stop = new AbortController()
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
  const response = fetch(url, { ...(body && post), credentials: 'same-origin', signal: stop.signal })
  response.catch(() => {})
  const entry = { request: requestOf(url, body), stop, response }
  preloads.add(entry)
  const abandon = () => {
    clearTimeout(timer)
    if (preloads.delete(entry)) stop.abort()
  }
  const timer = setTimeout(abandon, patience)
  return { response, abandon }
}

/** A request that has been begun, once; whoever takes it over stops it, too. */
export function takePreload(url: string, body?: string): Preload | undefined {
  for (const entry of preloads) {
    if (entry.request === requestOf(url, body) && preloads.delete(entry)) return entry
  }
  return undefined
}

/** What makes two requests the same: a URL may be relative to the page. */
const requestOf = (url: string, body = '') => `${new URL(url, globalThis.document?.baseURI).href.replace(/#.*/, '')}\n${body}`

/** Pictures that a key system may be asked for before anybody knows the film's: the CDM is the same for all. */
const pictures = ['video/mp4; codecs="avc1.42E01E"', 'video/webm; codecs="vp8"', 'video/webm; codecs="vp9"']

/** How player/drm/keysystem.go asks for those that are called differently, or have levels. */
const families: Record<string, { names?: string[]; levels: string[] }> = {
  'com.widevine.alpha': { levels: ['HW_SECURE_ALL', 'HW_SECURE_DECODE', 'HW_SECURE_CRYPTO', 'SW_SECURE_DECODE', 'SW_SECURE_CRYPTO'] },
  'com.microsoft.playready': { names: ['.recommendation.3000', '.recommendation', ''], levels: ['3000', '2000', '150'] },
}

/** Begins to make MediaKeys of the first key system that is granted. What asks for more than a CDM that keeps nothing is left to Go. */
export function warm(systems: CrossedKeySystem[], software: string): () => void {
  let over = false
  let entry: Warm | undefined
  const begin = async () => {
    for (const system of systems) {
      if (software === 'always' && system.name === 'org.w3.clearkey') return
      if (system.persistentState === 'required' || system.distinctiveIdentifier === 'required') return
      if (system.sessionTypes.some((type) => type !== 'temporary')) return
      const access = await request(system)
      if (over) return
      if (!access) continue
      entry = { access, keys: access.createMediaKeys() }
      entry.keys.catch(() => {})
      warmed.add(entry)
      return
    }
  }
  begin().catch(() => {})
  return () => {
    over = true
    if (entry) warmed.delete(entry)
  }
}

/** The system under the first of its names that the browser grants, with the strictest level that it has. */
async function request(system: CrossedKeySystem): Promise<MediaKeySystemAccess | undefined> {
  const { name, videoRobustness, persistentState, distinctiveIdentifier } = system
  const { names = [''], levels } = families[name] ?? { levels: [] }
  const configs = (videoRobustness.length ? videoRobustness : [...levels, '']).map((robustness) => ({
    initDataTypes: ['cenc', 'webm', 'keyids'],
    videoCapabilities: pictures.map((contentType) => (robustness ? { contentType, robustness } : { contentType })),
    ...(persistentState && { persistentState: persistentState as MediaKeysRequirement }),
    ...(distinctiveIdentifier && { distinctiveIdentifier: distinctiveIdentifier as MediaKeysRequirement }),
  }))
  for (const suffix of names) {
    const access = await navigator.requestMediaKeySystemAccess(name + suffix, configs).catch(() => undefined)
    if (access) return access
  }
  return undefined
}

/** Makes the MediaKeys of a granted access, or hands over those that are being made of an equal one. */
export async function createMediaKeys(access: MediaKeySystemAccess): Promise<MediaKeys> {
  for (const entry of warmed) {
    if (!serves(entry.access, access)) continue
    warmed.delete(entry)
    const keys = await entry.keys.catch(() => undefined)
    if (keys) return keys
  }
  return access.createMediaKeys()
}

/** What sets a CDM up is its name, what it may keep, and how robust it is for pictures: see sameKeys of player/drm. */
function serves(have: MediaKeySystemAccess, want: MediaKeySystemAccess): boolean {
  const [a, b] = [have.getConfiguration(), want.getConfiguration()]
  const levels = ({ videoCapabilities = [] }: MediaKeySystemConfiguration) => videoCapabilities.map(({ robustness = '' }) => robustness)
  return (
    have.keySystem === want.keySystem &&
    a.persistentState === b.persistentState &&
    a.distinctiveIdentifier === b.distinctiveIdentifier &&
    String(a.sessionTypes) === String(b.sessionTypes) &&
    levels(b).every((level) => levels(a).includes(level))
  )
}
