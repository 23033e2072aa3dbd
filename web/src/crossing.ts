import { atLeastOne, bytesOf, checkObject, crossNumber, crossStrings, crossURL, crossWord, invalid, kind, show } from './check.js'
import { type CrossedFunction, type CrossedServer, crossLicense } from './exchange.js'
import type { ABRConfig, BufferConfig, Bytes, KeyPolicy, KeySystemConfig, Media, MediaFile, PlayerConfig, Requirement, Source } from './types.js'

// The shapes in which configuration and sources cross into Go. Go reads them without checking types, so they are built here, field by field.

/** A {@link PlayerConfig} as Go reads it: empty strings, empty lists and 0 are what the page left out. */
export interface CrossedConfig {
  mode: '' | 'mse' | 'direct'
  keySystems: CrossedKeySystem[]
  software: '' | 'always' | 'never'
  licensePer: '' | 'init-data' | 'period' | 'content'
  policies: [status: string, policy: string][]
  keyTimeout: number
  maxSessions: number
  maxKeys: number
  licenseOrigins: string[]
  abr: { algorithm: string; startBitrate: number; maxBitrate: number; maxHeight: number; anySize: boolean }
  buffer: { ahead: number; behind: number; bytes: number }
  audioLanguages: string[]
  textLanguages: string[]
}

export interface CrossedKeySystem {
  name: string
  keys: [keyId: string, key: string | Uint8Array][]
  license?: CrossedServer | CrossedFunction
  videoRobustness: string[]
  audioRobustness: string[]
  persistentState: string
  distinctiveIdentifier: string
  sessionTypes: string[]
  minHdcpVersion: string
  certificate?: Uint8Array
  certificateURL: string
}

/** A source as Go reads it: empty strings and 0 are what the page left out. */
export interface CrossedSource {
  tracks: { url: string; type: string; chunks: number }[]
}

const configFields: (keyof PlayerConfig)[] = [
  'keySystems',
  'licensePer',
  'keyStatusPolicy',
  'keyTimeout',
  'maxSessions',
  'maxKeys',
  'licenseOrigins',
  'softwareClearKey',
  'abr',
  'buffer',
  'audioLanguages',
  'textLanguages',
  'mode',
]

const abrFields: (keyof ABRConfig)[] = ['algorithm', 'startBitrate', 'maxBitrate', 'maxHeight', 'limitToSize']
const bufferFields: (keyof BufferConfig)[] = ['ahead', 'behind', 'bytes']

const keySystemFields: (keyof KeySystemConfig)[] = [
  'license',
  'keys',
  'videoRobustness',
  'audioRobustness',
  'persistentState',
  'distinctiveIdentifier',
  'sessionTypes',
  'minHdcpVersion',
  'serverCertificate',
]

const statuses: MediaKeyStatus[] = [
  'usable',
  'expired',
  'released',
  'output-restricted',
  'output-downscaled',
  'usable-in-future',
  'status-pending',
  'internal-error',
]
const keyPolicies: KeyPolicy[] = ['error', 'continue', 'fallback', 'renew']
const requirements: Requirement[] = ['required', 'optional', 'not-allowed']

/** About 30 years: a number of nanoseconds has room for ten times as many. */
const longest = 1e9

/** Checks a configuration and copies it, so that later changes to the object change nothing. Throws CONFIG_INVALID. */
export function crossConfig(config: PlayerConfig): CrossedConfig {
  checkObject('The configuration', config, configFields)
  const mode = crossWord('mode', config.mode, ['auto', 'mse', 'direct'])
  const software = crossWord('softwareClearKey', config.softwareClearKey, ['auto', 'always', 'never'])
  const licensePer = crossWord('licensePer', config.licensePer, ['request', 'init-data', 'period', 'content'])
  const { keyStatusPolicy = {} } = config
  checkObject('keyStatusPolicy', keyStatusPolicy, statuses)
  return {
    mode: mode === 'auto' ? '' : mode,
    keySystems: crossKeySystems(config.keySystems),
    software: software === 'auto' ? '' : software,
    licensePer: licensePer === 'request' ? '' : licensePer,
    policies: Object.entries(keyStatusPolicy)
      .map(([status, policy]): [string, string] => [status, crossWord(`keyStatusPolicy["${status}"]`, policy, keyPolicies)])
      .filter(([, policy]) => policy !== ''),
    keyTimeout: Math.min(
      crossNumber('keyTimeout', config.keyTimeout, (seconds) => seconds > 0, 'a number of seconds above 0'),
      longest,
    ),
    maxSessions: crossNumber('maxSessions', config.maxSessions, atLeastOne, 'a whole number of at least 1'),
    maxKeys: crossNumber('maxKeys', config.maxKeys, atLeastOne, 'a whole number of at least 1'),
    licenseOrigins: crossOrigins(config.licenseOrigins),
    abr: crossABR(config.abr),
    buffer: crossBuffer(config.buffer),
    audioLanguages: crossStrings('audioLanguages', config.audioLanguages, 'Give a language such as "sv", or an array of them.'),
    textLanguages: crossStrings('textLanguages', config.textLanguages, 'Give a language such as "sv", or an array of them.'),
  }
}

function crossABR(abr: ABRConfig = {}): CrossedConfig['abr'] {
  checkObject('abr', abr, abrFields)
  const algorithm = crossWord('abr.algorithm', abr.algorithm, ['auto', 'throughput', 'bola', 'dynamic'])
  const { limitToSize = true } = abr
  if (typeof limitToSize !== 'boolean') throw invalid(`abr.limitToSize is ${kind(limitToSize)}`, 'Give true or false, or leave it out.')
  const whole = (name: 'startBitrate' | 'maxBitrate' | 'maxHeight') =>
    crossNumber(`abr.${name}`, abr[name], (n) => n >= 1 && n < Number.MAX_SAFE_INTEGER, 'a number of at least 1')
  return {
    algorithm: algorithm === 'auto' ? '' : algorithm,
    startBitrate: whole('startBitrate'),
    maxBitrate: whole('maxBitrate'),
    maxHeight: whole('maxHeight'),
    anySize: !limitToSize,
  }
}

function crossBuffer(buffer: BufferConfig = {}): CrossedConfig['buffer'] {
  checkObject('buffer', buffer, bufferFields)
  const seconds = (name: 'ahead' | 'behind') =>
    Math.min(
      crossNumber(`buffer.${name}`, buffer[name], (n) => n > 0, 'a number of seconds above 0'),
      longest,
    )
  const bytes = crossNumber('buffer.bytes', buffer.bytes, (n) => n > 0 && n < Number.MAX_SAFE_INTEGER, 'a number of bytes above 0')
  return { ahead: seconds('ahead'), behind: seconds('behind'), bytes }
}

/** Checks key systems and copies them. Throws CONFIG_INVALID. */
export function crossKeySystems(keySystems: PlayerConfig['keySystems'] = {}): CrossedKeySystem[] {
  checkObject('keySystems', keySystems)
  return Object.entries(keySystems).map(([name, system]) => crossKeySystem(name, system))
}

function crossKeySystem(name: string, system: KeySystemConfig): CrossedKeySystem {
  const where = `keySystems[${show(name)}]`
  checkObject(where, system, keySystemFields)
  const { keys = {}, minHdcpVersion = '', serverCertificate } = system
  checkObject(`${where}.keys`, keys)
  if (typeof minHdcpVersion !== 'string') throw invalid(`${where}.minHdcpVersion is ${kind(minHdcpVersion)}`, 'Give a string such as "2.2".')
  const certificate = bytesOf(serverCertificate)
  return {
    name,
    keys: Object.entries(keys).map(([keyId, key]) => [keyId, crossKey(`${where}.keys`, key)]),
    license: crossLicense(`${where}.license`, system.license),
    videoRobustness: crossStrings(`${where}.videoRobustness`, system.videoRobustness, 'Give a robustness level, or an array of them.'),
    audioRobustness: crossStrings(`${where}.audioRobustness`, system.audioRobustness, 'Give a robustness level, or an array of them.'),
    persistentState: crossWord(`${where}.persistentState`, system.persistentState, requirements),
    distinctiveIdentifier: crossWord(`${where}.distinctiveIdentifier`, system.distinctiveIdentifier, requirements),
    sessionTypes: crossStrings(`${where}.sessionTypes`, system.sessionTypes, 'Give an array of session types.'),
    minHdcpVersion,
    certificate: certificate?.slice(),
    certificateURL: certificate || serverCertificate === undefined ? '' : crossURL(`${where}.serverCertificate`, serverCertificate),
  }
}

function crossKey(where: string, key: string | Bytes): string | Uint8Array {
  if (typeof key === 'string') return key
  const bytes = bytesOf(key)
  if (!bytes) throw invalid(`${where} has a key that is ${kind(key)}`, 'Give the key as hex, UUID, base64 or base64url, or as 16 bytes.')
  return bytes.slice()
}

function crossOrigins(origins: string[] = []): string[] {
  if (Array.isArray(origins) && origins.length === 0) return []
  return crossStrings('licenseOrigins', origins, 'Give an array of origins.').map((text, i) => crossOrigin(`licenseOrigins[${i}]`, text))
}

/** An origin of the web, which has no path. */
function crossOrigin(where: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw invalid(`${where} is no origin`, 'Give origins such as "https://license.example", without a path.')
  }
  return url.origin
}

/** A file that has been checked: a Blob becomes a URL only when it is played. */
export interface CheckedFile {
  url: string | Blob
  type: string
  chunks: number
}

/** Checks a source and copies it. Throws CONFIG_INVALID. */
export function checkSource(source: Source): CheckedFile[] {
  const list = Array.isArray(source) ? source : [source]
  if (list.length === 0) throw invalid('The source is an empty array', 'Give load() at least one file.')
  return list.map((item, i) => checkFile(list.length > 1 ? `source[${i}]` : 'The source', item))
}

function checkFile(where: string, item: Media | MediaFile): CheckedFile {
  if (typeof item === 'string' || item instanceof URL) return { url: crossURL(where, item), type: '', chunks: 0 }
  if (item instanceof Blob) return { url: item, type: item.type, chunks: 0 }
  checkObject(where, item, ['url', 'type', 'chunks'], 'Give a URL, a File or Blob, { url, type, chunks }, or an array of those.')
  const { url, type, chunks } = item
  if (type !== undefined && typeof type !== 'string') throw invalid(`${where}: type is ${kind(type)}`, 'Give a MIME type, or leave it out.')
  const number = crossNumber(`${where}: chunks`, chunks, atLeastOne, 'a whole number of at least 1')
  if (url instanceof Blob) return { url, type: type ?? url.type, chunks: number }
  return { url: crossURL(`${where}: url`, url), type: type ?? '', chunks: number }
}
