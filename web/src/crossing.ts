import { failure, type KeystreamError } from './error.js'
import type { Bytes, KeySystemConfig, LicenseFunction, LicenseRequest, LicenseServer, Media, MediaFile, PlayerConfig, Source } from './types.js'

// The shapes in which configuration and sources cross into Go. Go reads them without checking types, so they are built here, field by field.

/** A {@link PlayerConfig} as Go reads it. */
export interface CrossedConfig {
  mode: '' | 'mse' | 'direct'
  keySystems: CrossedKeySystem[]
}

export interface CrossedKeySystem {
  name: string
  keys: [keyId: string, key: string | Uint8Array][]
  license?: CrossedServer | ((request: LicenseRequest) => Promise<Uint8Array>)
}

export interface CrossedServer {
  url: string
  headers: [name: string, value: string][]
  withCredentials: boolean
}

/** A source as Go reads it: empty strings and 0 are what the page left out. */
export interface CrossedSource {
  tracks: { url: string; type: string; chunks: number }[]
}

/** Checks a configuration and copies it, so that later changes to the object change nothing. Throws CONFIG_INVALID. */
export function crossConfig(config: PlayerConfig): CrossedConfig {
  checkObject('The configuration', config, ['keySystems', 'mode'])
  const mode = config.mode ?? 'auto'
  if (!['auto', 'mse', 'direct'].includes(mode)) {
    throw invalid(`mode is ${show(mode)}`, 'Use "auto", "mse" or "direct".')
  }
  const keySystems = config.keySystems ?? {}
  checkObject('keySystems', keySystems)
  return {
    mode: mode === 'auto' ? '' : mode,
    keySystems: Object.entries(keySystems).map(([name, system]) => crossKeySystem(name, system)),
  }
}

function crossKeySystem(name: string, system: KeySystemConfig): CrossedKeySystem {
  const where = `keySystems[${show(name)}]`
  checkObject(where, system, ['license', 'keys'])
  const keys = system.keys ?? {}
  checkObject(`${where}.keys`, keys)
  return {
    name,
    keys: Object.entries(keys).map(([keyId, key]) => [keyId, crossKey(`${where}.keys`, key)]),
    license: crossLicense(`${where}.license`, system.license),
  }
}

function crossKey(where: string, key: string | Bytes): string | Uint8Array {
  if (typeof key === 'string') return key
  const bytes = bytesOf(key)
  if (!bytes) throw invalid(`${where} has a key that is ${kind(key)}`, 'Give the key as hex, UUID, base64 or base64url, or as 16 bytes.')
  return bytes.slice()
}

function crossLicense(where: string, license: KeySystemConfig['license']): CrossedKeySystem['license'] {
  if (license == null) return undefined
  if (typeof license === 'function') return (request) => callLicense(where, license, request)
  if (typeof license === 'string' || license instanceof URL) return { url: crossURL(where, license), headers: [], withCredentials: false }
  const fields: (keyof LicenseServer)[] = ['url', 'headers', 'withCredentials']
  checkObject(where, license, fields, 'Give a URL, { url, headers, withCredentials } or a function.')
  let headers: [string, string][]
  try {
    headers = [...new Headers(license.headers)]
  } catch {
    // The exception quotes the value, which may be a token.
    throw invalid(`${where}.headers has a name or a value that is no HTTP header`, 'Header values are one line of Latin-1 text.')
  }
  return { url: crossURL(`${where}.url`, license.url), headers, withCredentials: Boolean(license.withCredentials) }
}

async function callLicense(where: string, license: LicenseFunction, request: LicenseRequest): Promise<Uint8Array> {
  const answer: unknown = await license(request)
  const bytes = bytesOf(answer)
  if (!bytes) throw new TypeError(`the function ${where} returned ${kind(answer)}, not an ArrayBuffer or a view on one`)
  return bytes
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
  if (chunks !== undefined && !(Number.isInteger(chunks) && chunks > 0)) {
    throw invalid(`${where}: chunks is ${typeof chunks === 'number' ? chunks : kind(chunks)}`, 'Give a whole number of at least 1, or leave it out.')
  }
  if (url instanceof Blob) return { url, type: type ?? url.type, chunks: chunks ?? 0 }
  return { url: crossURL(`${where}: url`, url), type: type ?? '', chunks: chunks ?? 0 }
}

/** An absolute URL: relative ones are meant relative to the page. */
function crossURL(where: string, url: unknown): string {
  if (typeof url !== 'string' && !(url instanceof URL)) throw invalid(`${where} is ${kind(url)}`, 'Give a URL.')
  if (url === '') throw invalid(`${where} is an empty string`, 'Give a URL.')
  try {
    return new URL(url, globalThis.document?.baseURI).href
  } catch {
    throw invalid(`${where} is not a URL`, 'Give an absolute URL, or one relative to the page.')
  }
}

function checkObject(where: string, value: unknown, fields?: readonly string[], remedy?: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${where} is ${kind(value)}`, remedy ?? 'Give an object.')
  }
  const stray = fields && Object.keys(value).find((field) => !fields.includes(field))
  if (stray !== undefined) throw invalid(`${where} has an unknown field ${show(stray)}`, `Its fields are ${fields?.join(', ')}.`)
}

function invalid(message: string, remedy: string): KeystreamError {
  return failure('CONFIG_INVALID', message, remedy)
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  // By its tag, not by instanceof: the buffer may come from a frame.
  if (Object.prototype.toString.call(value) === '[object ArrayBuffer]') return new Uint8Array(value as ArrayBuffer)
}

/** What a value is, never what it holds: it may be a secret. */
function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`
}

function show(name: unknown): string {
  return JSON.stringify(String(name).slice(0, 80))
}
